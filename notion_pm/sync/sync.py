"""Sync: read what rules need, decide, write one request per changed page, remember.

The order of one run, and why:

1. Take the run lock, so that no other run on this state reads what this one is about to write.
2. Read (`reading.py`) and decide (`rules`). Nothing was changed so far: a run that would change too
   much stops here.
3. Keep what was read. From here on the next run reads only later edits.
4. Keep what is about to be written (the intents), then write (`writing.py`). A run that is killed
   between a write and its answer leaves the intent, and the next run knows that the value is ours.
5. Keep each written page with its baseline as soon as Notion has answered.
6. Show the run on the record page, and keep its outcome in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from notion_pm.errors import NotShared, RequestRefused, UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import BaseValue, Snapshot, SnapshotPage
from notion_pm.model.template import LoadedTemplate
from notion_pm.rules import RuleSet, change_limit_violation, evaluate
from notion_pm.rules.evaluation import Evaluation, PropertyRef
from notion_pm.rules.history import HistoryChange, Moment, changes_between_readings
from notion_pm.rules.intents import Intents, intents_of, recover_interrupted_writes
from notion_pm.rules.quarantine import LOOK_BACK, Quarantine, detect_flapping
from notion_pm.state.cache import Cache
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.state import State
from notion_pm.state.workspace_memory import WorkspaceMemory
from notion_pm.sync.interrupted_read import FULL_READ_AFTER, InterruptedRead
from notion_pm.sync.reading import MOST_LOST_PAGES_FETCHED, Reader, Reading
from notion_pm.sync.summary_on_record_page import SyncSummary, show_on_record_page
from notion_pm.sync.writing import Writer, Written
from notion_pm.workspace.fresh_updates import OVERLAP
from notion_pm.workspace.missing_pages import GONE, MOVED, GonePage, lost_pages
from notion_pm.workspace.run_recording import KEEP_HISTORY, record_run
from notion_pm.workspace.schema_check import require_databases, require_properties
from notion_pm.workspace.sync_context import (
    LoadedWorkspace,
    SyncContext,
    load_workspace,
    template_source,
)

ValuesByPage = Mapping[NotionId, Mapping[str, BaseValue]]
"""What sync left in the properties of pages, by page and property."""

MOST_NAMED_PAGES = 20
"""Maximum number of pages fetched one by one; above this, querying the databases is cheaper."""


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How to sync. `policy` overrides the rules' own `on_conflict`; `force` passes the limits.

    `only`: pages that are known to have been edited. Where the others are known, only these are
    read.
    """

    template: str | None = None
    dry_run: bool = False
    full: bool = False
    force: bool = False
    policy: OnConflict | None = None
    keep_history: timedelta = KEEP_HISTORY
    only: frozenset[NotionId] | None = None


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync did, or would do, with what it takes to show it.

    `vanished`: pages that were known and are gone. `dropped`: pages that were to be written and
    were gone. `kept`: properties that were to be written, until a person set them. `danger`: the
    error a real run would have raised (a dry run only reports it).
    """

    template: LoadedTemplate
    manifest: Manifest
    evaluation: Evaluation
    snapshot: Snapshot
    option_names: Mapping[str, str]
    requests: int
    dry_run: bool
    vanished: tuple[GonePage, ...] = ()
    dropped: tuple[GonePage, ...] = ()
    kept: Mapping[PropertyRef, SnapshotPage] = field(default_factory=dict)
    danger: UnsafeChange | None = None

    @property
    def written(self) -> int:
        """How many pages were changed, or would be in a dry run."""
        return len(self.evaluation.updates) - len(self.dropped)

    @property
    def counts(self) -> Mapping[str, int]:
        """The figures that the history keeps of the run."""
        return {
            "updates": self.written,
            "conflicts": len(self.evaluation.conflicts),
            "proposals": len(self.evaluation.proposals),
            "requests": self.requests,
        }

    @property
    def new_conflicts(self) -> int:
        """How many conflicts no earlier run has reported."""
        return sum(conflict.new for conflict in self.evaluation.conflicts)


def sync(context: SyncContext, options: SyncOptions = SyncOptions()) -> SyncResult:
    """Bring status and evidence up to date in a workspace, by the rules of its template.

    Raises AlreadyRunning; UnsafeChange before the first write (a dry run only reports it);
    IncompleteRead; UsageError when the workspace is not what the rules need.
    """
    requests = context.notion.requests
    with hold_run_lock(context.state_home):
        sent_before = requests.logical
        workspace = load_workspace(context, options.template, fresh=options.full)
        with record_run(
            context,
            workspace.loaded.template.template,
            "sync",
            dry_run=options.dry_run,
            keep=options.keep_history,
        ) as recording:
            result, workspace = _run_on_current_schema(
                context, options, workspace, recording.moment
            )
            if not options.dry_run:
                summary = SyncSummary(result.written, len(result.evaluation.conflicts))
                show_on_record_page(context, workspace, options.template, summary)
            result = replace(result, requests=requests.logical - sent_before)
            recording.outcome = "changed" if result.written else "unchanged"
            recording.details = result.counts
        return result


def _run_on_current_schema(
    context: SyncContext, options: SyncOptions, workspace: LoadedWorkspace, moment: Moment
) -> tuple[SyncResult, LoadedWorkspace]:
    """Run; when Notion refuses because the record is outdated, read the record and run again."""
    try:
        return _run(context, options, workspace, moment), workspace
    except (NotShared, RequestRefused):
        if workspace.is_fresh:
            current = workspace
        else:
            current = load_workspace(context, options.template, fresh=True)
        # These raise an error that names what is gone. Notion's error only has an id.
        rules = RuleSet(current.loaded.template)
        require_databases(context.notion, rules, current.manifest)
        require_properties(context.notion, rules, current.manifest)
        if workspace.is_fresh:
            raise
        return _run(context, replace(options, full=True), current, moment), current


def _run(
    context: SyncContext, options: SyncOptions, workspace: LoadedWorkspace, moment: Moment
) -> SyncResult:
    if workspace.page is not None and not options.dry_run:
        workspace.page.refuse_if_edited()
    with State(context.state_home, workspace.loaded.template.template) as state:
        return _SyncRun(context, options, state, workspace, moment).run()


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a run has read, and what it has decided.

    `recovered`: the baseline of pages that an interrupted run was about to write.
    """

    reading: Reading
    vanished: tuple[GonePage, ...]
    recovered: ValuesByPage
    quarantine: Quarantine
    evaluation: Evaluation


