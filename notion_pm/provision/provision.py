"""Plan and apply a template: read what exists, plan, carry out the plan, verify the result."""

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
    "ApplySettings",
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
    """A starter row that this apply, or the interrupted one before it, wrote; values by property
    key."""

    database: str
    key: str
    page_id: NotionId
    values: Mapping[str, PropertyValue]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply did. `planned` and `sent` count requests from the first read to the
    verification.

    `twins` names what a repeated request created twice, and what went to the trash again.
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
            "changes": [change.as_data() for change in self.changes],
            "requests": {"planned": self.planned, "sent": self.sent},
            "twins_trashed": list(self.twins),
        }


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """How a plan is applied.

    `now`: the time of the apply; starter rows and the record refer to it. `jobs`: number of
    requests at a time. `force` and `allow_lossy`: what the user agreed to. `claimant`: who holds
    the lock of the workspace. `plan_again`: makes the plan again once the workspace is locked.
    """

    now: datetime
    jobs: int = 4
    progress: Progress = no_progress
    force: bool = False
    allow_lossy: bool = False
    claimant: Claimant | None = None
    plan_again: Callable[[], tuple[Reading, Plan]] | None = None


class PlanChanged(Exception):
    """The plan made right before the first write is not the one agreed to. Nothing was written."""

    def __init__(self, reading: Reading, plan: Plan) -> None:
        super().__init__("the plan changed")
        self.reading = reading
        self.plan = plan


def plan_workspace(
    client: NotionClient,
    parent_id: NotionId,
    reference: str | None,
    values: Mapping[str, str] | None = None,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
    *,
    first: str | None = None,
    jobs: int = 4,
    home: StateHome | None = None,
) -> tuple[Reading, Plan]:
    """Read what exists of a template, plan, and count the pages that lossy and slow changes affect.

    Without a `reference` the template is the recorded one, or `first` if there is no record. The
    plan includes the requests of `plan_workspace_again`.

    Raises TemplateInvalid, UsageError, RecordUnreadable or a NotionError.
    """
    # Reads before the plan and again after the yes: both are in the count of requests.
    reading = read(client, parent_id, reference, values, first=first, jobs=jobs, home=home)
    plan_made = with_affected_page_counts(client, plan(reading, options), reading)
    if plan_made.operations:
        check_parent(client, parent_id)
        reads = plan_made.reads + 1
        plan_made = replace(plan_made, reads=reads, rereads=reads)
    return reading, plan_made


def plan_workspace_again(
    client: NotionClient,
    shown: Reading,
    agreed: Plan,
    values: Mapping[str, str] | None = None,
    *,
    jobs: int = 4,
) -> tuple[Reading, Plan]:
    """Plan once more, after a person agreed to a plan and right before its first write.

    `shown` and `agreed` are what that plan was made from and the plan itself, `values` the
    variables given for it. The new plan counts the requests of both, and those of the lock that is
    held by now.

    Raises what `plan_workspace` raises.
    """
    reading, new_plan = plan_workspace(
        client,
        shown.parent_id,
        shown.reference,
        values,
        agreed.options,
        jobs=jobs,
        home=shown.home,
    )
    lock = agreed.lock if new_plan.operations else 0
    return reading, replace(new_plan, reads=agreed.reads, rereads=new_plan.reads, lock=lock)


def plan(reading: Reading, options: PlanOptions = DEFAULT_PLAN_OPTIONS) -> Plan:
    """Compare the template with what was read.

    Raises RecordLost if, after an interrupted apply, a database may be the template's or the
    client's own.
    """
    if reading.existing.not_ours:
        template = reading.loaded.template.template
        raise not_made_by_apply_error(template, reading.existing.not_ours)
    return make_plan(
        reading.loaded,
        reading.existing,
        reads=reading.requests,
        siblings=reading.siblings,
        options=options,
    )


def _ignore_result(_: ApplyResult) -> None:
    pass


