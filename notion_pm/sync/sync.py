"""Sync: read what rules need, decide, write one request per changed page, remember."""

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
from notion_pm.sync.reading import ASK_AT_MOST, Reader, Reading, changes_read
from notion_pm.sync.summary_on_record_page import Told, tell_workspace
from notion_pm.sync.unfinished_read import FULL_AFTER, Unfinished
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

Memories = Mapping[NotionId, Mapping[str, BaseValue]]
"""What is to be remembered of pages, by page and property."""
ONE_BY_ONE = 20
"""So many pages are asked for by their ids at most: beyond it a query of each database is cheaper."""


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How to sync. `policy` overrides the rules' own `on_conflict`; `force` passes the thresholds.

    `only`: pages that somebody has said were edited; where the others are known, these alone are read.
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
    """What a sync came to, with what it takes to show it."""

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
    """Properties that were to be written, until a person set them."""
    danger: UnsafeChange | None = None
    """What would stop this run, were it no dry one."""

    @property
    def written(self) -> int:
        """How many pages were changed, or would be in a dry run."""
        return len(self.evaluation.updates) - len(self.dropped)

    @property
    def counts(self) -> Mapping[str, int]:
        """The figures that are remembered of the run."""
        evaluation = self.evaluation
        return {
            "updates": self.written,
            "conflicts": len(evaluation.conflicts),
            "proposals": len(evaluation.proposals),
            "requests": self.requests,
        }

    @property
    def new_conflicts(self) -> int:
        """How many conflicts no earlier run has told."""
        return sum(each.new for each in self.evaluation.conflicts)


def sync(place: SyncContext, options: SyncOptions = SyncOptions()) -> SyncResult:
    """Carry status and evidence along the relations of a workspace, by the rules of its template.

    Raises AlreadyRunning, UnsafeChange before the first write (a dry run only tells of it), IncompleteRead, UsageError
    when the workspace is not what the rules need.
    """
    with hold_run_lock(place.state_home):
        before = place.gateway.requests.logical
        opened = load_workspace(place, options.template, fresh=options.full)
        name, keep = opened.loaded.template.template, options.keep_history
        with record_run(place, name, "sync", dry_run=options.dry_run, keep=keep) as recording:
            result, opened = _run_on_what_is_there(place, options, opened, recording.moment)
            if not options.dry_run:
                tell_workspace(
                    place,
                    opened,
                    options.template,
                    Told(result.written, len(result.evaluation.conflicts)),
                )
            result = replace(result, requests=place.gateway.requests.logical - before)
            recording.outcome, recording.told = (
                "changed" if result.written else "unchanged",
                result.counts,
            )
        return result


def _run_on_what_is_there(
    place: SyncContext, options: SyncOptions, opened: LoadedWorkspace, moment: Moment
) -> tuple[SyncResult, LoadedWorkspace]:
    try:
        return _run(place, options, opened, moment), opened
    except (NotShared, RequestRefused):
        # what is remembered of the workspace does not fit it any more: read everything anew
        anew = opened if opened.fresh else load_workspace(place, options.template, fresh=True)
        rules = RuleSet(anew.loaded.template)
        require_databases(place.gateway, rules, anew.manifest)
        require_properties(place.gateway, rules, anew.manifest)
        if opened.fresh:
            raise
        return _run(place, replace(options, full=True), anew, moment), anew


def _run(
    place: SyncContext, options: SyncOptions, opened: LoadedWorkspace, moment: Moment
) -> SyncResult:
    if opened.page is not None and not options.dry_run:
        opened.page.refuse_if_edited()
    with State(place.state_home, opened.loaded.template.template) as state:
        return _Run(place, options, state, opened, moment).finished()


