"""Carry out an import: related pages first, then one request per row.

Each row is remembered as soon as Notion has answered, so that an interrupted import continues
where it stopped.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
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

_LINKED_ROW_MISSING = "the row that it is linked to was not imported"


@dataclass
class ImportResult:
    """What an import did.

    `overtaken`: by page id, the rows that were not written in full because people changed the page
    after the preview. `new_pages`: the ids of created related pages, by placeholder.
    """

    created: list[tuple[ImportRow, Page]] = field(default_factory=list)
    updated: list[UpdateRow] = field(default_factory=list)
    overtaken: dict[NotionId, UpdateRow | SkippedRow] = field(default_factory=dict)
    new_pages: dict[str, NotionId] = field(default_factory=dict)
    rejects: list[RejectedRow] = field(default_factory=list)


def write_import(
    notion: NotionClient,
    state: State,
    plan: ImportPlan,
    jobs: int = 4,
    progress: Progress = no_progress,
    *,
    moment: Moment | None = None,
) -> ImportResult:
    """Carry out a plan. A row that Notion refuses is rejected, and the import continues.

    `moment`: the run under which each write is recorded, so that the import can be undone.
    Raises a NotionError when the import cannot continue; what was written stays remembered.
    """
    journal = ImportJournal(state, plan, moment)
    return _Writer(notion, state, plan, jobs, progress, journal).run()


def run_import(
    context: RunContext,
    notion: NotionClient,
    state: State,
    plan: ImportPlan,
    jobs: int,
    progress: Progress,
) -> ImportResult:
    """Carry out a plan as a run that `history` shows and `undo import` undoes."""
    with record_run(context, plan.destination.memory, "import") as recording:
        result = write_import(notion, state, plan, jobs, progress, moment=recording.moment)
        has_written = bool(result.created or result.updated or result.new_pages)
        recording.outcome = "changed" if has_written else "unchanged"
        recording.details = {
            "source": plan.source,
            "created": len(result.created),
            "updated": len(result.updated),
            "made": len(result.new_pages),
        }
    return result


class _Writer:
    def __init__(
        self,
        notion: NotionClient,
        state: State,
        plan: ImportPlan,
        jobs: int,
        progress: Progress,
        journal: ImportJournal,
    ) -> None:
        self._notion = notion
        self._state = state
        self._plan = plan
        self._target = plan.target
        self._jobs = jobs
        self._progress = progress
        self._journal = journal
        self._sender = UpdateSender(notion)
        self._unanswered: set[NotionId] = set()
        """Pages of which an update was sent, but not answered."""
        self._result = ImportResult()
        self._row_pages: dict[str, NotionId] = {}
        """The pages of rows that this import created, by placeholder."""
        self._created = ChainMap(self._result.new_pages, self._row_pages)
        """All pages that this import created, by placeholder."""
        self._written = 0

    def run(self) -> ImportResult:
        # Also rows without a change: what the file says now is what the next import compares with.
        unchanged = [update for update in self._plan.compared if not update.changes]
        self._remember_rows(unchanged)
        self._create_new_pages()

        # Updates come first: the query for what people edited would also return the rows just
        # created. Only updates that link to new rows have to wait for these.
        ready: list[UpdateRow] = []
        waiting: list[UpdateRow] = []
        for update in self._plan.updates:
            links_to_new_rows = row_placeholders_in(update.row.values)
            (waiting if links_to_new_rows else ready).append(update)
        self._update_rows(ready)
        self._create_rows()
        self._update_rows(waiting)

        self._remember_spellings()
        self._remember_exported_rows()
        return self._result

    # --- related pages

    def _create_new_pages(self) -> None:
        new_pages = self._plan.new_pages
        self._journal.begin_new_pages(new_pages)
        created = run_concurrently(self._create_new_page, new_pages, self._jobs)
        for done, (new, page) in enumerate(created, start=1):
            self._result.new_pages[new.placeholder] = page.id
            self._journal.note_new_page(new, page)
            self._progress("Creating related pages", done, len(new_pages))

    def _create_new_page(self, new: NewPage) -> Page:
        source_id = new.related.data_source_id
        # `title` is the id of the title property in every database (notion-api.md 6, item 11).
        values = [PropertyValue("title", "title", new.title)]
        if new.domain and new.related.domain_id:
            values.append(PropertyValue(new.related.domain_id, "url", new.domain))
        has_title = {"property": "title", "title": {"equals": new.title}}

        def look_up() -> Page | None:
            return next(self._notion.query(source_id, filter=has_title), None)

        return self._notion.create_row(source_id, values, look_up=look_up)

    # --- new rows

    def _create_rows(self) -> None:
        """Create rows in rounds: a row is created after the rows that it links to."""
        pending = self._plan.creates
        while pending:
            waiting = {row_placeholder(create.row.key) for create in pending}
            ready: list[CreateRow] = []
            later: list[CreateRow] = []
            for create in pending:
                is_ready = waiting.isdisjoint(row_placeholders_in(create.row.values))
                (ready if is_ready else later).append(create)
            self._journal.begin_creates(ready, self._created)
            for create, outcome in run_concurrently(self._create_row, ready, self._jobs):
                self._note_created(create, outcome)
            pending = later

    def _create_row(self, create: CreateRow) -> Page | RejectedRow:
        row, source_id = create.row, self._target.data_source_id
        # A row that it links to was refused. Without the link, for example of a story to its epic,
        # the row would be incomplete, so it is rejected too.
        if not self._row_pages.keys() >= set(row_placeholders_in(row.values)):
            return RejectedRow(row.record, _LINKED_ROW_MISSING)
        by = self._plan.key_field
        has_key = key_filter(by, [str(row.values[by.key])])

        def look_up() -> Page | None:
            return next(self._notion.query(source_id, filter=has_key), None)

        try:
            return self._notion.create_row(
                source_id, self._property_values(row.values), markdown=row.body, look_up=look_up
            )
        except RequestRefused as refused:
            return _refused_row(row, refused)

    def _note_created(self, create: CreateRow, outcome: Page | RejectedRow) -> None:
        if isinstance(outcome, RejectedRow):
            self._result.rejects.append(outcome)
            self._journal.drop_create(create)
        else:
            self._journal.note_create(create, outcome)
            self._result.created.append((create.row, outcome))
            self._row_pages[row_placeholder(create.row.key)] = outcome.id
            # After each row, not at the end: after Ctrl-C or a crash, the next import finds the row
            # as imported.
            self._remember_rows([UpdateRow(create.row, outcome, ())])
        self._note_progress()

    # --- existing rows

    def _update_rows(self, updates: Sequence[UpdateRow]) -> None:
        """Update rows in batches. Before each one, pages that people edited are compared again."""
        pending = {update.page.id: update for update in updates}
        size = batch_size(0)
        while pending:
            in_order = sorted(pending.values(), key=_creation_order)
            batch = in_order[:size]
            # Right before the writes: Notion has no conditional writes (notion-api.md 6, item 5),
            # so this keeps the time short in which a person's edit could be overwritten.
            edited, rows = self._read_edited([update.page for update in batch])
            size = batch_size(rows)

            due: list[UpdateRow] = []
            for update in batch:
                again = self._compare_again(update, edited.get(update.page.id))
                if isinstance(again, UpdateRow) and again.changes:
                    pending[update.page.id] = again
                    due.append(again)
                else:
                    del pending[update.page.id]
                    self._note_settled(update, again)

            # Before the request: an import that is killed in between can still be undone.
            self._journal.begin_updates(due, self._created)
            for update, outcome in run_concurrently(self._update_row, due, self._jobs):
                if isinstance(outcome, Postponed):
                    if outcome.may_have_happened:
                        self._unanswered.add(update.page.id)
                else:
                    del pending[update.page.id]
                    self._note_updated(update, outcome)

    def _read_edited(self, pages: Sequence[Page]) -> tuple[dict[NotionId, Page], int]:
        plan = self._plan
        edited = read_edited_pages(
            self._notion, self._target, plan.key_field, plan.fields, pages, plan.read_at
        )
        self._sender.start_batch()
        return edited

    def _compare_again(self, update: UpdateRow, page: Page | None) -> UpdateRow | SkippedRow:
        """Compare a row with its page again. `page` is None when it was not edited since."""
        if page is None:
            return update
        row = replace(update.row, values=replace_placeholders(update.row.values, self._created))
        again = compare_row(self._target, row, page, update.memory, overwrite=self._plan.overwrite)
        # Only what the preview did not show is reported as overtaken.
        if isinstance(again, SkippedRow) or again.kept != update.kept:
            self._result.overtaken[page.id] = again
        return again

    def _update_row(self, update: UpdateRow) -> Page | RejectedRow | Postponed:
        changes = {change.field.key: change.after for change in update.changes}
        record = update.row.record
        if not self._row_pages.keys() >= set(row_placeholders_in(changes)):
            return RejectedRow(record, _LINKED_ROW_MISSING)
        try:
            return self._sender.send(update.page.id, self._property_values(changes))
        except RequestRefused as refused:
            return _refused_row(update.row, refused)
        except NotShared:
            return RejectedRow(record, "its page was deleted, or is no longer shared")

    def _note_updated(self, update: UpdateRow, outcome: Page | RejectedRow) -> None:
        if isinstance(outcome, RejectedRow):
            self._result.rejects.append(outcome)
        else:
            self._result.updated.append(update)
            self._remember_rows([replace(update, page=outcome)])
        self._note_progress()

    def _note_settled(self, update: UpdateRow, again: UpdateRow | SkippedRow) -> None:
        """Note a row that needs no further write.

        Either people changed its page, or an update that was not answered has arrived after all.
        """
        if isinstance(again, UpdateRow):
            if update.page.id in self._unanswered:
                self._result.updated.append(update)
            self._remember_rows([again])
        self._note_progress()

    def _note_progress(self) -> None:
        self._written += 1
        total = len(self._plan.creates) + len(self._plan.updates)
        self._progress("Writing", self._written, total)

    def _property_values(self, items: Mapping[str, Item]) -> list[PropertyValue]:
        values = replace_placeholders(items, self._created)
        return [property_value(self._target.fields[key], item) for key, item in values.items()]

    # --- what the next import needs to know

    def _remember_rows(self, updates: Iterable[UpdateRow]) -> None:
        """Remember the file's values, so that the next import recognises what people changed."""
        imported = []
        for update in updates:
            values = replace_placeholders(update.row.values, self._created)
            key = identity(self._plan.key_field, update.row.key)
            imported.append((key, ImportedRow(update.page.id, values)))
        self._state.imports.save_imported(self._target.data_source_id, imported)

    def _remember_spellings(self) -> None:
        """Remember the page of each name, so that a renamed customer stays the same customer."""
        for source_id, names in self._plan.spellings.items():
            of_source: dict[str, NotionId] = {}
            exported: dict[str, NotionId] = {}
            for name, page in names.items():
                page_id = self._created.get(page, page)
                if is_id(page_id):  # not the placeholder of a page that was not created
                    spellings = exported if name.startswith(EXPORTED) else of_source
                    spellings[name] = NotionId(page_id)
            self._state.imports.save_spellings(source_id, self._plan.source, of_source)
            self._state.imports.save_spellings(source_id, EXPORTED, exported)

    def _remember_exported_rows(self) -> None:
        """Remember the page of each row of a Notion export: other databases link to its old id."""
        compared = [(update.row, update.page) for update in self._plan.compared]
        pages: dict[str, NotionId] = {}
        for row, page in [*compared, *self._result.created]:
            exported_id = row.record.first(PAGE_ID)
            if exported_id:
                pages[exported_name(exported_id)] = page.id
        if pages:
            self._state.imports.save_spellings(self._target.data_source_id, EXPORTED, pages)


def _creation_order(update: UpdateRow) -> tuple[object, ...]:
    """Sort by creation: the query of the next batch then leaves out the pages updated before."""
    return (update.page.created_time, update.page.id)


def _refused_row(row: ImportRow, refused: RequestRefused) -> RejectedRow:
    return RejectedRow(row.record, f"Notion refused it: {refused}")
