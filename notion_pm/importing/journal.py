"""The journal of an import: each write is kept before it is sent, and again when it was answered.

So an import that was killed can be undone as well: a page whose id never arrived is found by its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from notion_pm.importing.compare import CreateRow, UpdateRow, property_value
from notion_pm.importing.identity import identity
from notion_pm.importing.plan import ImportPlan
from notion_pm.importing.related import NewPage, replace_placeholders, row_placeholder
from notion_pm.importing.undo_decisions import to_json, writable_content
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite, Item, Json
from notion_pm.model.page import Page, PropertyValue
from notion_pm.rules.history import Moment
from notion_pm.state.state import State


class ImportJournal:
    """Keeps what an import writes. Without a `moment` it keeps nothing."""

    def __init__(self, state: State, prepared: ImportPlan, moment: Moment | None) -> None:
        self._state = state
        self._prepared = prepared
        self._target = prepared.target
        self._moment = moment

    def begin_related(self, wanted: Sequence[NewPage]) -> None:
        """Keep the related pages that are made next."""
        self._keep(self._related(each) for each in wanted)

    def note_related(self, wanted: NewPage, page: Page) -> None:
        """Keep a related page that was made."""
        self._keep([self._related(wanted, page)])

    def begin_rows(self, creates: Sequence[CreateRow], made: Mapping[str, NotionId]) -> None:
        """Keep the rows that are made next, with the pages that they are linked to."""
        self._keep(self._row(each, self._written(each.row.values, made)) for each in creates)

    def note_row(self, create: CreateRow, page: Page) -> None:
        """Keep a row that was made, with everything that its page holds."""
        self._keep([self._row(create, writable_content(page), page.id)])

    def drop_row(self, create: CreateRow) -> None:
        """Forget a row that Notion refused."""
        if self._moment is not None:
            self._state.imports.forget_write(self._moment.run, row_placeholder(create.row.key))

    def begin_updates(self, updates: Sequence[UpdateRow], made: Mapping[str, NotionId]) -> None:
        """Keep what rows hold that are updated next, and what they will hold."""
        self._keep(self._update(each, made) for each in updates)

    def _keep(self, writes: Iterable[ImportWrite]) -> None:
        if self._moment is not None:
            self._state.imports.save_writes(self._moment.run, self._moment.at, writes)

    def _related(self, wanted: NewPage, page: Page | None = None) -> ImportWrite:
        after: dict[str, tuple[str, Json]] = {"title": ("title", wanted.title)}
        if page is not None:
            after = writable_content(page)
        return ImportWrite(
            entry=wanted.placeholder,
            data_source_id=wanted.related.data_source_id,
            page=page.id if page else "",
            title=wanted.title,
            origin=self._prepared.source,
            since=self._prepared.read_at.isoformat(),
            found_by=("title", wanted.title),
            after=after,
        )

    def _row(
        self, create: CreateRow, after: Mapping[str, tuple[str, Json]], page: str = ""
    ) -> ImportWrite:
        row, by = create.row, self._prepared.by
        return ImportWrite(
            entry=row_placeholder(row.key),
            data_source_id=self._target.data_source_id,
            page=page,
            title=str(row.values.get(self._target.title_field.key, row.key)),
            origin=self._prepared.source,
            since=self._prepared.read_at.isoformat(),
            found_by=(by.id, str(row.values.get(by.key, row.key))),
            after=after,
            identity=identity(by, row.key),
        )

    def _update(self, update: UpdateRow, made: Mapping[str, NotionId]) -> ImportWrite:
        row, by = update.row, self._prepared.by
        fields = {change.field.key: change.field for change in update.changes}
        before = {
            field.id: update.page.properties.get(
                field.id, PropertyValue(field.id, field.type, None)
            )
            for field in fields.values()
        }
        return ImportWrite(
            entry=row_placeholder(row.key),
            data_source_id=self._target.data_source_id,
            page=update.page.id,
            title=update.page.title,
            origin=self._prepared.source,
            since=self._prepared.read_at.isoformat(),
            found_by=(by.id, row.key),
            after=self._written(
                {change.field.key: change.after for change in update.changes}, made
            ),
            before={key: (value.type, to_json(value)) for key, value in before.items()},
            identity=identity(by, row.key),
            memory=update.memory,
        )

    def _written(
        self, items: Mapping[str, Item], made: Mapping[str, NotionId]
    ) -> dict[str, tuple[str, Json]]:
        """Return values as they are sent. A row that waits for another one is not sent yet."""
        values = [
            property_value(self._target.fields[key], replace_placeholders(item, made))
            for key, item in items.items()
        ]
        return {value.id: (value.type, to_json(value)) for value in values}