def apply(
    client: NotionClient,
    plan: Plan,
    reading: Reading,
    settings: ApplySettings,
    *,
    on_applied: Callable[[ApplyResult], None] = _ignore_result,
    recorder: Recorder = UNRECORDED,
) -> ApplyResult:
    """Carry out a plan, then read the workspace again and verify that nothing is left to do.

    The order matters:

    1. Lock the workspace, so that no other machine writes until the verification is done.
    2. Plan again, with `settings.plan_again`: what was decided before the lock may be out of date.
    3. Carry out the operations. `recorder` gets every write before it is sent, and its answer.
    4. Call `on_applied` with what was created. This comes before the verification, so that it is
       remembered even if the verification fails.
    5. Verify.

    Raises UnsafeChange, PlanChanged or WorkspaceLocked before the first write, LockLost,
    NotConverged or CreatedTwice if the verification fails, or a NotionError. Applying again after
    any interruption continues where it ended.
    """
    plan.raise_if_unsafe(force=settings.force, allow_lossy=settings.allow_lossy)
    requests_before = client.requests.logical

    def result(
        manifest: Manifest | None, rows: tuple[AppliedRow, ...] = (), twins: tuple[str, ...] = ()
    ) -> ApplyResult:
        sent = plan.reads + client.requests.logical - requests_before
        return ApplyResult(plan.changes, plan.requests, sent, rows, manifest, twins)

    if not plan.operations:
        unchanged = result(reading.existing.manifest)
        on_applied(unchanged)
        return unchanged

    _refuse_if_record_edited(reading)
    with _lock(client, reading, settings) as lock:
        if settings.plan_again is not None:
            agreed = plan
            reading, plan = settings.plan_again()
            if not plan.is_same_as(agreed):
                raise PlanChanged(reading, plan)
            _refuse_if_record_edited(reading)
        state = ApplyState(
            reading.loaded, reading.existing, started=settings.now, with_rows=plan.with_rows
        )
        journaling_client = _with_journal(client, recorder, reading.existing)
        apply_run = ApplyRun(journaling_client, reading, state, settings.now, lock)
        run_all(plan.operations, apply_run.run, jobs=settings.jobs, progress=settings.progress)
        manifest = apply_run.manifest()
        rows = _applied_rows(plan, reading, state, apply_run)
        on_applied(result(manifest, rows))
        twins = _verify(client, plan, reading, settings.jobs, apply_run)
    return result(manifest, rows, tuple(twins.trashed))


def _refuse_if_record_edited(reading: Reading) -> None:
    if reading.page is not None:
        reading.page.refuse_if_edited()


def _lock(
    client: NotionClient, reading: Reading, settings: ApplySettings
) -> AbstractContextManager[WorkspaceLock]:
    """Lock the workspace.

    Unless the plan is made again, the lock at least verifies that the record is as it was read. A
    first apply has no record page yet, and claims the workspace with the page that it creates.
    """
    claimant = settings.claimant or Claimant()
    if reading.page is None:
        return workspace_lock(client, None, claimant)
    if settings.plan_again is not None:
        return workspace_lock(client, reading.page.id, claimant)
    return locked_record(client, reading.page, claimant)


def _with_journal(client: NotionClient, recorder: Recorder, existing: Existing) -> NotionClient:
    """Return a client that records every write with the former state of what it changes."""
    sources = [database.data_source for database in existing.databases.values()]
    return client.with_journal(recorder, sources, frozenset(existing.view_ids.values()))


def _verify(
    client: NotionClient, done: Plan, reading: Reading, jobs: int, apply_run: ApplyRun
) -> Twins:
    """Read again and plan again: no change may be left, and nothing may exist twice.

    Returns the twins that were found. Raises NotConverged or CreatedTwice.
    """
    finder = apply_run.twins
    children = finder.trash_among(list_parent_page(client, reading.parent_id))
    now = read_for(
        client,
        reading.parent_id,
        reading.loaded,
        jobs=jobs,
        list_views=False,
        children=children,
        home=reading.home,
    )
    # Twins go first, or the new plan would find their mirrors.
    finder.remove_mirrors(found.data_source for found in now.existing.databases.values())
    search = twin_search(reading.loaded.template, reading.existing, done.operations)
    finder.trash_inside_databases(search)
    changes_left = plan(now, done.options).changes
    if changes_left:
        raise NotConverged([f"{change.address} ({change.reason})" for change in changes_left])
    # Twins that people have used cannot be removed here: a person has to decide.
    if finder.found.left:
        raise CreatedTwice(finder.found.left)
    return finder.found


def _applied_rows(
    plan: Plan, reading: Reading, state: ApplyState, apply_run: ApplyRun
) -> tuple[AppliedRow, ...]:
    created_rows = [
        (operation.database, operation.key)
        for operation in plan.operations
        if operation.kind is OperationKind.CREATE_ROW
    ]
    rows = []
    for database, key in (*_recovered_rows(reading), *created_rows):
        page_id = state.row_id(database, key)
        if page_id is not None:
            values = apply_run.written_values((database, key))
            rows.append(AppliedRow(database, key, page_id, values))
    return tuple(rows)


def _recovered_rows(reading: Reading) -> list[RowName]:
    """Return the rows that an interrupted apply wrote but could not report."""
    recovered = []
    for database, found in reading.existing.databases.items():
        entry = reading.existing.entry(database)
        if entry is None:
            continue
        recent_ids = {page.id for page in found.rows}
        for key, page_id in entry.rows.items():
            if page_id in recent_ids:
                recovered.append((database, key))
    return recovered
