"""Undo the last import: created pages go to the trash, updated pages get their values back.

What people edited since stays. Pages are read again right before each batch of writes, as in sync
and import. If an undo is interrupted, run it again: it skips pages that are restored already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notion_pm.concurrency import run_concurrently
from notion_pm.errors import NotShared, RequestRefused, UsageError
from notion_pm.importing.find_target import Destination, open_destination
from notion_pm.importing.undo_decisions import (
    GONE,
    LeftInPlace,
    RestoreValues,
    Step,
    TrashPage,
    UndoContext,
    decide_undo,
    merge_runs,
    with_created_page,
)
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite
from notion_pm.model.page import Page
from notion_pm.model.schema import RelationConfig
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Postponed
from notion_pm.state.history import RunRecord
from notion_pm.state.imports import ImportedRow
from notion_pm.state.plain_json import moment_from
from notion_pm.state.state import State, template_of_last_import
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.fresh_updates import BATCH, OVERLAP, UpdateSender, created_range
from notion_pm.workspace.run_recording import record_run
from notion_pm.workspace.sync_context import SyncContext

_ENDED = {"changed", "unchanged"}
"""The outcomes of an import that was not interrupted."""
_IDS_PER_FILTER = 100
"""Notion takes 100 conditions in a filter (notion-api.md 4.2)."""


@dataclass(frozen=True, slots=True)
class ImportUndo:
    """What an undo of an import would do, or has done.

    `runs`: the import, and before it the interrupted runs that it continued.
    """

    memory: str
    runs: tuple[RunRecord, ...]
    writes: tuple[ImportWrite, ...]
    destinations: Mapping[str, Destination]
    steps: tuple[Step, ...]

    @property
    def trash(self) -> list[TrashPage]:
        """The pages that go to the trash."""
        return [step for step in self.steps if isinstance(step, TrashPage)]

    @property
    def restore(self) -> list[RestoreValues]:
        """The pages that get values back."""
        return [step for step in self.steps if isinstance(step, RestoreValues)]

    @property
    def left(self) -> list[LeftInPlace]:
        """What stays as it is, and why."""
        return [step for step in self.steps if isinstance(step, LeftInPlace)]

    @property
    def record_page(self) -> NotionId | None:
        """The page whose lock is held while the undo writes."""
        for destination in self.destinations.values():
            if destination.record_page:
                return destination.record_page
        return None


def plan_import_undo(place: SyncContext, catalogue: Catalogue, template: str | None) -> ImportUndo:
    """Return what an undo of the last import would do. Only reads.

    Sends one request for each 100 pages edited since the import. Raises UsageError when no import
    that changed something is remembered.
    """
    memory = template or template_of_last_import(place.state_home)
    if memory is None:
        raise _nothing_to_undo()
    with State(place.state_home, memory) as state:
        runs, writes = _last_import(state)

    notion = place.notion
    since = _start_of_import(writes)
    destinations: dict[str, Destination] = {}
    pages: dict[str, Mapping[str, Page]] = {}
    for source_id in dict.fromkeys(write.data_source_id for write in writes):
        destinations[source_id] = open_destination(notion, catalogue, source_id)
        edited = notion.edited_since(source_id, since - OVERLAP)
        pages[source_id] = {page.id: page for page in edited}

    # Notion rounds the time of creation down to the minute.
    created_since = since.replace(second=0, microsecond=0) - OVERLAP
    found: list[ImportWrite] = []
    for write in writes:
        if not write.page:
            candidates = pages[write.data_source_id].values()
            write = with_created_page(write, candidates, created_since)
        if write.page:  # else the request never arrived
            found.append(write)
    steps = _decide_all(notion, found, pages, destinations)
    return ImportUndo(memory, tuple(runs), tuple(found), destinations, tuple(steps))


def undo_import(place: SyncContext, undo: ImportUndo) -> ImportUndo:
    """Carry out a planned undo in batches. Return what was done, and what stays after all."""
    with (
        record_run(place, undo.memory, "undo") as recording,
        State(place.state_home, undo.memory) as state,
    ):
        done = _Undoer(place, state, undo).run()
        written = len(done.trash) + len(done.restore)
        recording.outcome = "changed" if written else "unchanged"
        recording.details = {
            "undone": undo.runs[-1].id,
            "trashed": len(done.trash),
            "updates": len(done.restore),
        }
    return done


def _nothing_to_undo() -> UsageError:
    return UsageError(
        "No import that changed something is remembered here, so there is nothing to undo.",
        "Imports are remembered on the machine where they ran. List them with  notion-pm history",
    )


def _last_import(state: State) -> tuple[list[RunRecord], list[ImportWrite]]:
    """Return the last import that wrote something, with the interrupted runs that it continued.

    The runs are sorted by time.
    """
    runs: list[RunRecord] = []
    writes_of_runs: list[Sequence[ImportWrite]] = []
    for run in reversed(state.history.runs()):
        if run.kind != "import":
            continue
        writes = state.imports.writes(run.id)
        if not writes:
            continue
        # An earlier run belongs to this import only if it was interrupted and read the same file.
        if runs and (run.outcome in _ENDED or writes[0].origin != writes_of_runs[0][0].origin):
            break
        runs.insert(0, run)
        writes_of_runs.insert(0, writes)
    if not runs:
        raise _nothing_to_undo()
    return runs, merge_runs(writes_of_runs)


def _start_of_import(writes: Sequence[ImportWrite]) -> datetime:
    """Return when the import began, by Notion's clock."""
    return min(moment_from(write.since) for write in writes)


