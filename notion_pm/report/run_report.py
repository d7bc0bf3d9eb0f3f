"""The story of `report`: read the thread as it is now, recall what it was, and compose what leadership is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.model.snapshot import same_value
from notion_pm.report.abridge import abridged, fitted
from notion_pm.report.compose import LastSync, Report, compose
from notion_pm.report.customers import (
    DEFAULT_TITLE,
    PUBLIC_TITLE,
    PublicRoadmap,
    can_be_public,
    public_roadmap,
    write_public_roadmap,
)
from notion_pm.report.html import write_report
from notion_pm.report.list_limits import Room
from notion_pm.report.memory import recall
from notion_pm.state.state import State
from notion_pm.thread import Thread
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as a page, and what it took."""

    report: Report
    html: str
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return what the report comes to as JSON data with stable keys."""
        told = self.report
        return {
            "bytes": len(self.html.encode()),
            "since": told.since.isoformat() if told.since else None,
            "until": told.until.isoformat() if told.until else None,
            "objectives": len(told.strategy.objectives),
            "features": told.audit.live,
            "signal": told.audit.share,
            "findings": len(told.audit.findings),
            "waiting": len(told.waiting.customers),
            "changes": len(told.changelog.changes),
            "notes": list(told.notes),
            "requests": self.requests,
        }


def report(
    place: SyncContext,
    since: datetime,
    *,
    until: datetime | None = None,
    quotes: int | None = None,
    template: str | None = None,
) -> Reported:
    """Return the report on a workspace, with what has changed since a moment, or between two.

    Behind each feature so many `quotes`, and everything else whole; None: as much of both as stays below 1 MB.
    """
    before = place.gateway.requests.logical
    read = read_thread(place, template, asides=True)
    loaded = read.loaded.template
    thread = read.thread.with_computed_stamps()
    with State(place.state_home, loaded.template) as state:
        past = recall(state, thread, since, place.now, until)
        synced = max(
            (each.started for each in state.history.runs() if each.kind == "sync"), default=None
        )
    behind = stale_stamps(read.thread, thread)
    whole = compose(thread, past, title=loaded.title, now=place.now, sync=LastSync(synced, behind))
    told, page = fitted(whole) if quotes is None else _with(whole, Room(quotes))
    return Reported(told, page, place.gateway.requests.logical - before)


@dataclass(frozen=True, slots=True)
class PublicReport:
    """A roadmap for customers as a page, and what it took."""

    roadmap: PublicRoadmap
    html: str
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return counts as JSON data with stable keys."""
        counts: dict[str, int] = {
            horizon: len(items) for horizon, items in self.roadmap.items.items()
        }
        return {
            "audience": "customers",
            "bytes": len(self.html.encode()),
            **counts,
            "requests": self.requests,
        }


def report_for_customers(
    place: SyncContext,
    *,
    title: str = DEFAULT_TITLE,
    dates: bool = False,
    template: str | None = None,
) -> PublicReport:
    """Return the roadmap that customers may see.

    Raises UsageError where features cannot have a public title.
    """
    before = place.gateway.requests.logical
    thread = read_thread(place, template).thread
    if not can_be_public(thread):
        raise UsageError(
            f"Features have no property {PUBLIC_TITLE!r} in this workspace.",
            "Run  notion-pm apply  where the template has it, or add it to your template (docs/report.md).",
        )
    roadmap = public_roadmap(thread, title=title, dates=dates)
    return PublicReport(
        roadmap, write_public_roadmap(roadmap), place.gateway.requests.logical - before
    )


def _with(whole: Report, room: Room) -> tuple[Report, str]:
    told = abridged(whole, room)
    return told, write_report(told)


def stale_stamps(read: Thread, computed: Thread) -> int:
    """Return how many stamped values in Notion differ from what the pages come to now."""
    count = 0
    for database, pages in computed.snapshot.databases.items():
        for id, page in pages.items():
            held = read.snapshot.databases[database][id].values
            count += sum(not same_value(value, held.get(key)) for key, value in page.values.items())
    return count