def _involved(evaluation: Evaluation) -> frozenset[NotionId]:
    """The pages that are to be written, and those that are the reason."""
    reasons = (
        id for update in evaluation.updates for change in update.changes for id in change.because
    )
    return frozenset((*reasons, *(update.page.id for update in evaluation.updates)))


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a run has read, and what it has decided."""

    reading: Reading
    vanished: tuple[GonePage, ...]
    interrupted: Memories
    quarantine: Quarantine
    evaluation: Evaluation


class _Run:
    """One sync of one template."""

    def __init__(
        self,
        place: SyncContext,
        options: SyncOptions,
        state: State,
        opened: LoadedWorkspace,
        moment: Moment,
    ) -> None:
        self._place = place
        self._moment = moment
        self._options = options
        self._state = state
        self._loaded = opened.loaded
        self._manifest = opened.manifest
        self._rules = RuleSet(opened.loaded.template)
        self._remembered = state.workspace.read() or WorkspaceMemory(template_source(opened.loaded))
        self._at_rest: set[NotionId] = set()

    def finished(self) -> SyncResult:
        reader = Reader(
            self._place.gateway,
            self._rules,
            self._manifest,
            jobs=self._place.jobs,
            progress=self._place.progress,
        )
        known = self._state.pages.read()
        remembered, intents = self._state.baseline.read(), self._state.baseline.intents()
        looked = self._looked(reader, known, remembered, intents)
        reading, evaluation = looked.reading, looked.evaluation
        danger = (
            None
            if self._options.force
            else change_limit_violation(self._rules.schema, evaluation, reading.snapshot)
        )
        if danger and not self._options.dry_run:
            raise danger
        written = Written(reading)
        if not self._options.dry_run:
            vanished = [each.page for each in looked.vanished]
            changes = changes_read(self._moment, known, reading, vanished, intents)
            self._keep(reader, reading, vanished, changes)
            written, evaluation = self._carried_out(
                reader, looked, {**remembered, **looked.interrupted}
            )
        return SyncResult(
            template=self._loaded,
            manifest=self._manifest,
            evaluation=evaluation,
            snapshot=written.reading.snapshot,
            option_names={
                **self._state.pages.option_names(),
                **written.reading.option_names,
                **written.option_names,
            },
            requests=0,
            dry_run=self._options.dry_run,
            vanished=looked.vanished,
            dropped=tuple(written.dropped),
            kept=written.kept,
            danger=danger,
        )

    def _looked(
        self, reader: Reader, known: Cache, remembered: Memories, intents: Intents
    ) -> _Looked:
        """Read and decide. What is written, and because of which pages, was read just now: people edit meanwhile."""
        only = self._options.only
        while True:
            reading, vanished = self._read(reader, known, only)
            looked = self._decided(reading, vanished, remembered, intents)
            if only is None or reading.full or (involved := _involved(looked.evaluation)) <= only:
                return looked
            only = only | involved if len(only | involved) <= ONE_BY_ONE else None

    def _decided(
        self,
        reading: Reading,
        vanished: tuple[GonePage, ...],
        remembered: Memories,
        intents: Intents,
    ) -> _Looked:
        interrupted = recover_interrupted_writes(remembered, intents, reading.snapshot)
        flipping = detect_flapping(
            self._state.history.changes_of_last_syncs(LOOK_BACK, besides=self._moment.run)
        )
        quarantine = Quarantine(self._state.quarantine.read(), flipping)
        evaluation = self._evaluated(reading.snapshot, {**remembered, **interrupted}, quarantine)
        return _Looked(reading, vanished, interrupted, quarantine, evaluation)

    def _evaluated(
        self, snapshot: Snapshot, baseline: Memories, quarantine: Quarantine
    ) -> Evaluation:
        today, policy = self._place.now.date(), self._options.policy
        return evaluate(
            self._rules, snapshot, baseline, today=today, policy=policy, quarantine=quarantine
        )

    def _read(
        self, reader: Reader, known: Cache, only: frozenset[NotionId] | None
    ) -> tuple[Reading, tuple[GonePage, ...]]:
        """Read what is needed; tell also which pages are no longer there."""
        cache = known if self._remembered.scope == reader.scope else None
        if cache is not None and not self._is_due():
            reading = reader.read(cache, now=self._notions_now, only=only)
            # what is gone was asked for by its id, so that no access can have been lost unnoticed
            lost = lost_pages(cache, reading.snapshot, force=True)
            return reading, tuple(
                GonePage(page, reading.absent.get(page.id, MOVED)) for page in lost
            )
        return self._read_in_full(reader, cache)

    def _read_in_full(
        self, reader: Reader, cache: Cache | None
    ) -> tuple[Reading, tuple[GonePage, ...]]:
        """Read everything, going on where a full read was broken off; a dry run leaves no part behind."""
        now, anew = self._notions_now, self._options.full
        unfinished = (
            None if self._options.dry_run else Unfinished(self._state, reader.scope, now, anew=anew)
        )
        reading = reader.read(None, now=now, unfinished=unfinished, earlier=cache)
        if cache is None:
            return reading, ()
        require_databases(self._place.gateway, self._rules, self._manifest)
        lost = lost_pages(cache, reading.snapshot, force=self._options.force)
        if len(lost) <= ASK_AT_MOST:
            return reader.told_apart(reading, lost)
        if unfinished is None or not unfinished.is_resumed:
            return reading, tuple(GonePage(page, GONE) for page in lost)
        unfinished.forget()  # too many to ask for: that they are gone must come from one whole read
        return self._read_in_full(reader, cache)

    def _is_due(self) -> bool:
        """Whether everything is to be read anew."""
        last = self._remembered.read_in_full
        return self._options.full or last is None or self._place.now - last >= FULL_AFTER

    def _carried_out(
        self, reader: Reader, looked: _Looked, baseline: Memories
    ) -> tuple[Written, Evaluation]:
        """Write the updates; return what was written, and what the rules come to in the end.

        That differs from what was `looked` at where people changed pages since.
        """
        self._begin_writing(looked.evaluation, looked.interrupted)
        decide_again = partial(self._decide_again, baseline, looked.quarantine)
        writer = Writer(self._place, self._state, reader, self._moment, decide_again)
        written, evaluation = writer.write(looked.reading, looked.evaluation)
        self._state.pages.save_option_names(
            {**written.reading.option_names, **written.option_names}
        )
        if written.began is not None:
            self._compare_clocks(written.began, looked.reading)
        return written, replace(evaluation, updates=tuple(written.updates))

    def _decide_again(
        self, baseline: Memories, quarantine: Quarantine, fresh: Reading, written: Written
    ) -> Evaluation:
        """Decide on what people have changed since, and remember that they did.

        Pages that this run has not written are compared with the baseline from before the run. So a
        conflict is still a new one, and a page has still just entered a status.
        """
        edits = changes_between_readings(self._moment, written.reading.pages, fresh.changed, (), {})
        self._state.save_reading(fresh.changed, {}, fresh.absent, changes=edits)
        evaluation = self._evaluated(fresh.snapshot, {**baseline, **written.memories}, quarantine)
        if not self._options.force:
            in_all = replace(evaluation, updates=(*written.updates, *evaluation.updates))
            done = f"People changed pages meanwhile; {len(written.updates)} pages are written, the rest are not."
            danger = change_limit_violation(self._rules.schema, in_all, fresh.snapshot, done)
            if danger:
                raise danger
        # What is no longer to be written must not be taken for a write of ours another time.
        due = {update.page.id for update in evaluation.updates}
        dropped = [
            page_id
            for page_id in self._state.baseline.intents()
            if page_id not in due and fresh.has(page_id)
        ]
        # A memory that was kept in this run and that is again as before would not be kept otherwise.
        known = {**baseline, **written.memories}
        as_before = {
            id: known[id] for id in self._at_rest - evaluation.baseline.keys() if id in known
        }
        self._begin_writing(evaluation, {**{page_id: {} for page_id in dropped}, **as_before})
        return evaluation

    def _begin_writing(self, evaluation: Evaluation, taken_up: Memories) -> None:
        """Remember what is in quarantine, what is about to be written, and what the other pages hold."""
        self._state.quarantine.save(
            evaluation.quarantined,
            released=self._state.quarantine.read().keys() - evaluation.quarantined.keys(),
        )
        intents = intents_of(evaluation)
        at_rest = {id: each for id, each in evaluation.baseline.items() if id not in intents}
        self._at_rest.update(at_rest)
        self._state.begin_writing({**taken_up, **at_rest}, intents)

    def _compare_clocks(self, began: datetime, reading: Reading) -> None:
        """Learn from the answers to our writes whether our clock is ahead of Notion's: its edits would be missed."""
        ahead = self._place.now - began
        self._remembered = replace(
            self._remembered, ahead=ahead if ahead > OVERLAP else timedelta()
        )
        self._state.workspace.save(self._remembered)
        self._state.save_reading((), dict.fromkeys(reading.marks, self._notions_now), {})

    @property
    def _notions_now(self) -> datetime:
        """When this run began, by Notion's clock as far as it is known."""
        return self._place.now - self._remembered.ahead

    def _keep(
        self,
        reader: Reader,
        reading: Reading,
        vanished: Iterable[SnapshotPage],
        changes: Iterable[HistoryChange],
    ) -> None:
        """Remember what was read, and what it tells that has happened."""
        self._state.save_reading(
            reading.changed, reading.marks, reading.absent, is_full=reading.full, changes=changes
        )
        for page in () if reading.full else vanished:
            self._state.forget_page(page.id, reading.absent.get(page.id, GONE))
        self._state.pages.save_option_names(reading.option_names)
        read_in_full = (
            reading.began + self._remembered.ahead
            if reading.full
            else self._remembered.read_in_full
        )
        self._remembered = replace(
            self._remembered,
            source=template_source(self._loaded),
            manifest=self._manifest,
            scope=reader.scope,
            read_in_full=read_in_full,
        )
        self._state.workspace.save(self._remembered)
