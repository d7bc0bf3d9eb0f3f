"""Undo of the last import: made pages go to the trash, updated pages get their values back.

What people edited since stays. Pages are read again right before each batch of writes, as sync and
import do. Interrupted, it is run again: pages that are back already are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

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
from notion_pm.model.template import Template
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
"""The outcomes of an import that came to its end."""
_IDS_PER_FILTER = 100


@dataclass(frozen=True, slots=True)
class ImportUndo:
    """What an undo of an import would do, or has done.

    `runs`: the import, and before it the runs of the same import that were interrupted.
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
    def back(self) -> list[RestoreValues]:
        """The pages that get values back."""
        return [step for step in self.steps if isinstance(step, RestoreValues)]

    @property
    def left(self) -> list[LeftInPlace]:
        """What stays as it is, and why."""
        return [step for step in self.steps if isinstance(step, LeftInPlace)]

    @property
    def record_page(self) -> NotionId | None:
        """The page to claim while the undo writes."""
        pages = (destination.record_page for destination in self.destinations.values())
        return next((page for page in pages if page), None)


def plan_import_undo(place: SyncContext, catalogue: Catalogue, template: str | None) -> ImportUndo:
    """Return what an undo of the last import would do. Reads only: a request per 100 pages edited since.

    Raises UsageError when no import that wrote something is remembered.
    """
    memory = template or template_of_last_import(place.state_home)
    if memory is None:
        raise _nothing_to_undo()
    with State(place.state_home, memory) as state:
        runs, writes = _last_import(state)
    source_ids = dict.fromkeys(write.data_source_id for write in writes)
    destinations = {each: open_destination(place.gateway, catalogue, each) for each in source_ids}
    since = _began(writes)
    pages = {each: _read(place.gateway, each, since) for each in source_ids}
    # Notion rounds the time of creation down to the minute.
    created_since = since.replace(second=0, microsecond=0) - OVERLAP
    found = [
        write
        if write.page
        else with_created_page(write, pages[write.data_source_id].values(), created_since)
        for write in writes
    ]
    there = [write for write in found if write.page]
    steps = _decide_all(place.gateway, there, pages, destinations)
    return ImportUndo(memory, tuple(runs), tuple(there), destinations, tuple(steps))


def undo_import(place: SyncContext, undo: ImportUndo) -> ImportUndo:
    """Undo what a look has found, batch by batch. Return what was done, and what is left after all."""
    with (
        record_run(place, undo.memory, "undo") as recording,
        State(place.state_home, undo.memory) as state,
    ):
        done = _Undoing(place, state, undo).run()
        wrote = len(done.trash) + len(done.back)
        recording.outcome = "changed" if wrote else "unchanged"
        undone = undo.runs[-1].id
        recording.told = {"undone": undone, "trashed": len(done.trash), "updates": len(done.back)}
    return done


def _nothing_to_undo() -> UsageError:
    return UsageError(
        "No import that changed something is remembered here, so there is nothing to undo.",
        "It is remembered where it ran; notion-pm history  lists what is.",
    )


def _last_import(state: State) -> tuple[list[RunRecord], list[ImportWrite]]:
    """Return the last import that wrote something, with the interrupted runs that it went on from.

    The runs come in the order of time.
    """
    runs: list[RunRecord] = []
    written: list[list[ImportWrite]] = []
    for run in reversed(state.history.runs()):
        if run.kind != "import":
            continue
        writes = state.imports.writes(run.id)
        if not writes:
            continue
        if runs and (run.outcome in _ENDED or writes[0].origin != written[0][0].origin):
            break
        runs.insert(0, run)
        written.insert(0, writes)
    if not runs:
        raise _nothing_to_undo()
    return runs, merge_runs(written)


def _began(writes: Sequence[ImportWrite]) -> datetime:
    """Return when the import began, by Notion's clock."""
    return min(moment_from(write.since) for write in writes)


def _read(gateway: NotionClient, source_id: str, since: datetime) -> dict[str, Page]:
    return {page.id: page for page in gateway.edited_since(source_id, since - OVERLAP)}


def _decide_all(
    gateway: NotionClient,
    writes: Sequence[ImportWrite],
    pages: Mapping[str, Mapping[str, Page]],
    destinations: Mapping[str, Destination],
) -> list[Step]:
    """Decide on rows first, then on related pages: these stay where a row that stays links to them.

    Rows of a file may be linked with each other, so a row that stays may keep another one.
    """
    made = [write for write in writes if write.is_made]
    one_way = frozenset(_linked_one_way(gateway, made, destinations))
    going = frozenset(write.page for write in writes if write.is_made or _sets_links(write))
    while True:
        around = surroundings(destinations, going, one_way)
        steps = list(
            chain.from_iterable(
                decide_undo(write, pages[write.data_source_id].get(write.page), around)
                for write in writes
            )
        )
        kept = {
            step.write.page
            for step in steps
            if isinstance(step, LeftInPlace) and _keeps_links(step)
        }
        if going.isdisjoint(kept):
            return steps
        going -= kept


def _sets_links(write: ImportWrite) -> bool:
    """Return whether an update linked its page with others; these links end when it is undone."""
    return any(kind == "relation" for kind, _ in write.after.values())


def _keeps_links(left: LeftInPlace) -> bool:
    """Return whether a page that stays, or a property of it, still links to pages that were made."""
    return left.write.is_made or left.write.after.get(left.property_id, ("", None))[0] == "relation"