def _decide_all(
    notion: NotionClient,
    writes: Sequence[ImportWrite],
    pages: Mapping[str, Mapping[str, Page]],
    destinations: Mapping[str, Destination],
) -> list[Step]:
    """Decide on all pages together: a page that stays keeps the pages that it links to.

    Example: a person edited an insight, so it stays, and so does the customer that the import
    created for it. That may keep further pages, so decide again until nothing changes.
    """
    created = [write for write in writes if write.is_created]
    one_way = frozenset(_linked_one_way(notion, created, destinations))
    losing_links = frozenset(write.page for write in writes if _loses_links(write))
    while True:
        context = undo_context(destinations, losing_links, one_way)
        steps: list[Step] = []
        for write in writes:
            steps += decide_undo(write, pages[write.data_source_id].get(write.page), context)
        keeping_links = {
            step.write.page
            for step in steps
            if isinstance(step, LeftInPlace) and _keeps_links(step)
        }
        if losing_links.isdisjoint(keeping_links):
            return steps
        losing_links -= keeping_links


def _loses_links(write: ImportWrite) -> bool:
    """Whether the undo ends links of a page: the page goes, or its old links come back."""
    return write.is_created or any(kind == "relation" for kind, _ in write.after.values())


def _keeps_links(left: LeftInPlace) -> bool:
    """Whether a page that stays, or a property of it, still links to pages of the import."""
    if left.write.is_created:
        return True
    kind, _ = left.write.after.get(left.property_id, ("", None))
    return kind == "relation"


def undo_context(
    destinations: Mapping[str, Destination],
    losing_links: frozenset[str],
    one_way: frozenset[str] = frozenset(),
) -> UndoContext:
    """Return what the decisions on pages depend on."""
    ignored: dict[str, set[str]] = {}
    locks: dict[str, str] = {}
    for source_id, destination in destinations.items():
        target = destination.target
        ignored[source_id] = _filled_by_rules(destination)
        if target.lock is not None and target.lock in target.fields:
            locks[source_id] = target.fields[target.lock].id
    return UndoContext(losing_links, ignored, locks, one_way)


def _filled_by_rules(destination: Destination) -> set[str]:
    """Return the ids of the properties that rules of the template fill in."""
    target, template = destination.target, destination.template
    keys: set[str] = set()
    if template is not None:
        for rule in template.sync.values():
            database, _, key = rule.set.partition(".")
            if database == target.name:
                keys.add(key)
    return {field.id for field in target.fields.values() if field.stamped or field.key in keys}


def _linked_one_way(
    notion: NotionClient,
    created: Sequence[ImportWrite],
    destinations: Mapping[str, Destination],
) -> Iterator[str]:
    """Yield the created pages to which other pages link by a one-way relation.

    Such a link does not show on the created page, so the pages that may hold it are queried.
    """
    ours = {write.page for write in created}
    source_ids = {NotionId(source_id) for source_id in destinations}
    for destination in destinations.values():
        if destination.manifest is not None:
            databases = destination.manifest.databases.values()
            source_ids |= {database.data_source_id for database in databases}

    for source_id in sorted(source_ids):
        try:
            source = notion.get_data_source(source_id)
        except NotShared:
            continue
        for prop in source.properties.values():
            if not isinstance(prop.config, RelationConfig) or prop.config.synced_property_id:
                continue
            linked_source = prop.config.data_source_id
            linkable = [write.page for write in created if write.data_source_id == linked_source]
            for row in _rows_that_link(notion, source_id, prop.id, linkable):
                held = row.properties.get(prop.id)
                if row.id not in ours and held is not None:
                    yield from ours.intersection(getattr(held.value, "ids", ()))


def _rows_that_link(
    notion: NotionClient, source_id: NotionId, property_id: str, page_ids: Sequence[str]
) -> Iterator[Page]:
    """Yield the rows that link to one of some pages by a relation."""
    for start in range(0, len(page_ids), _IDS_PER_FILTER):
        chunk = page_ids[start : start + _IDS_PER_FILTER]
        tests = [{"property": property_id, "relation": {"contains": page}} for page in chunk]
        yield from notion.query(source_id, filter={"or": tests}, property_ids=[property_id])


