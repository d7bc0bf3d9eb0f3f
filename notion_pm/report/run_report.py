"""Read a workspace and its past, and make a report, a roadmap for customers or a digest of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.model.snapshot import same_value
from notion_pm.report.compose import LastSync, Report, compose_report
from notion_pm.report.customers import (
    DEFAULT_TITLE,
    PUBLIC_TITLE,
    PublicRoadmap,
    can_be_public,
    public_roadmap,
    write_public_roadmap,
)
from notion_pm.report.digest import Digest, digest
from notion_pm.report.html import write_report
from notion_pm.report.list_limits import DEFAULT_LIMITS, ListLimits, apply_limits
from notion_pm.report.memory import recall
from notion_pm.state.state import State
from notion_pm.thread import Thread
from notion_pm.thread.chain import ROLES
from notion_pm.thread.read_thread import ReadThread, read_thread
from notion_pm.workspace.sync_context import SyncContext

# --- the report for leadership


@dataclass(frozen=True, slots=True)
class ReportResult:
    """A report, its page, and the number of requests."""

    report: Report
    html: str
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return the figures of the report as JSON data with stable keys."""
        report = self.report
        return {
            "bytes": len(self.html.encode()),
            "since": report.since.isoformat() if report.since else None,
            "until": report.until.isoformat() if report.until else None,
            "objectives": len(report.strategy.objectives),
            "features": report.audit.live,
            "signal": report.audit.share,
            "findings": len(report.audit.findings),
            "waiting": len(report.waiting.customers),
            "changes": len(report.changelog.changes),
            "notes": list(report.notes),
            "requests": self.requests,
        }


def make_report(
    context: SyncContext,
    since: datetime,
    *,
    until: datetime | None = None,
    quotes: int | None = None,
    template: str | None = None,
) -> ReportResult:
    """Return the report on a workspace, with the changes of a period.

    `quotes`: the most quotes behind a feature, with no limit on the other lists; None: the default
    limits.
    """
    requests_before = context.notion.requests.logical
    read = read_thread(context, template, asides=True)
    # The figures are computed from the pages as they are, since stamps are as old as the last sync.
    thread = read.thread.with_computed_stamps()
    loaded = read.loaded.template
    # The state is closed before the page is made: `recall` has saved what this report saw, so that
    # a failure later does not lose it.
    with State(context.state_home, loaded.template) as state:
        past = recall(state, thread, since, context.now, until)
        syncs = [run.started for run in state.history.runs() if run.kind == "sync"]
    report = compose_report(
        thread,
        past,
        title=loaded.title,
        now=context.now,
        sync=LastSync(max(syncs, default=None), count_outdated_stamps(read.thread, thread)),
        database_urls=_database_urls(read),
    )
    limits = ListLimits(quotes=quotes) if quotes else DEFAULT_LIMITS
    report = apply_limits(report, limits)
    requests = context.notion.requests.logical - requests_before
    return ReportResult(report, write_report(report), requests)


def count_outdated_stamps(read: Thread, computed: Thread) -> int:
    """Return how many stamped values in Notion differ from what they should be now."""
    count = 0
    for database, pages in computed.snapshot.databases.items():
        for page_id, page in pages.items():
            in_notion = read.snapshot.databases[database][page_id].values
            for key, value in page.values.items():
                if not same_value(value, in_notion.get(key)):
                    count += 1
    return count


def _database_urls(read: ReadThread) -> dict[str, str]:
    """Return the links of the databases in Notion, by role."""
    urls = read.database_urls()
    by_role = {}
    for role in ROLES:
        database = read.thread.chain.database(role)
        if database:
            by_role[str(role)] = urls[database]
    return by_role


# --- the roadmap for customers


@dataclass(frozen=True, slots=True)
class CustomerRoadmapResult:
    """A roadmap for customers, its page, and the number of requests."""

    roadmap: PublicRoadmap
    html: str
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return counts as JSON data with stable keys."""
        counts = {str(horizon): len(items) for horizon, items in self.roadmap.items.items()}
        return {
            "audience": "customers",
            "bytes": len(self.html.encode()),
            **counts,
            "requests": self.requests,
        }


def make_customer_roadmap(
    context: SyncContext,
    *,
    title: str = DEFAULT_TITLE,
    dates: bool = False,
    template: str | None = None,
) -> CustomerRoadmapResult:
    """Return the roadmap that customers may see.

    Raises UsageError if features have no property for a public title.
    """
    requests_before = context.notion.requests.logical
    thread = read_thread(context, template).thread
    if not can_be_public(thread):
        raise UsageError(
            f"Features have no property {PUBLIC_TITLE!r} in this workspace.",
            "If the template has it, run  notion-pm apply. Otherwise add it to the template "
            "(docs/report.md).",
        )
    roadmap = public_roadmap(thread, title=title, dates=dates)
    requests = context.notion.requests.logical - requests_before
    return CustomerRoadmapResult(roadmap, write_public_roadmap(roadmap), requests)


# --- the digest


@dataclass(frozen=True, slots=True)
class DigestResult:
    """A digest and the number of requests. `has_history`: whether earlier values are known."""

    digest: Digest
    has_history: bool
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {**self.digest.as_data(), "requests": self.requests}


def make_digest(context: SyncContext, since: datetime, template: str | None = None) -> DigestResult:
    """Return what happened in a workspace since a moment, and remember its current values."""
    requests_before = context.notion.requests.logical
    read = read_thread(context, template, asides=True)
    thread = read.thread.with_computed_stamps()
    loaded = read.loaded.template
    with State(context.state_home, loaded.template) as state:
        past = recall(state, thread, since, context.now)
    made = digest(thread, past, title=loaded.title, now=context.now)
    requests = context.notion.requests.logical - requests_before
    return DigestResult(made, past.since is not None, requests)
