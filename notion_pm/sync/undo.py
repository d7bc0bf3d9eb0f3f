"""Undo the last sync that wrote something, where pages still hold what it wrote.

A value that is undone counts as a person's decision: the next sync reports it once as a conflict
and leaves it, until the rules want something else or a person sets or empties it. An undo that was
interrupted is run again: values that are back already need nothing.
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
from notion_pm.sync.snapshot import CurrentPages, read_current_pages
from notion_pm.sync.sync import SyncResult
from notion_pm.sync.writing import Writer, Written
from notion_pm.workspace.run_recording import record_run
from notion_pm.workspace.sync_context import SyncContext, load_workspace

CHANGED_SINCE = "it was changed since"
GONE = "the page is no longer there"
LOCKED = "the page is locked"


@dataclass(frozen=True, slots=True)
class NotUndone:
    """A value that is not undone, and why."""

    change: HistoryChange
    reason: str


@dataclass(frozen=True, slots=True)
class SyncUndo:
    """What an undo of a run would do, or has done. `written`: what the run wrote."""

    run: RunRecord
    written: tuple[HistoryChange, ...]
    result: SyncResult
    not_undone: tuple[NotUndone, ...]
    current: CurrentPages

    @property
    def updates(self) -> tuple[PageUpdate, ...]:
        """The pages that get their former values: one request each."""
        return self.result.evaluation.updates


def plan_undo(context: SyncContext, template: str | None) -> SyncUndo:
    """Return what an undo of the last sync would do. One request per database, nothing is written.

    Raises UsageError when no sync that wrote something is in the history.
    """
    sent_before = context.notion.requests.logical
    workspace = load_workspace(context, template)
    with State(context.state_home, workspace.loaded.template.template) as state:
        run, written = _find_last_writes(state)
        current = read_current_pages(context, state, workspace)
    evaluation = _evaluate(current, run, written)
    requests = context.notion.requests.logical - sent_before
    result = current.as_sync_result(evaluation, requests=requests, dry_run=True)
    not_undone = tuple(_find_not_undone(current, written))
    return SyncUndo(run, tuple(written), result, not_undone, current)


def undo_sync(context: SyncContext, undo: SyncUndo) -> SyncUndo:
    """Write the former values, each kept in the state as soon as it has succeeded.

    Return what was undone and what was not, also because people have changed it since the plan.
    """
    current = undo.current
    template = undo.result.template.template.template

    def decide_again(fresh: Reading, _: Written) -> Evaluation:
        return _evaluate(replace(current, reading=fresh), undo.run, undo.written)

    with (
        record_run(context, template, "undo") as recording,
        State(context.state_home, template) as state,
    ):
        # The quarantine comes before the first write: a run that is killed after a write would
        # leave a value that the next sync sets again. Quarantine for values that were not written
        # is released at the end.
        planned = dict(_quarantine(undo.updates, undo.run))
        state.quarantine.save(planned)
        writer = Writer(
            context, state, current.reader, recording.moment, decide_again, actor="undo"
        )
        written, evaluation = writer.write(current.reading, undo.result.evaluation)
        needed = dict(_quarantine(written.updates, undo.run))
        state.quarantine.save({}, released=planned.keys() - needed.keys())
        recording.outcome = "changed" if written.updates else "unchanged"
        recording.details = {"undone": undo.run.id, "updates": len(written.updates)}

    done = replace(evaluation, updates=tuple(written.updates))
    not_undone = _find_not_undone(replace(current, reading=written.reading), undo.written)
    return replace(undo, result=replace(undo.result, evaluation=done), not_undone=tuple(not_undone))


def _find_last_writes(state: State) -> tuple[RunRecord, list[HistoryChange]]:
    # Only the last sync that wrote can be undone: values of earlier ones may be the reason for
    # later ones.
    for run in reversed(state.history.runs()):
        if run.kind != "sync":
            continue
        written = state.history.changes_in(run.id, "rule")
        if written:
            return run, written
    raise UsageError(
        "No sync that changed something is in the history here, so there is nothing to undo.",
        "The history is kept where the sync ran. List it with  notion-pm history",
    )


def _find_not_undone(
    current: CurrentPages, written: Iterable[HistoryChange]
) -> Iterator[NotUndone]:
    """Yield the values that an undo keeps. Values that are already back are not among them."""
    for change in written:
        page = current.page(change.page)
        if page is None:
            yield NotUndone(change, GONE)
            continue
        value = page.values.get(change.property)
        if same_value(value, change.before):
            continue
        if _is_locked(current.rules.schema, page):
            yield NotUndone(change, LOCKED)
        elif not same_value(value, change.after):
            yield NotUndone(change, CHANGED_SINCE)


def _is_locked(schema: TemplateSchema, page: SnapshotPage) -> bool:
    lock = schema.template.databases[page.database].lock
    return lock is not None and page.values.get(lock) is True


def _evaluate(
    current: CurrentPages, run: RunRecord, written: Sequence[HistoryChange]
) -> Evaluation:
    """Return the updates that undo what a run wrote, without what must stay as it is."""
    staying = {not_undone.change for not_undone in _find_not_undone(current, written)}
    changes_by_page: dict[NotionId, list[Change]] = {}
    for written_change in written:
        page = current.page(written_change.page)
        if page is None or written_change in staying:
            continue
        if same_value(page.values.get(written_change.property), written_change.before):
            continue  # already back: an earlier undo was interrupted after this write
        undoing = Change(
            property=written_change.property,
            before=written_change.after,
            after=written_change.before,
            rules=written_change.rules,
            why=f"Undo of {run.id}.",
            because=written_change.because,
        )
        changes_by_page.setdefault(page.id, []).append(undoing)

    updates = []
    for page_id, changes in changes_by_page.items():
        page = current.page(page_id)
        assert page is not None
        updates.append(PageUpdate(page, tuple(changes)))
    return Evaluation(tuple(updates))


def _quarantine(
    updates: Iterable[PageUpdate], run: RunRecord
) -> Iterator[tuple[PropertyRef, QuarantinedValue]]:
    for update in updates:
        for change in update.changes:
            value = QuarantinedValue(change.after, change.before, UNDONE, (run.id,))
            yield (update.page.id, change.property), value
