"""A report: all its sections, decided from a thread and its past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.report.briefing import Briefing, briefing
from notion_pm.report.changes import Changelog, changelog
from notion_pm.report.chart_drawing import Chart
from notion_pm.report.charts import (
    insights_chart,
    objectives_chart,
    progress_chart,
    stages_chart,
    waiting_customers_chart,
    waiting_needs_chart,
)
from notion_pm.report.effort_chart import EffortChart, effort_chart
from notion_pm.report.evidence_table import EvidenceEntry, evidence_table
from notion_pm.report.facets import Facets, facets
from notion_pm.report.list_limits import UNLIMITED, ListLimits
from notion_pm.report.page_values import NO_UPDATE
from notion_pm.report.past import Past
from notion_pm.report.roadmap import Lane, roadmap
from notion_pm.report.slip import Slip, slips
from notion_pm.report.strategy import Strategy, strategy
from notion_pm.report.tree import Tree, tree
from notion_pm.report.waiting import Waiting, waiting
from notion_pm.text import quantity
from notion_pm.thread import Thread
from notion_pm.thread.audit import Audit, audit
from notion_pm.thread.signal import SIGNAL_DEFINITION


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number. `counts` names the rows that it counts, for the filter of the page."""

    number: str
    what: str
    counts: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows.

    A section that the template has nothing for is empty, and a note says so. `more_evidence`: the
    number of entries of the evidence table that are left out. The template cuts other lists at
    `limits`. `database_urls`: links of the databases in Notion, by role.
    """

    title: str
    now: datetime
    since: datetime | None
    until: datetime | None
    figures: tuple[Figure, ...]
    strategy: Strategy
    roadmap: tuple[Lane, ...]
    evidence: tuple[EvidenceEntry, ...]
    tree: Tree
    audit: Audit
    waiting: Waiting
    slips: tuple[Slip, ...]
    changelog: Changelog
    charts: dict[str, Chart]
    briefing: Briefing
    facets: Facets
    notes: tuple[str, ...]
    definition_of_signal: str = SIGNAL_DEFINITION
    limits: ListLimits = UNLIMITED
    more_evidence: int = 0
    database_urls: Mapping[str, str] = field(default_factory=dict)
    effort_chart: EffortChart | None = None


@dataclass(frozen=True, slots=True)
class LastSync:
    """When the last sync began, None if it is not known.

    `outdated`: the number of values in Notion that it should write now.
    """

    at: datetime | None = None
    outdated: int = 0


def compose_report(
    thread: Thread,
    past: Past,
    *,
    title: str,
    now: datetime,
    sync: LastSync | None = None,
    database_urls: Mapping[str, str] | None = None,
) -> Report:
    """Return the report on a thread, without limits."""
    goals = strategy(thread, past)
    findings = audit(thread)
    who_waits = waiting(thread)
    dates = slips(thread, past)
    changes = changelog(thread, past)
    charts = {
        "progress": progress_chart(goals.objectives),
        "stages": stages_chart(thread),
        "insights": insights_chart(thread),
        "objectives": objectives_chart(thread),
        "waiting": waiting_customers_chart(who_waits.customers),
        "needs": waiting_needs_chart(who_waits.needs),
    }
    return Report(
        title=title,
        now=now,
        since=past.since,
        until=past.until,
        figures=_figures(goals, findings, who_waits, changes, past),
        strategy=goals,
        roadmap=roadmap(thread),
        evidence=evidence_table(thread),
        tree=tree(thread),
        audit=findings,
        waiting=who_waits,
        slips=dates,
        changelog=changes,
        charts={name: chart for name, chart in charts.items() if chart},
        facets=facets(thread),
        briefing=briefing(thread, past, goals, dates, who_waits, changes),
        notes=(*_sync_notes(sync), *_period_notes(past), *_missing_databases(thread)),
        database_urls=database_urls or {},
        effort_chart=effort_chart(thread),
    )


# --- headline numbers


def _figures(
    goals: Strategy, findings: Audit, who_waits: Waiting, changes: Changelog, past: Past
) -> tuple[Figure, ...]:
    figures = [Figure(str(len(goals.objectives)), "open objectives", "objectives")]
    tones = Counter(goal.health.tone for goal in goals.objectives if goal.health)
    if tones:
        what = "of them at risk or off track"
        if tones["quiet"]:
            what += f"; {tones['quiet']} with “{NO_UPDATE}”"
        figures.append(Figure(str(tones["warn"] + tones["bad"]), what, "trouble"))
    if findings.share is not None:
        what = f"signal among {findings.live:,} live features"
        figures.append(Figure(f"{findings.share:.0%}", what, "signal"))
    # Without a history "0 shipped" would only mean "not known"; ship dates may still show some.
    shipped = len(changes.of("shipped"))
    if past.since or shipped:
        figures.append(Figure(str(shipped), f"features shipped {_period(past)}", "shipped"))

    # Asks without a customer are counted apart: the figure before them counts customers.
    asks = who_waits.asks - who_waits.unnamed
    what = f"customers waiting, with {quantity(asks, 'open ask')}"
    if who_waits.unnamed:
        what += f"; {who_waits.unnamed:,} more without a customer"
    figures.append(Figure(f"{len(who_waits.customers):,}", what, "waiting"))
    return tuple(figures)


def _period(past: Past) -> str:
    since = f"{past.asked_since:%Y-%m-%d}"
    return f"from {since} to {past.until:%Y-%m-%d}" if past.until else f"since {since}"


# --- notes


def _sync_notes(sync: LastSync | None) -> list[str]:
    # The age of the sync alone is no problem: without changes in Notion there is nothing to update.
    if sync is None or not sync.outdated:
        return []
    when = "No sync is remembered here"
    if sync.at:
        when = f"The last sync was on {sync.at:%Y-%m-%d at %H:%M}"
    numbers = quantity(
        sync.outdated, "number in Notion is out of date", "numbers in Notion are out of date"
    )
    return [
        f"This report computes its figures from the pages as they are now. {when}, and {numbers}. "
        "Update Notion with  notion-pm sync."
    ]


def _period_notes(past: Past) -> list[str]:
    notes = []
    if past.since is None and past.until:
        notes.append(
            f"There is no history from before {past.until:%Y-%m-%d}: only ship dates are known."
        )
    elif past.since is None:
        notes.append(
            "There is no history of this workspace yet, so this report cannot show what has "
            "changed. The next one can: each report and each sync adds to the history."
        )
    elif past.since > past.asked_since:
        notes.append(
            f"The history begins on {past.since:%Y-%m-%d}: changes are counted from then on."
        )
    if past.until:
        notes.append(
            f"Changes, trends and what shipped are those {_period(past)}. Everything else is as it "
            "is now, since Notion keeps no earlier state of it."
        )
    return notes


def _missing_databases(thread: Thread) -> list[str]:
    chain = thread.chain
    expected = {
        "vision": chain.database("vision"),
        "insights": chain.database("insights"),
        "opportunities": chain.database("opportunities"),
        "customers (with what each pays)": chain.database("customers"),
        "releases": "releases" in chain.asides,
    }
    missing = [name for name, is_there in expected.items() if not is_there]
    if not missing:
        return []
    return [f"This workspace has no database for: {', '.join(missing)}. These parts are left out."]
