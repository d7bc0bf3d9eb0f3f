"""Carrying out an import: related pages first, then a request for every row, each remembered once it is answered."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from notion_pm.concurrency import run_concurrently
from notion_pm.errors import NotShared, RequestRefused
from notion_pm.importing.compare import (
    CreateRow,
    SkippedRow,
    UpdateRow,
    compare_row,
    property_value,
)
from notion_pm.importing.existing_pages import key_filter, read_edited_pages
from notion_pm.importing.files.records import PAGE_ID
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import ImportRow, RejectedRow
from notion_pm.importing.journal import ImportJournal
from notion_pm.importing.plan import ImportPlan
from notion_pm.importing.related import (
    EXPORTED,
    NewPage,
    exported_name,
    replace_placeholders,
    row_placeholder,
    row_placeholders_in,
)
from notion_pm.model.ids import NotionId, is_id
from notion_pm.model.import_write import Item
from notion_pm.model.page import Page, PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Postponed
from notion_pm.rules.history import Moment
from notion_pm.state.imports import ImportedRow
from notion_pm.state.state import State
from notion_pm.workspace.fresh_updates import UpdateSender, batch_size
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.run_recording import RunContext, record_run


@dataclass
class ImportResult:
    """What an import did. `overtaken`: pages of which something stays because people changed it since the preview."""

    created: list[tuple[ImportRow, Page]] = field(default_factory=list)
    updated: list[UpdateRow] = field(default_factory=list)
    overtaken: dict[NotionId, UpdateRow | SkippedRow] = field(default_factory=dict)
    made: dict[str, NotionId] = field(default_factory=dict)
    rejects: list[RejectedRow] = field(default_factory=list)


def write_import(
    gateway: NotionClient,
    state: State,
    prepared: ImportPlan,
    jobs: int = 4,
    progress: Progress = no_progress,
    *,
    moment: Moment | None = None,
) -> ImportResult:
    """Do what was prepared. A row that Notion refuses is told, and the others go on.

    `moment`: the run under which each write is kept, so that the import can be undone.
    Raises a NotionError when it cannot go on; what was written stays remembered.
    """
    journal = ImportJournal(state, prepared, moment)
    return _Writer(gateway, state, prepared, jobs, progress, journal).run()


def run_import(
    context: RunContext,
    gateway: NotionClient,
    state: State,
    prepared: ImportPlan,
    jobs: int,
    progress: Progress,
) -> ImportResult:
    """Do what was prepared as a run that `history` shows and `undo import` takes back."""
    with record_run(context, prepared.destination.memory, "import") as recording:
        done = write_import(gateway, state, prepared, jobs, progress, moment=recording.moment)
        wrote = bool(done.created or done.updated or done.made)
        recording.outcome = "changed" if wrote else "unchanged"
        counts = {
            "created": len(done.created),
            "updated": len(done.updated),
            "made": len(done.made),
        }
        recording.told = {"source": prepared.source, **counts}
    return done


class _Writer:
    def __init__(
        self,
        gateway: NotionClient,
        state: State,
        prepared: ImportPlan,
        jobs: int,
        progress: Progress,
        journal: ImportJournal,
    ) -> None:
        self._gateway = gateway
        self._state = state
        self._prepared = prepared
        self._target = prepared.target
        self._jobs = jobs
        self._progress = progress
        self._journal = journal
        self._sender = UpdateSender(gateway)
        self._unanswered: set[NotionId] = set()
        self._done = ImportResult()
        self._row_pages: dict[str, NotionId] = {}
        self._made = ChainMap(self._done.made, self._row_pages)
        """The pages that now are there in place of what stood for them."""
        self._written = 0

    def run(self) -> ImportResult:
        self._remember(
            each
            for each in self._prepared.decisions
            if isinstance(each, UpdateRow) and not each.changes
        )
        new = self._prepared.new
        self._journal.begin_related(new)
        for done, (wanted, page) in enumerate(
            run_concurrently(self._make, new, self._jobs), start=1
        ):
            self._done.made[wanted.placeholder] = page.id
            self._journal.note_related(wanted, page)
            self._progress("Making related pages", done, len(new))
        # Updates come first: the query for what people edited would also return the rows just made.
        # Only those that are linked to new rows have to wait for these.
        waits = {
            update.page.id
            for update in self._prepared.updates
            if row_placeholders_in(update.row.values)
        }
        self._update_rows(
            [update for update in self._prepared.updates if update.page.id not in waits]
        )
        self._create_rows()
        self._update_rows([update for update in self._prepared.updates if update.page.id in waits])
        self._remember_spellings()
        return self._done

    def _remember_spellings(self) -> None:
        """Keep which page each name means, so that a customer whom people rename stays the same customer."""
        for source_id, names in self._prepared.spellings.items():
            pages = {name: self._made.get(page, page) for name, page in names.items()}
            there = {name: NotionId(page) for name, page in pages.items() if is_id(page)}
            exported = {name: page for name, page in there.items() if name.startswith(EXPORTED)}
            own = {name: page for name, page in there.items() if name not in exported}
            self._state.imports.save_spellings(source_id, self._prepared.source, own)
            self._state.imports.save_spellings(source_id, EXPORTED, exported)
        self._remember_exported_rows()

    def _remember_exported_rows(self) -> None:
        """Keep which page was made for a page of Notion's own export: links of other databases name its id."""
        updates = [each for each in self._prepared.decisions if isinstance(each, UpdateRow)]
        pairs = [(each.row, each.page) for each in updates] + self._done.created
        pages = {
            exported_name(row.record.first(PAGE_ID)): page.id
            for row, page in pairs
            if row.record.first(PAGE_ID)
        }
        if pages:
            self._state.imports.save_spellings(self._target.data_source_id, EXPORTED, pages)

    def _create_rows(self) -> None:
        """Create rows, those first that others are linked to."""
        pending = self._prepared.creates
        while pending:
            waiting = {row_placeholder(create.row.key) for create in pending}
            ready = [
                create
                for create in pending
                if waiting.isdisjoint(row_placeholders_in(create.row.values))
            ]
            self._journal.begin_rows(ready, self._made)
            for create, outcome in run_concurrently(self._create, ready, self._jobs):
                self._note_created(create, outcome)
            if len(ready) == len(pending):
                return
            made = {row_placeholder(create.row.key) for create in ready}
            pending = [create for create in pending if row_placeholder(create.row.key) not in made]

    def _update_rows(self, updates: Sequence[UpdateRow]) -> None:
        """Update rows batch by batch. Before each batch its pages are compared again where people edited them."""
        pending = {update.page.id: update for update in updates}
        size = batch_size(0)
        while pending:
            in_order = sorted(
                pending.values(), key=lambda update: (update.page.created_time, update.page.id)
            )
            batch = in_order[:size]
            edited, rows = self._read_again([update.page for update in batch])
            size = batch_size(rows)
            due = []
            for update in batch:
                again = self._compare_again(update, edited.get(update.page.id))
                if isinstance(again, UpdateRow) and again.changes:
                    pending[update.page.id] = again
                    due.append(again)
                else:
                    del pending[update.page.id]
                    self._note_settled(update, again)
            self._journal.begin_updates(due, self._made)
            for update, outcome in run_concurrently(self._update, due, self._jobs):
                if isinstance(outcome, Postponed):
                    if outcome.may_have_happened:
                        self._unanswered.add(update.page.id)
                    continue
                del pending[update.page.id]
                self._note_updated(update, outcome)

    def _read_again(self, pages: Sequence[Page]) -> tuple[dict[NotionId, Page], int]:
        prepared = self._prepared
        edited = read_edited_pages(
            self._gateway, self._target, prepared.by, prepared.fields, pages, prepared.read_at
        )
        self._sender.start_batch()
        return edited

    def _compare_again(self, update: UpdateRow, page: Page | None) -> UpdateRow | SkippedRow:
        """Return what becomes of a row, given its page if somebody edited it since it was compared."""
        if page is None:
            return update
        said = {
            key: replace_placeholders(item, self._made) for key, item in update.row.values.items()
        }
        row = replace(update.row, values=said)
        again = compare_row(
            self._target, row, page, update.memory, overwrite=self._prepared.overwrite
        )
        if isinstance(again, SkippedRow) or again.kept != update.kept:
            self._done.overtaken[page.id] = again
        return again

    def _make(self, wanted: NewPage) -> Page:
        values = [PropertyValue("title", "title", wanted.title)]
        if wanted.domain and wanted.related.domain_id:
            values.append(PropertyValue(wanted.related.domain_id, "url", wanted.domain))
        named = {"property": "title", "title": {"equals": wanted.title}}
        return self._gateway.create_row(
            wanted.related.data_source_id,
            values,
            look_up=lambda: next(
                self._gateway.query(wanted.related.data_source_id, filter=named), None
            ),
        )

    def _create(self, create: CreateRow) -> Page | RejectedRow:
        row, source_id = create.row, self._target.data_source_id
        if any(each not in self._row_pages for each in row_placeholders_in(row.values)):
            return RejectedRow(row.record, "the row that it is linked to was not imported")
        by = self._prepared.by
        same = key_filter(by, [str(row.values[by.key])])
        try:
            return self._gateway.create_row(
                source_id,
                self._values(row.values),
                markdown=row.body,
                look_up=lambda: next(self._gateway.query(source_id, filter=same), None),
            )
        except RequestRefused as refused:
            return _refused(row, refused)

    def _update(self, update: UpdateRow) -> Page | RejectedRow | Postponed:
        changes = {change.field.key: change.after for change in update.changes}
        if any(each not in self._row_pages for each in row_placeholders_in(changes)):
            return RejectedRow(update.row.record, "the row that it is linked to was not imported")
        try:
            return self._sender.send(update.page.id, self._values(changes))
        except RequestRefused as refused:
            return _refused(update.row, refused)
        except NotShared:
            return RejectedRow(
                update.row.record, "its page is no longer there, or no longer shared"
            )

    def _values(self, items: Mapping[str, Item]) -> list[PropertyValue]:
        made = self._made
        return [
            property_value(self._target.fields[key], replace_placeholders(item, made))
            for key, item in items.items()
        ]

    def _note_created(self, create: CreateRow, outcome: Page | RejectedRow) -> None:
        if isinstance(outcome, RejectedRow):
            self._done.rejects.append(outcome)
            self._journal.drop_row(create)
        else:
            self._journal.note_row(create, outcome)
            self._done.created.append((create.row, outcome))
            self._row_pages[row_placeholder(create.row.key)] = outcome.id
            self._remember([UpdateRow(create.row, outcome, ())])
        self._note_progress()

    def _note_updated(self, update: UpdateRow, outcome: Page | RejectedRow) -> None:
        if isinstance(outcome, RejectedRow):
            self._done.rejects.append(outcome)
        else:
            self._done.updated.append(update)
            self._remember([replace(update, page=outcome)])
        self._note_progress()

    def _note_settled(self, update: UpdateRow, again: UpdateRow | SkippedRow) -> None:
        """Note a row that needs no write any more: people changed its page, or a lost answer was a success."""
        if isinstance(again, UpdateRow):
            if update.page.id in self._unanswered:
                self._done.updated.append(update)
            self._remember([again])
        self._note_progress()

    def _note_progress(self) -> None:
        self._written += 1
        self._progress(
            "Writing", self._written, len(self._prepared.creates) + len(self._prepared.updates)
        )

    def _remember(self, updates: Iterable[UpdateRow]) -> None:
        """Keep what the file said of each row, so that the next import tells a person's edit from ours."""
        self._state.imports.save_imported(self._target.data_source_id, self._memories(updates))

    def _memories(self, updates: Iterable[UpdateRow]) -> Iterator[tuple[str, ImportedRow]]:
        for each in updates:
            said = {
                key: replace_placeholders(item, self._made) for key, item in each.row.values.items()
            }
            yield identity(self._prepared.by, each.row.key), ImportedRow(each.page.id, said)


def _refused(row: ImportRow, refused: RequestRefused) -> RejectedRow:
    return RejectedRow(row.record, f"Notion refused it: {refused}")