class _Undoer:
    """Writes in batches. Each batch is read and decided on again right before it is written."""

    def __init__(self, place: SyncContext, state: State, undo: ImportUndo) -> None:
        self._place = place
        self._state = state
        self._undo = undo
        self._done: list[Step] = list(undo.left)
        self._sender = UpdateSender(place.notion)
        losing_links = {write.page for write in undo.writes if _loses_links(write)}
        keeping_links = {left.write.page for left in undo.left if _keeps_links(left)}
        self._losing_links = losing_links - keeping_links
        self._known_left = {(left.write.entry, left.property_id) for left in undo.left}
        self._total = len(undo.restore) + len(undo.trash)
        self._written = 0

    def run(self) -> ImportUndo:
        # Updated pages come first, for they may link to created pages. Related pages come last,
        # for rows link to them.
        rows = [step for step in self._undo.trash if step.write.identity]
        related = [step for step in self._undo.trash if not step.write.identity]
        for steps in (self._undo.restore, rows, related):
            self._write_all(steps)
        return replace(self._undo, steps=tuple(self._done))

    def _write_all(self, steps: Sequence[TrashPage | RestoreValues]) -> None:
        by_source: dict[str, dict[NotionId, TrashPage | RestoreValues]] = {}
        for step in steps:
            by_source.setdefault(step.write.data_source_id, {})[step.page.id] = step
        for source_id, pending in by_source.items():
            while pending:
                in_order = sorted(
                    pending.values(), key=lambda step: (step.page.created_time, step.page.id)
                )
                self._write_batch(source_id, in_order[:BATCH], pending)

    def _write_batch(
        self,
        source_id: str,
        batch: Sequence[TrashPage | RestoreValues],
        pending: dict[NotionId, TrashPage | RestoreValues],
    ) -> None:
        """Decide on a batch again and write it. Finished pages are removed from `pending`."""
        pages = self._read_again(source_id, batch)
        context = undo_context(self._undo.destinations, frozenset(self._losing_links))
        due: list[TrashPage | RestoreValues] = []
        for step in batch:
            writes = self._decide_again(step, pages.get(step.page.id), context)
            if writes:
                due += writes
            else:
                del pending[step.page.id]

        # Before the writes: an undo that is killed in between skips pages that are restored
        # already, and would not remember them then.
        for step in due:
            self._remember_as_before(step)
        for step, outcome in run_concurrently(self._send, due, self._place.jobs):
            if isinstance(outcome, Postponed):
                continue
            del pending[step.page.id]
            if outcome:
                self._done.append(LeftInPlace(step.write, outcome, step.page))
                self._losing_links.discard(step.page.id)
            else:
                self._note_done(step)

    def _read_again(
        self, source_id: str, batch: Sequence[TrashPage | RestoreValues]
    ) -> dict[NotionId, Page]:
        since = _start_of_import(self._undo.writes) - OVERLAP
        created = created_range(step.page.created_time for step in batch)
        edited = self._place.notion.edited_since(source_id, since, created=created)
        pages = {page.id: page for page in edited}
        self._sender.start_batch()
        return pages

    def _decide_again(
        self, step: TrashPage | RestoreValues, page: Page | None, context: UndoContext
    ) -> list[TrashPage | RestoreValues]:
        """Return the writes of a page as it is now; note what stays because of people's edits."""
        writes: list[TrashPage | RestoreValues] = []
        newly_left: list[LeftInPlace] = []
        for decided in decide_undo(step.write, page, context):
            if not isinstance(decided, LeftInPlace):
                writes.append(decided)
            elif (decided.write.entry, decided.property_id) not in self._known_left:
                newly_left.append(decided)
        self._done += newly_left
        if any(_keeps_links(left) for left in newly_left):
            self._losing_links.discard(step.page.id)
        if not writes and not newly_left:  # the page is as before the import already
            self._note_done(step)
        return writes

    def _send(self, step: TrashPage | RestoreValues) -> Postponed | str:
        """Write one page. Return why it could not be written, an empty text when it was."""
        try:
            if isinstance(step, TrashPage):
                outcome = self._sender.trash(step.page.id)
            else:
                outcome = self._sender.send(step.page.id, step.values)
        except NotShared:
            return "" if isinstance(step, TrashPage) else GONE
        except RequestRefused as refused:
            return f"Notion refused it: {refused}"
        return outcome if isinstance(outcome, Postponed) else ""

    def _note_done(self, step: TrashPage | RestoreValues) -> None:
        self._done.append(step)
        self._written += 1
        self._place.progress("Undoing", self._written, self._total)

    def _remember_as_before(self, step: TrashPage | RestoreValues) -> None:
        """Remember a row as before the import, so that the file can be imported again."""
        write = step.write
        if not write.identity:
            return
        source_id = NotionId(write.data_source_id)
        if isinstance(step, TrashPage) or write.memory is None:
            self._state.imports.forget_imported(source_id, write.identity)
        else:
            before = ImportedRow(step.page.id, write.memory)
            self._state.imports.save_imported(source_id, [(write.identity, before)])
