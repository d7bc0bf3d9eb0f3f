"""Undo of the last sync that wrote something: its writes played backwards, where pages still hold what it wrote.

What is set back counts as a person's decision: the next sync tells it as a conflict, once, and leaves it until what the
rules say moves on, or a person sets or empties it. Interrupted, it is run again: what is back already is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, same_value
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.evaluation import Change, Evaluation, PageUpdate, PropertyRef, QuarantinedValue
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.quarantine import UNDONE
from notion_pm.state.history import RunRecord
from notion_pm.state.state import State
from notion_pm.sync.reading import Reading
from notion_pm.sync.snapshot import Look, look
from notion_pm.sync.sync import SyncResult
from notion_pm.sync.writing import Writer, Written
from notion_pm.workspace.run_recording import record_run
from notion_pm.workspace.sync_context import SyncContext, load_workspace

CHANGED_SINCE = "it was changed since"
GONE = "the page is no longer there"
LOCKED = "the page is locked"


@dataclass(frozen=True, slots=True)
class Left:
    """A write that is not undone, and why."""

    change: HistoryChange
    reason: str


@dataclass(frozen=True, slots=True)
class SyncUndo:
    """What an undo of a run would do, or has done. `written`: what the run had written."""

    run: RunRecord
    written: tuple[HistoryChange, ...]
    result: SyncResult
    left: tuple[Left, ...]
    looked: Look

    @property
    def updates(self) -> tuple[PageUpdate, ...]:
        """The pages that are set back: one request each."""
        return self.result.evaluation.updates


def plan_undo(place: SyncContext, template: str | None) -> SyncUndo:
    """Return what an undo of the last sync would do; a request per database, nothing is written.

    Raises UsageError when no sync that wrote something is remembered.
    """
    before = place.gateway.requests.logical
    opened = load_workspace(place, template)
    with State(place.state_home, opened.loaded.template.template) as state:
        run, written = _last_writes(state)
        looked = look(place, state, opened)
    evaluation = _evaluation(looked, run, written)
    requests = place.gateway.requests.logical - before
    result = looked.result(evaluation, requests=requests, dry_run=True)
    return SyncUndo(run, tuple(written), result, tuple(_left(looked, written)), looked)


def undo_sync(place: SyncContext, undo: SyncUndo) -> SyncUndo:
    """Set back what a look has found, side by side, each remembered as soon as it has succeeded.

    Return what was set back, and what is left: also what people have changed since the look.
    """
    looked = undo.looked
    name = undo.result.template.template.template

    def decide_again(fresh: Reading, _: Written) -> Evaluation:
        return _evaluation(replace(looked, reading=fresh), undo.run, undo.written)

    with record_run(place, name, "undo") as recording, State(place.state_home, name) as state:
        holds = dict(_holds(undo.updates, undo.run))
        state.quarantine.save(holds)
        writer = Writer(place, state, looked.reader, recording.moment, decide_again, actor="undo")
        written, evaluation = writer.write(looked.reading, undo.result.evaluation)
        state.quarantine.save(
            {}, released=holds.keys() - dict(_holds(written.updates, undo.run)).keys()
        )
        recording.outcome = "changed" if written.updates else "unchanged"
        recording.details = {"undone": undo.run.id, "updates": len(written.updates)}
    done = replace(evaluation, updates=tuple(written.updates))
    left = _left(replace(looked, reading=written.reading), undo.written)
    return replace(undo, result=replace(undo.result, evaluation=done), left=tuple(left))


def _last_writes(state: State) -> tuple[RunRecord, list[HistoryChange]]:
    for run in reversed(state.history.runs()):
        if run.kind == "sync" and (written := state.history.changes_in(run.id, "rule")):
            return run, written
    raise UsageError(
        "No sync that changed something is remembered here, so there is nothing to undo.",
        "It is remembered where it ran; notion-pm history  lists what is.",
    )


def _left(looked: Look, written: Iterable[HistoryChange]) -> Iterator[Left]:
    """Yield what stays and needs a word; what is back already does not."""
    for change in written:
        page = looked.page(change.page)
        if page is None:
            yield Left(change, GONE)
        elif same_value(page.values.get(change.property), change.before):
            continue
        elif _is_locked(looked.rules.schema, page):
            yield Left(change, LOCKED)
        elif not same_value(page.values.get(change.property), change.after):
            yield Left(change, CHANGED_SINCE)


def _is_locked(vocabulary: TemplateSchema, page: SnapshotPage) -> bool:
    lock = vocabulary.template.databases[page.database].lock
    return lock is not None and page.values.get(lock) is True


def _evaluation(looked: Look, run: RunRecord, written: Sequence[HistoryChange]) -> Evaluation:
    """Return the updates that set back what a run has written and what nobody has changed since."""
    stays = {left.change for left in _left(looked, written)}
    back = [change for change in written if change not in stays]
    return Evaluation(tuple(_updates(looked, back, run)))


def _updates(
    looked: Look, changes: Iterable[HistoryChange], run: RunRecord
) -> Iterator[PageUpdate]:
    """Yield the changes backwards, page by page."""
    back: dict[NotionId, list[Change]] = {}
    for each in changes:
        page = looked.page(each.page)
        if page is not None and not same_value(page.values.get(each.property), each.before):
            change = Change(
                each.property,
                each.after,
                each.before,
                each.rules,
                f"Undo of {run.id}.",
                each.because,
            )
            back.setdefault(each.page, []).append(change)
    for page_id, those in back.items():
        page = looked.page(page_id)
        assert page is not None
        yield PageUpdate(page, tuple(those))


def _holds(
    updates: Iterable[PageUpdate], run: RunRecord
) -> Iterator[tuple[PropertyRef, QuarantinedValue]]:
    for update in updates:
        for change in update.changes:
            yield (
                (update.page.id, change.property),
                QuarantinedValue(change.after, change.before, UNDONE, (run.id,)),
            )
