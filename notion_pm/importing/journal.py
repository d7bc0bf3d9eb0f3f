"""The journal of an import: each write is recorded before it is sent, and again when answered.

So an import that was killed can be undone as well: a page whose id never arrived is found by its
key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from notion_pm.importing.compare import CreateRow, UpdateRow, property_value
from notion_pm.importing.identity import identity
from notion_pm.importing.plan import ImportPlan
from notion_pm.importing.related import NewPage, replace_placeholders, row_placeholder
from notion_pm.importing.undo_decisions import to_json, writable_content
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite, Item, TypedValue
from notion_pm.model.page import Page, PropertyValue
from notion_pm.rules.history import Moment
from notion_pm.state.state import State


class ImportJournal:
    """Records what an import writes. Without a `moment` it records nothing."""

    def __init__(self, state: State, plan: ImportPlan, moment: Moment | None) -> None:
        self._state = state
        self._plan = plan
        self._target = plan.target
        self._moment = moment

    def begin_new_pages(self, new_pages: Sequence[NewPage]) -> None:
        """Record the related pages that are created next."""
        self._record(
            self._new_page_write(new, "", {"title": ("title", new.title)}) for new in new_pages
        )

    def note_new_page(self, new: NewPage, page: Page) -> None:
        """Record a related page that was created."""
        self._record([self._new_page_write(new, page.id, writable_content(page))])

    def begin_creates(self, creates: Sequence[CreateRow], created: Mapping[str, NotionId]) -> None:
        """Record the rows that are created next. `created`: page ids by placeholder."""
        self._record(
            self._create_write(create, "", self._as_sent(create.row.values, created))
            for create in creates
        )

    # Everything on the page, not only what was sent: Notion fills in more, for example the default
    # option of a status (notion-api.md 3.5). When that differs later, a person changed it, and an
    # undo keeps the page.
    def note_create(self, create: CreateRow, page: Page) -> None:
        """Record a row that was created, with everything on its page."""
        self._record([self._create_write(create, page.id, writable_content(page))])

    def drop_create(self, create: CreateRow) -> None:
        """Remove the record of a row that Notion refused."""
        if self._moment is not None:
            self._state.imports.forget_write(self._moment.run, row_placeholder(create.row.key))

    def begin_updates(self, updates: Sequence[UpdateRow], created: Mapping[str, NotionId]) -> None:
        """Record the pages that are updated next: their values now, and those that are sent."""
        self._record(self._update_write(update, created) for update in updates)

    def _record(self, writes: Iterable[ImportWrite]) -> None:
        if self._moment is not None:
            self._state.imports.save_writes(self._moment.run, self._moment.at, writes)

    def _new_page_write(
        self, new: NewPage, page_id: str, after: Mapping[str, TypedValue]
    ) -> ImportWrite:
        return ImportWrite(
            entry=new.placeholder,
            data_source_id=new.related.data_source_id,
            page=page_id,
            title=new.title,
            origin=self._plan.source,
            since=self._plan.read_at.isoformat(),
            found_by=("title", new.title),
            after=after,
        )

    def _create_write(
        self, create: CreateRow, page_id: str, after: Mapping[str, TypedValue]
    ) -> ImportWrite:
        row, by = create.row, self._plan.key_field
        return ImportWrite(
            entry=row_placeholder(row.key),
            data_source_id=self._target.data_source_id,
            page=page_id,
            title=str(row.values.get(self._target.title_field.key, row.key)),
            origin=self._plan.source,
            since=self._plan.read_at.isoformat(),
            found_by=(by.id, str(row.values.get(by.key, row.key))),
            after=after,
            identity=identity(by, row.key),
        )

    def _update_write(self, update: UpdateRow, created: Mapping[str, NotionId]) -> ImportWrite:
        row, by = update.row, self._plan.key_field
        before: dict[str, TypedValue] = {}
        after: dict[str, Item] = {}
        for change in update.changes:
            field = change.field
            empty = PropertyValue(field.id, field.type, None)
            value = update.page.properties.get(field.id, empty)
            before[field.id] = (value.type, to_json(value))
            after[field.key] = change.after
        return ImportWrite(
            entry=row_placeholder(row.key),
            data_source_id=self._target.data_source_id,
            page=update.page.id,
            title=update.page.title,
            origin=self._plan.source,
            since=self._plan.read_at.isoformat(),
            found_by=(by.id, row.key),
            after=self._as_sent(after, created),
            before=before,
            identity=identity(by, row.key),
            memory=update.memory,
        )

    def _as_sent(
        self, items: Mapping[str, Item], created: Mapping[str, NotionId]
    ) -> dict[str, TypedValue]:
        """Return values as they are sent, by property id. `created`: page ids by placeholder."""
        sent: dict[str, TypedValue] = {}
        for key, item in replace_placeholders(items, created).items():
            value = property_value(self._target.fields[key], item)
            sent[value.id] = (value.type, to_json(value))
        return sent