def surroundings(
    destinations: Mapping[str, Destination],
    going: frozenset[str],
    one_way: frozenset[str] = frozenset(),
) -> UndoContext:
    """Return what pages are judged by."""
    return UndoContext(
        going,
        {source_id: _ignored(each) for source_id, each in destinations.items()},
        {
            source_id: each.target.fields[each.target.lock].id
            for source_id, each in destinations.items()
            if each.target.lock and each.target.lock in each.target.fields
        },
        one_way,
    )


def _ignored(destination: Destination) -> set[str]:
    """Return the properties that rules of the template fill in."""
    target, template = destination.target, destination.template
    by_rules = _set_by_rules(template, target.name) if template else set()
    return {item.id for item in target.fields.values() if item.stamped or item.key in by_rules}


def _set_by_rules(template: Template, database: str) -> set[str]:
    addresses = (rule.set.partition(".") for rule in template.sync.values())
    return {key for name, _, key in addresses if name == database}


def _linked_one_way(
    gateway: NotionClient, made: Sequence[ImportWrite], destinations: Mapping[str, Destination]
) -> Iterable[str]:
    """Yield the made pages that other pages are linked with by a relation that has no other side.

    Such a link does not show on the made page, so the pages that may hold it are asked for.
    """
    ours = {write.page for write in made}
    manifest = next((each.manifest for each in destinations.values() if each.manifest), None)
    source_ids = (
        {entry.data_source_id for entry in manifest.databases.values()} if manifest else set()
    )
    for source_id in sorted(source_ids | {NotionId(each) for each in destinations}):
        try:
            source = gateway.get_data_source(source_id)
        except NotShared:
            continue
        for prop in source.properties.values():
            config = prop.config
            if not isinstance(config, RelationConfig) or config.synced_property_id:
                continue
            wanted = [write.page for write in made if write.data_source_id == config.data_source_id]
            for start in range(0, len(wanted), _IDS_PER_FILTER):
                chunk = wanted[start : start + _IDS_PER_FILTER]
                either = [{"property": prop.id, "relation": {"contains": page}} for page in chunk]
                for row in gateway.query(source_id, filter={"or": either}, property_ids=[prop.id]):
                    held = row.properties.get(prop.id)
                    if row.id not in ours and held is not None:
                        yield from ours & set(getattr(held.value, "ids", ()))


@dataclass
class _Undoing:
    """Writes in batches. Each batch is read again and decided again right before."""

    place: SyncContext
    state: State
    undo: ImportUndo
    done: list[Step] = field(default_factory=list)

    def run(self) -> ImportUndo:
        self._sender = UpdateSender(self.place.gateway)
        going = {write.page for write in self.undo.writes if write.is_made or _sets_links(write)}
        self._going = going - {left.write.page for left in self.undo.left if _keeps_links(left)}
        self.done += self.undo.left
        self._written = 0
        # Updated pages first, for they may be linked to pages that are made. Related pages last.
        rows = [step for step in self.undo.trash if step.write.identity]
        related = [step for step in self.undo.trash if not step.write.identity]
        self._count = len(self.undo.back) + len(rows) + len(related)
        for steps in (self.undo.back, rows, related):
            self._write_all(steps)
        return ImportUndo(
            self.undo.memory,
            self.undo.runs,
            self.undo.writes,
            self.undo.destinations,
            tuple(self.done),
        )

    def _write_all(self, steps: Sequence[TrashPage | RestoreValues]) -> None:
        by_source: dict[str, list[TrashPage | RestoreValues]] = {}
        for step in steps:
            by_source.setdefault(step.write.data_source_id, []).append(step)
        for source_id, those in by_source.items():
            pending = {step.page.id: step for step in those}
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
        due: list[TrashPage | RestoreValues] = []
        pages = self._read_again(source_id, batch)
        around = surroundings(self.undo.destinations, frozenset(self._going))
        for step in batch:
            again = list(decide_undo(step.write, pages.get(step.page.id), around))
            writes = [each for each in again if isinstance(each, TrashPage | RestoreValues)]
            known = {(left.write.entry, left.property_id) for left in self.undo.left}
            new_left = [
                each
                for each in again
                if isinstance(each, LeftInPlace)
                and (each.write.entry, each.property_id) not in known
            ]
            self.done += new_left
            if any(_keeps_links(left) for left in new_left):
                self._going.discard(step.page.id)
            if writes:
                due += writes
            else:
                if not new_left:
                    self._note_done(step)
                del pending[step.page.id]
        # Before the writes: an undo that is killed in between passes over pages that are back already.
        for step in due:
            self._remember_as_before(step)
        for step, outcome in run_concurrently(self._send, due, self.place.jobs):
            if isinstance(outcome, Postponed):
                continue
            del pending[step.page.id]
            if outcome:
                self.done.append(LeftInPlace(step.write, outcome, step.page))
                self._going.discard(step.page.id)
            else:
                self._note_done(step)

    def _read_again(
        self, source_id: str, batch: Sequence[TrashPage | RestoreValues]
    ) -> dict[NotionId, Page]:
        since = _began(self.undo.writes) - OVERLAP
        created = created_range(step.page.created_time for step in batch)
        found = self.place.gateway.edited_since(source_id, since, created=created)
        pages = {page.id: page for page in found}
        self._sender.start_batch()
        return pages

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
        self.done.append(step)
        self._written += 1
        self.place.progress("Undoing", self._written, self._count)

    def _remember_as_before(self, step: TrashPage | RestoreValues) -> None:
        """Remember a row as it was remembered before the import, so that it can be imported again."""
        write = step.write
        if not write.identity:
            return
        source_id = NotionId(write.data_source_id)
        if isinstance(step, TrashPage) or write.memory is None:
            self.state.imports.forget_imported(source_id, write.identity)
        else:
            before = ImportedRow(step.page.id, write.memory)
            self.state.imports.save_imported(source_id, [(write.identity, before)])