class _SyncRun:
    """One sync of one template."""

    def __init__(
        self,
        context: SyncContext,
        options: SyncOptions,
        state: State,
        workspace: LoadedWorkspace,
        moment: Moment,
    ) -> None:
        self._context = context
        self._options = options
        self._state = state
        self._loaded = workspace.loaded
        self._manifest = workspace.manifest
        self._moment = moment
        self._rules = RuleSet(workspace.loaded.template)
        self._memory = state.workspace.read() or WorkspaceMemory(template_source(self._loaded))
        self._kept_unwritten: set[NotionId] = set()
        self._reader = Reader(
            context.notion,
            self._rules,
            self._manifest,
            jobs=context.jobs,
            progress=context.progress,
        )

    def run(self) -> SyncResult:
        known = self._state.pages.read()
        baseline = self._state.baseline.read()
        intents = self._state.baseline.intents()

        decision = self._read_and_decide(known, baseline, intents)
        danger = None
        if not self._options.force:
            danger = change_limit_violation(
                self._rules.schema, decision.evaluation, decision.reading.snapshot
            )
        if danger is not None and not self._options.dry_run:
            raise danger

        if self._options.dry_run:
            written = Written(decision.reading)
            evaluation = decision.evaluation
        else:
            self._save_reading(decision, known, intents)
            written, evaluation = self._write(decision, {**baseline, **decision.recovered})
        return self._result(decision, written, evaluation, danger)

    def _result(
        self,
        decision: _Decision,
        written: Written,
        evaluation: Evaluation,
        danger: UnsafeChange | None,
    ) -> SyncResult:
        known_names = self._state.pages.option_names()
        return SyncResult(
            template=self._loaded,
            manifest=self._manifest,
            evaluation=evaluation,
            snapshot=written.reading.snapshot,
            option_names={
                **known_names,
                **written.reading.option_names,
                **written.option_names,
            },
            requests=0,
            dry_run=self._options.dry_run,
            vanished=decision.vanished,
            dropped=tuple(written.dropped),
            kept=written.kept,
            danger=danger,
        )

    # --- reading and deciding

    def _read_and_decide(self, known: Cache, baseline: ValuesByPage, intents: Intents) -> _Decision:
        """Read and decide, so that each page that is written, or is a reason for it, was read now.

        With `only`, the first reading has just the named pages. Example: a webhook names a feature.
        Its initiative is to be written, because of five other features. All of them come from the
        cache, and people may have edited them since. So they are read too, and it is decided again,
        until nothing new is involved.
        """
        only = self._options.only
        while True:
            reading, vanished = self._read(known, only)
            decision = self._decide(reading, vanished, baseline, intents)
            if only is None or reading.is_full:
                return decision
            involved = _involved_pages(decision.evaluation)
            if involved <= only:
                return decision
            only = only | involved
            # Each round adds pages, so this limit also ends the loop.
            if len(only) > MOST_NAMED_PAGES:
                only = None

    def _decide(
        self,
        reading: Reading,
        vanished: tuple[GonePage, ...],
        baseline: ValuesByPage,
        intents: Intents,
    ) -> _Decision:
        recovered = recover_interrupted_writes(baseline, intents, reading.snapshot)
        last_runs = self._state.history.changes_of_last_syncs(LOOK_BACK, besides=self._moment.run)
        quarantine = Quarantine(self._state.quarantine.read(), detect_flapping(last_runs))
        evaluation = self._evaluate(reading.snapshot, {**baseline, **recovered}, quarantine)
        return _Decision(reading, vanished, recovered, quarantine, evaluation)

    def _evaluate(
        self, snapshot: Snapshot, baseline: ValuesByPage, quarantine: Quarantine
    ) -> Evaluation:
        return evaluate(
            self._rules,
            snapshot,
            baseline,
            today=self._context.now.date(),
            policy=self._options.policy,
            quarantine=quarantine,
        )

    def _read(
        self, known: Cache, only: frozenset[NotionId] | None
    ) -> tuple[Reading, tuple[GonePage, ...]]:
        """Read what is needed; return it with the known pages that are gone."""
        is_usable = self._memory.scope == self._reader.scope
        if not is_usable or self._full_read_is_due():
            return self._read_all(known if is_usable else None)

        if only is None:
            reading = self._reader.read_edited(known, self._notion_now)
        else:
            reading = self._reader.read_named(known, only, self._notion_now)
        # Each page that is gone was asked for by its id, and Notion said why. So no check is needed
        # whether the connection has lost access to the whole database.
        lost = lost_pages(known, reading.snapshot, force=True)
        gone = [GonePage(page, reading.absent.get(page.id, MOVED)) for page in lost]
        return reading, tuple(gone)

    def _read_all(self, known: Cache | None) -> tuple[Reading, tuple[GonePage, ...]]:
        """Read everything, and resume a full read that was interrupted."""
        now = self._notion_now
        interrupted = None
        if not self._options.dry_run:  # a dry run keeps nothing
            interrupted = InterruptedRead(self._state, self._reader.scope, now)
            if self._options.full:
                interrupted.discard()

        reading = self._reader.read_all(now, interrupted=interrupted, earlier=known)
        if known is None:
            return reading, ()
        # A database in the trash returns no rows: that is not the same as all its pages deleted.
        require_databases(self._context.notion, self._rules, self._manifest)
        lost = lost_pages(known, reading.snapshot, force=self._options.force)
        if len(lost) <= MOST_LOST_PAGES_FETCHED:
            return self._reader.explain_lost_pages(reading, lost)
        if interrupted is None or not interrupted.is_resumed:
            return reading, tuple(GonePage(page, GONE) for page in lost)
        # Too many to ask for one by one, and a resumed read can miss pages. Only an uninterrupted
        # read can show that they are gone.
        interrupted.discard()
        return self._read_all(known)

    def _full_read_is_due(self) -> bool:
        last = self._memory.read_in_full
        if self._options.full or last is None:
            return True
        return self._context.now - last >= FULL_READ_AFTER

    @property
    def _notion_now(self) -> datetime:
        """When this run began, by Notion's clock as far as it is known."""
        return self._context.now - self._memory.ahead

    # --- writing and remembering

    def _save_reading(self, decision: _Decision, known: Cache, intents: Intents) -> None:
        """Store what was read, and the changes of people that it shows."""
        reading = decision.reading
        vanished = [gone.page for gone in decision.vanished]
        # A database that was never read has no pages that could have changed.
        before = {database: known.pages.get(database, {}) for database in known.marks}
        changes: Iterable[HistoryChange] = changes_between_readings(
            self._moment, before, reading.changed, vanished, intents
        )
        self._state.save_reading(
            reading.changed,
            reading.marks,
            reading.absent,
            is_full=reading.is_full,
            changes=changes,
        )
        if not reading.is_full:  # a full reading has replaced all pages
            for page in vanished:
                self._state.forget_page(page.id, reading.absent.get(page.id, GONE))
        self._state.pages.save_option_names(reading.option_names)

        # The workspace's memory last: it says that the cache is of this scope and complete. A run
        # that is killed before reads again.
        read_in_full = self._memory.read_in_full
        if reading.is_full:
            read_in_full = reading.began + self._memory.ahead  # by our clock
        self._memory = replace(
            self._memory,
            source=template_source(self._loaded),
            manifest=self._manifest,
            scope=self._reader.scope,
            read_in_full=read_in_full,
        )
        self._state.workspace.save(self._memory)

    def _write(self, decision: _Decision, baseline: ValuesByPage) -> tuple[Written, Evaluation]:
        """Write the updates; return what was written, and the last evaluation.

        It differs from the decision where people have changed pages since.
        """
        self._begin_writing(decision.evaluation, decision.recovered)
        decide_again = partial(self._decide_again, baseline, decision.quarantine)
        writer = Writer(self._context, self._state, self._reader, self._moment, decide_again)
        written, evaluation = writer.write(decision.reading, decision.evaluation)
        names = {**written.reading.option_names, **written.option_names}
        self._state.pages.save_option_names(names)
        if written.began is not None:
            self._compare_clocks(written.began, decision.reading)
        return written, replace(evaluation, updates=tuple(written.updates))

    def _decide_again(
        self, baseline: ValuesByPage, quarantine: Quarantine, fresh: Reading, written: Written
    ) -> Evaluation:
        """Decide on what people have changed since, and keep their changes.

        Pages that this run has not written are compared with the baseline from before the run. So a
        new conflict is still new, and a page that has just entered a status still has.
        """
        edits = changes_between_readings(self._moment, written.reading.pages, fresh.changed, (), {})
        self._state.save_reading(fresh.changed, {}, fresh.absent, changes=edits)
        known_values = {**baseline, **written.memories}
        evaluation = self._evaluate(fresh.snapshot, known_values, quarantine)
        self._refuse_too_many_changes(evaluation, fresh, written)

        # An update that is no longer wanted must not be taken for our write by a later run.
        due = {update.page.id for update in evaluation.updates}
        no_longer_due: dict[NotionId, Mapping[str, BaseValue]] = {}
        for page_id in self._state.baseline.intents():
            if page_id not in due and fresh.has(page_id):
                no_longer_due[page_id] = {}
        # This run has replaced the baseline of pages that it did not have to write. Where the page
        # has its former value again, the former baseline must come back.
        restored = {
            page_id: known_values[page_id]
            for page_id in self._kept_unwritten - evaluation.baseline.keys()
            if page_id in known_values
        }
        self._begin_writing(evaluation, {**no_longer_due, **restored})
        return evaluation

    def _refuse_too_many_changes(
        self, evaluation: Evaluation, fresh: Reading, written: Written
    ) -> None:
        """Apply the limits to all updates of this run: those that were written and those to
        come.
        """
        if self._options.force:
            return
        all_updates = replace(evaluation, updates=(*written.updates, *evaluation.updates))
        progress = (
            f"People changed pages during this run: {len(written.updates)} pages were written, "
            "the others were not."
        )
        danger = change_limit_violation(self._rules.schema, all_updates, fresh.snapshot, progress)
        if danger is not None:
            raise danger

    def _begin_writing(self, evaluation: Evaluation, settled: ValuesByPage) -> None:
        """Keep the quarantine, what is about to be written, and the baseline of all other pages.

        `settled`: the baseline of pages whose earlier intents are done with.
        """
        released = self._state.quarantine.read().keys() - evaluation.quarantined.keys()
        self._state.quarantine.save(evaluation.quarantined, released=released)
        intents = intents_of(evaluation)
        not_written = {
            page_id: values
            for page_id, values in evaluation.baseline.items()
            if page_id not in intents
        }
        self._kept_unwritten.update(not_written)
        self._state.begin_writing({**settled, **not_written}, intents)

    def _compare_clocks(self, began: datetime, reading: Reading) -> None:
        """Learn from the first answer to a write whether our clock is ahead of Notion's.

        If it is, edits that people made between Notion's time and ours would be missed.
        """
        ahead = self._context.now - began
        # Notion's times are whole minutes, and up to a minute late.
        self._memory = replace(self._memory, ahead=ahead if ahead > OVERLAP else timedelta())
        self._state.workspace.save(self._memory)
        self._state.save_reading((), dict.fromkeys(reading.marks, self._notion_now), {})


def _involved_pages(evaluation: Evaluation) -> frozenset[NotionId]:
    """Return the pages that are to be written, and those that are the reason."""
    involved: set[NotionId] = set()
    for update in evaluation.updates:
        involved.add(update.page.id)
        for change in update.changes:
            involved.update(change.because)
    return frozenset(involved)
