"""The story of `plan` and `apply`: read what exists, plan, carry the plan out, prove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notion_pm.errors import NotConverged
from notion_pm.gateway.journaling import UNRECORDED, JournalingGateway, Recorder
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import PropertyValue
from notion_pm.model.state_home import StateHome
from notion_pm.planning.change import Change
from notion_pm.planning.existing import Existing
from notion_pm.planning.operation import Verb
from notion_pm.planning.plan import Plan, make_plan
from notion_pm.planning.starter import RowName
from notion_pm.planning.wishes import NO_WISHES, Wishes
from notion_pm.workflows.applying import Applying
from notion_pm.workflows.ledger import Ledger
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.reading import Reading, read, read_for
from notion_pm.workflows.scheduler import run_all
from notion_pm.workflows.weighing import weighed
from notion_pm.workspace.lock import Claimant, workspace_lock
from notion_pm.workspace.parent_page import check_parent

__all__ = ["AppliedRow", "ApplyResult", "Reading", "Wishes", "apply", "look", "plan", "read", "read_for"]


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """A starter row as this apply, or the interrupted one before it, wrote it; values by property key."""

    database: str
    key: str
    page_id: NotionId
    values: Mapping[str, PropertyValue]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply did. `planned` and `sent` count requests from the first read to the proof."""

    changes: tuple[Change, ...]
    planned: int
    sent: int
    applied_rows: tuple[AppliedRow, ...] = ()
    manifest: Manifest | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the result as JSON data with stable keys."""
        return {
            "changes": [each.as_data() for each in self.changes],
            "requests": {"planned": self.planned, "sent": self.sent},
        }


def look(
    gateway: Gateway,
    parent_id: NotionId,
    reference: str,
    values: Mapping[str, str] | None = None,
    wishes: Wishes = NO_WISHES,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> tuple[Reading, Plan]:
    """Read what exists of a template, plan, and count the pages that lossy changes concern.

    Raises TemplateInvalid, UsageError, ManifestUnreadable or a NotionError.
    """
    reading = read(gateway, parent_id, reference, values, jobs=jobs, home=home)
    made = weighed(gateway, plan(reading, wishes), reading)
    if made.operations:
        check_parent(gateway, parent_id)
        made = replace(made, reads=made.reads + 1)
    return reading, made


def plan(reading: Reading, wishes: Wishes = NO_WISHES) -> Plan:
    """Compare the template with what was read."""
    return make_plan(reading.loaded, reading.existing, reads=reading.requests, siblings=reading.siblings, wishes=wishes)


def apply(
    gateway: Gateway,
    plan: Plan,
    reading: Reading,
    *,
    now: datetime,
    jobs: int = 4,
    progress: Progress = silent,
    force: bool = False,
    allow_lossy: bool = False,
    made: Callable[[ApplyResult], None] = lambda result: None,
    recorder: Recorder = UNRECORDED,
    claimant: Claimant | None = None,
) -> ApplyResult:
    """Carry out a plan, read the workspace again and prove that nothing is left to do.

    The workspace is locked from before the first write until after the proof.

    `made` is told what was made before the proof, so that it is remembered also when the proof fails; `recorder` of
    every write before it is sent, and of its answer.

    Raises UnsafeChange or WorkspaceLocked before the first write, LockLost, NotConverged when the proof fails, or a
    NotionError. Applying again after any interruption takes up where it ended.
    """
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    before = gateway.requests.logical

    def result(manifest: Manifest | None, rows: tuple[AppliedRow, ...] = ()) -> ApplyResult:
        sent = plan.reads + gateway.requests.logical - before
        return ApplyResult(plan.changes, plan.requests, sent, rows, manifest)

    if not plan.operations:
        made(result(reading.existing.manifest))
        return result(reading.existing.manifest)
    with workspace_lock(gateway, reading.page.id if reading.page else None, claimant or Claimant()) as lock:
        ledger = Ledger(reading.loaded, reading.existing, started=now, with_rows=plan.with_rows)
        applying = Applying(_journaling(gateway, recorder, reading.existing), reading, ledger, now, lock)
        run_all(plan.operations, applying, jobs=jobs, progress=progress)
        manifest, rows = applying.manifest(), _applied_rows(plan, reading, ledger, applying)
        made(result(manifest, rows))
        _prove(gateway, plan, reading, jobs)
    return result(manifest, rows)


def _journaling(gateway: Gateway, recorder: Recorder, existing: Existing) -> JournalingGateway:
    sources = [each.data_source for each in existing.databases.values()]
    views = [view.id for each in existing.owned.values() for view in each.views.values()]
    return JournalingGateway(gateway, recorder, sources, frozenset(views))


def _prove(gateway: Gateway, done: Plan, reading: Reading, jobs: int) -> None:
    """Read again and plan again: no change may be left."""
    there = read_for(gateway, reading.parent_id, reading.loaded, jobs=jobs, list_views=False, home=reading.home)
    again = plan(there, done.wishes)
    if again.changes:
        raise NotConverged([f"{each.address} ({each.reason})" for each in again.changes])


def _applied_rows(plan: Plan, reading: Reading, ledger: Ledger, applying: Applying) -> tuple[AppliedRow, ...]:
    names = [(each.database, each.key) for each in plan.operations if each.verb is Verb.CREATE_ROW]
    return tuple(
        AppliedRow(*name, page_id, applying.written(name))
        for name in (*_recovered_rows(reading), *names)
        if (page_id := ledger.row_id(*name)) is not None
    )


def _recovered_rows(reading: Reading) -> list[RowName]:
    """Return the rows that an interrupted apply wrote, and that nobody could be told of."""
    found = []
    for database, existing in reading.existing.databases.items():
        entry = reading.existing.entry(database)
        recent = {page.id for page in existing.rows}
        found += [(database, key) for key, page_id in (entry.rows if entry else {}).items() if page_id in recent]
    return found
