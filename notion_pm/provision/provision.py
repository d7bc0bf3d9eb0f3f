"""The story of `plan` and `apply`: read what exists, plan, carry the plan out, prove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notion_pm.errors import CreatedTwice, NotConverged
from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import PropertyValue
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.notion.write_journal import UNRECORDED, Recorder
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.apply.apply_state import ApplyState
from notion_pm.provision.apply.operations import ApplyRun
from notion_pm.provision.apply.scheduler import run_all
from notion_pm.provision.apply.twins import Twins
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import OperationKind
from notion_pm.provision.plan.order.starter_rows import RowName
from notion_pm.provision.plan.plan import Plan, make_plan
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.provision.plan.twins import twin_search
from notion_pm.provision.reading import Reading, read, read_for
from notion_pm.workspace.lock import Claimant, WorkspaceLock, workspace_lock
from notion_pm.workspace.parent_page import check_parent, list_parent_page
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.record import locked_record, not_made_by_apply_error

__all__ = [
    "AppliedRow",
    "ApplyResult",
    "PlanChanged",
    "PlanOptions",
    "Reading",
    "apply",
    "plan",
    "plan_workspace",
    "plan_workspace_again",
    "read",
    "read_for",
]


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """A starter row as this apply, or the interrupted one before it, wrote it; values by property key."""

    database: str
    key: str
    page_id: NotionId
    values: Mapping[str, PropertyValue]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply did. `planned` and `sent` count requests from the first read to the proof.

    `twins` names what was created twice, by a repeated request, and went to the trash again.
    """

    changes: tuple[Change, ...]
    planned: int
    sent: int
    applied_rows: tuple[AppliedRow, ...] = ()
    manifest: Manifest | None = None
    twins: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return the result as JSON data with stable keys."""
        return {
            "changes": [each.as_data() for each in self.changes],
            "requests": {"planned": self.planned, "sent": self.sent},
            "twins_trashed": list(self.twins),
        }


def plan_workspace(
    gateway: NotionClient,
    parent_id: NotionId,
    reference: str | None,
    values: Mapping[str, str] | None = None,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
    *,
    first: str | None = None,
    jobs: int = 4,
    home: StateHome | None = None,
) -> tuple[Reading, Plan]:
    """Read what exists of a template, plan, and count the pages that lossy changes concern.

    Without a `reference` the template is the recorded one, or `first` where there is no record. The plan includes the
    requests of `look_again`.

    Raises TemplateInvalid, UsageError, RecordUnreadable or a NotionError.
    """
    reading = read(gateway, parent_id, reference, values, first=first, jobs=jobs, home=home)
    made = with_affected_page_counts(gateway, plan(reading, options), reading)
    if made.operations:
        check_parent(gateway, parent_id)
        made = replace(made, reads=made.reads + 1, rereads=made.reads + 1)
    return reading, made


def plan_workspace_again(
    gateway: NotionClient,
    shown: Reading,
    agreed: Plan,
    values: Mapping[str, str] | None = None,
    *,
    jobs: int = 4,
) -> tuple[Reading, Plan]:
    """Plan once more, after a person agreed to a plan and right before its first write.

    `values` are those that were given for the agreed plan. The new plan counts the requests of both, and those of the
    lock that is held by now.

    Raises what `look` raises.
    """
    reading, plan = plan_workspace(
        gateway,
        shown.parent_id,
        shown.reference,
        values,
        agreed.options,
        jobs=jobs,
        home=shown.home,
    )
    return reading, replace(
        plan, reads=agreed.reads, rereads=plan.reads, lock=agreed.lock if plan.operations else 0
    )


class PlanChanged(Exception):
    """The plan that was made right before the first write is not the one that was agreed to. Nothing was written."""

    def __init__(self, reading: Reading, plan: Plan) -> None:
        super().__init__("the plan changed")
        self.reading = reading
        self.plan = plan


def plan(reading: Reading, options: PlanOptions = DEFAULT_PLAN_OPTIONS) -> Plan:
    """Compare the template with what was read.

    Raises RecordLost when a database may be the template's or the client's own, after an interrupted apply.
    """
    if reading.existing.not_ours:
        raise not_made_by_apply_error(reading.loaded.template.template, reading.existing.not_ours)
    return make_plan(
        reading.loaded,
        reading.existing,
        reads=reading.requests,
        siblings=reading.siblings,
        options=options,
    )


def apply(
    gateway: NotionClient,
    plan: Plan,
    reading: Reading,
    *,
    now: datetime,
    jobs: int = 4,
    progress: Progress = no_progress,
    force: bool = False,
    allow_lossy: bool = False,
    made: Callable[[ApplyResult], None] = lambda result: None,
    recorder: Recorder = UNRECORDED,
    claimant: Claimant | None = None,
    again: Callable[[], tuple[Reading, Plan]] | None = None,
) -> ApplyResult:
    """Carry out a plan, read the workspace again and prove that nothing is left to do.

    The workspace is locked from before the first write until after the proof. Once it is locked, `again` makes the
    plan once more: what was decided before may be out of date.

    `made` is told what was made before the proof, so that it is remembered also when the proof fails; `recorder` of
    every write before it is sent, and of its answer.

    Raises UnsafeChange, PlanChanged or WorkspaceLocked before the first write, LockLost, NotConverged or CreatedTwice when
    the proof fails, or a NotionError. Applying again after any interruption takes up where it ended.
    """
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    before = gateway.requests.logical

    def result(
        manifest: Manifest | None, rows: tuple[AppliedRow, ...] = (), twins: tuple[str, ...] = ()
    ) -> ApplyResult:
        sent = plan.reads + gateway.requests.logical - before
        return ApplyResult(plan.changes, plan.requests, sent, rows, manifest, twins)

    if not plan.operations:
        made(result(reading.existing.manifest))
        return result(reading.existing.manifest)
    if reading.page is not None:
        reading.page.refuse_if_edited()
    with _locked(
        gateway, reading, claimant or Claimant(), is_planned_again=again is not None
    ) as lock:
        if again is not None:
            agreed = plan
            reading, plan = again()
            if not plan.says_the_same_as(agreed):
                raise PlanChanged(reading, plan)
            if reading.page is not None:
                reading.page.refuse_if_edited()
        state = ApplyState(reading.loaded, reading.existing, started=now, with_rows=plan.with_rows)
        applying = ApplyRun(
            _journaling(gateway, recorder, reading.existing), reading, state, now, lock
        )
        run_all(plan.operations, applying, jobs=jobs, progress=progress)
        manifest, rows = applying.manifest(), _applied_rows(plan, reading, state, applying)
        made(result(manifest, rows))
        twins = _prove(gateway, plan, reading, jobs, applying)
    return result(manifest, rows, tuple(twins.trashed))


def _locked(
    gateway: NotionClient, reading: Reading, claimant: Claimant, *, is_planned_again: bool
) -> AbstractContextManager[WorkspaceLock]:
    """Hold the lock. Without a second plan, make sure at least that the record is as it was read.

    A first apply has no record page yet, and claims the workspace with the page that it creates.
    """
    if reading.page is None or is_planned_again:
        return workspace_lock(gateway, reading.page.id if reading.page else None, claimant)
    return locked_record(gateway, reading.page, claimant)


def _journaling(gateway: NotionClient, recorder: Recorder, existing: Existing) -> NotionClient:
    sources = [each.data_source for each in existing.databases.values()]
    views = [view.id for each in existing.owned.values() for view in each.views.values()]
    return gateway.with_journal(recorder, sources, frozenset(views))


def _prove(
    gateway: NotionClient, done: Plan, reading: Reading, jobs: int, applying: ApplyRun
) -> Twins:
    """Read again and plan again: no change may be left, and nothing may be there twice.

    Raises NotConverged or CreatedTwice.
    """
    finder = applying.twins
    children = finder.among(list_parent_page(gateway, reading.parent_id))
    again = read_for(
        gateway,
        reading.parent_id,
        reading.loaded,
        jobs=jobs,
        list_views=False,
        children=children,
        home=reading.home,
    )
    finder.mirrors(found.data_source for found in again.existing.databases.values())
    finder.elsewhere(twin_search(reading.loaded.template, reading.existing, done.operations))
    left = plan(again, done.options).changes
    if left:
        raise NotConverged([f"{each.address} ({each.reason})" for each in left])
    if finder.found.left:
        raise CreatedTwice(finder.found.left)
    return finder.found


def _applied_rows(
    plan: Plan, reading: Reading, state: ApplyState, applying: ApplyRun
) -> tuple[AppliedRow, ...]:
    names = [
        (each.database, each.key)
        for each in plan.operations
        if each.kind is OperationKind.CREATE_ROW
    ]
    return tuple(
        AppliedRow(*name, page_id, applying.written(name))
        for name in (*_recovered_rows(reading), *names)
        if (page_id := state.row_id(*name)) is not None
    )


def _recovered_rows(reading: Reading) -> list[RowName]:
    """Return the rows that an interrupted apply wrote, and that nobody could be told of."""
    found = []
    for database, existing in reading.existing.databases.items():
        entry = reading.existing.entry(database)
        recent = {page.id for page in existing.rows}
        found += [
            (database, key)
            for key, page_id in (entry.rows if entry else {}).items()
            if page_id in recent
        ]
    return found
