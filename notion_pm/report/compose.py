"""A report: every section of it, decided from a thread and its past."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from notion_pm.report.briefing import Briefing, briefing
from notion_pm.report.changes import Changelog, changelog
from notion_pm.report.charts import (
    Chart,
    insights_chart,
    progress_chart,
    stages_chart,
    waiting_customers_chart,
    waiting_needs_chart,
)
from notion_pm.report.evidence_table import Entry, ledger
from notion_pm.report.facets import Facets, facets
from notion_pm.report.list_limits import WHOLE, Room
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
    """A headline number. `counts` names the rows that it counts, so that a filter can count them again."""

    number: str
    what: str
    counts: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows. A section that the template has nothing for is empty, and a note says so.

    `more_entries` of the ledger are left out; of the lists that are here whole the page shows what there is `room` for.
    """

    title: str
    now: datetime
    since: datetime | None
    until: datetime | None
    figures: tuple[Figure, ...]
    strategy: Strategy
    roadmap: tuple[Lane, ...]
    ledger: tuple[Entry, ...]
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
    room: Room = WHOLE
    more_entries: int = 0


@dataclass(frozen=True, slots=True)
class LastSync:
    """When the last sync began, None where none is remembered; `behind`: how many of its numbers are out of date."""

    at: datetime | None = None
    behind: int = 0


def compose(
    thread: Thread, past: Past, *, title: str, now: datetime, sync: LastSync | None = None
) -> Report:
    """Return the report on a thread, complete."""
    goals, found = strategy(thread, past), audit(thread)
    waits, dates = waiting(thread), slips(thread, past)
    drawn = {
        "progress": progress_chart(goals.objectives),
        "stages": stages_chart(thread),
        "heard": insights_chart(thread),
        "waiting": waiting_customers_chart(waits.customers),
        "needs": waiting_needs_chart(waits.needs),
    }
    changed = changelog(thread, past)
    return Report(
        title=title,
        now=now,
        since=past.since,
        until=past.until,
        figures=_figures(goals, found, waits, changed, past),
        strategy=goals,
        roadmap=roadmap(thread),
        ledger=ledger(thread),
        tree=tree(thread),
        audit=found,
        waiting=waits,
        slips=dates,
        changelog=changed,
        charts={name: each for name, each in drawn.items() if each},
        facets=facets(thread),
        briefing=briefing(thread, past, goals, dates, waits, changed),
        notes=(*_sync_note(sync or LastSync()), *_notes(thread, past)),
    )


def _figures(
    goals: Strategy, found: Audit, waits: Waiting, changed: Changelog, past: Past
) -> tuple[Figure, ...]:
    healths = Counter(each.health.tone for each in goals.objectives if each.health)
    figures = [Figure(str(len(goals.objectives)), "live objectives", "objectives")]
    if healths:
        silent = f"; {healths['quiet']} with “{NO_UPDATE}”" if healths["quiet"] else ""
        figures.append(
            Figure(
                str(healths["warn"] + healths["bad"]),
                f"of them at risk or off track{silent}",
                "trouble",
            )
        )
    if found.share is not None:
        figures.append(
            Figure(f"{found.share:.0%}", f"signal among {found.live:,} live features", "signal")
        )
    shipped = changed.of("shipped")
    if past.since or shipped:
        figures.append(Figure(str(len(shipped)), f"features shipped {_period(past)}", "shipped"))
    named = waits.asks - waits.unnamed
    anonymous = f"; {waits.unnamed:,} more name nobody" if waits.unnamed else ""
    figures.append(
        Figure(
            f"{len(waits.customers):,}",
            f"customers waiting, with {named:,} open asks{anonymous}",
            "waiting",
        )
    )
    return tuple(figures)


def _period(past: Past) -> str:
    if past.until is None:
        return f"since {past.asked:%Y-%m-%d}"
    return f"from {past.asked:%Y-%m-%d} to {past.until:%Y-%m-%d}"


def _sync_note(sync: LastSync) -> list[str]:
    if not sync.behind:
        return []
    when = (
        f"The last sync was on {sync.at:%Y-%m-%d at %H:%M}"
        if sync.at
        else "No sync is remembered here"
    )
    numbers = quantity(sync.behind, "number in Notion differs", "numbers in Notion differ")
    return [
        f"This report computes its figures from the pages as they are now. {when}, and {numbers}: "
        "run  notion-pm sync  to bring Notion up to date."
    ]


def _notes(thread: Thread, past: Past) -> list[str]:
    notes = []
    if past.since is None and past.until:
        notes.append(
            f"Nothing is remembered from before {past.until:%Y-%m-%d}: no change is known, only ship dates."
        )
    elif past.since is None:
        notes.append(
            "Nothing is remembered of this workspace yet, so the report cannot say what has changed. "
            "The next one can: each report and each run of sync remembers what it saw."
        )
    elif past.since > past.asked:
        notes.append(
            f"What is remembered begins on {past.since:%Y-%m-%d}: changes are counted from then."
        )
    if past.until:
        notes.append(
            f"Changes, trends and what shipped are those {_period(past)}. Everything else is as it is now: "
            "Notion keeps no earlier state of it."
        )
    chain = thread.chain
    missing = [
        what
        for what, is_there in (
            ("a vision", chain.database("vision")),
            ("insights", chain.database("insights")),
            ("opportunities", chain.database("opportunities")),
            ("customers of their own (what each pays)", chain.database("customers")),
            ("releases", "releases" in chain.asides),
        )
        if not is_there
    ]
    if missing:
        notes.append(
            f"This workspace keeps no {', no '.join(missing)}: what would be told of them is left out."
        )
    return notes
