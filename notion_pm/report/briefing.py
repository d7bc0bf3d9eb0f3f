"""The first screen of a report: what is in trouble, what has changed, and what to decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.changes import Change, Changelog, Kind
from notion_pm.report.page_values import PageRef, anchor, page_ref, readable_text
from notion_pm.report.past import Past
from notion_pm.report.slip import Slip
from notion_pm.report.strategy import Objective, Strategy
from notion_pm.report.waiting import Need, Waiting
from notion_pm.text import quantity
from notion_pm.thread import Thread
from notion_pm.thread.signal import has_evidence, is_signal, objectives

MOST_CHANGES = 6
MOST_DECISIONS = 6
_MOST_OF_A_KIND = 2
"""Decisions of one kind on the first screen, so that no kind displaces the others."""

_TROUBLE = ("bad", "warn", "quiet")
"""Tones of a health that leadership should see, the worst first."""

_HEADLINES: tuple[Kind, ...] = ("health", "shipped", "date")
"""The changes that leadership asks for first."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An objective that is off track, at risk or without a recent health update."""

    objective: Objective
    trend: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A question about a page that leadership has to decide."""

    page: PageRef
    question: str
    because: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Briefing:
    """The first screen. `more_changes` and `more_decisions` count what does not fit on it."""

    troubles: tuple[Trouble, ...]
    on_track: tuple[Objective, ...]
    changes: tuple[Change, ...]
    more_changes: int
    decisions: tuple[Decision, ...]
    more_decisions: int


def briefing(
    thread: Thread,
    past: Past,
    strategy: Strategy,
    slips: Sequence[Slip],
    waiting: Waiting,
    changelog: Changelog,
) -> Briefing:
    """Return the first screen, from the other sections of a report."""
    with_health = [objective for objective in strategy.objectives if objective.health]
    troubled = [objective for objective in with_health if _is_in_trouble(objective)]
    troubled.sort(key=_severity)

    headlines: list[Change] = []
    for headline in _HEADLINES:
        headlines += changelog.of(headline)
    shown_changes = headlines[:MOST_CHANGES]

    # Example: 20 late features come before one objective without an owner. Two of each kind are
    # shown, so the owner is asked for on the first screen too.
    by_kind = [list(kind) for kind in _decisions_by_kind(thread, strategy, slips, waiting)]
    first_of_each: list[Decision] = []
    for decisions in by_kind:
        first_of_each += decisions[:_MOST_OF_A_KIND]
    shown_decisions = first_of_each[:MOST_DECISIONS]
    all_decisions = sum(len(kind) for kind in by_kind)
    return Briefing(
        troubles=tuple(Trouble(objective, _trend(objective, past)) for objective in troubled),
        on_track=tuple(objective for objective in with_health if objective not in troubled),
        changes=tuple(shown_changes),
        more_changes=len(changelog.changes) - len(shown_changes),
        decisions=tuple(shown_decisions),
        more_decisions=all_decisions - len(shown_decisions),
    )


def _is_in_trouble(objective: Objective) -> bool:
    return objective.health is not None and objective.health.tone in _TROUBLE


def _severity(objective: Objective) -> tuple[int, int]:
    """Return a sort key: the worst health first, then the largest loss of progress."""
    # A loss of progress is a negative number, so the largest loss sorts first.
    assert objective.health
    return _TROUBLE.index(objective.health.tone), objective.gained or 0


def _trend(objective: Objective, past: Past) -> str:
    """Return how health and progress of an objective have changed; empty without a history."""
    if past.since is None:
        return ""
    parts = []
    health = objective.health
    # A health that only became too old is marked as such beside it. That is no news of a person.
    if health and health.before and health.before != objective.stale_health:
        parts.append(f"was {health.before}")
    if past.until and objective.health_until:
        parts.append(f"{objective.health_until} on {past.until:%Y-%m-%d}")
    if objective.gained:
        sign = "+" if objective.gained > 0 else "-"
        parts.append(f"progress {sign}{quantity(abs(objective.gained), 'point')}")
    return ", ".join(parts) or "no change"


# --- decisions


def _decisions_by_kind(
    thread: Thread, strategy: Strategy, slips: Sequence[Slip], waiting: Waiting
) -> tuple[Iterable[Decision], ...]:
    """Return the open decisions by kind, the most urgent kind first."""
    return (
        _objectives_off_track(strategy),
        _features_of_dropped_objectives(thread),
        _late_pages(thread, slips),
        _objectives_without_owner(thread, strategy),
        _noise_in_progress(thread),
        _needs_without_feature(thread, waiting),
    )


def _objectives_off_track(strategy: Strategy) -> Iterator[Decision]:
    for objective in strategy.objectives:
        health = objective.health
        if health and health.tone == "bad":
            because = f"{health.name}: {objective.note}" if objective.note else health.name
            question = "Change its scope, date or target, or stop it?"
            yield Decision(objective.page, question, because, objective.owner)


def _features_of_dropped_objectives(thread: Thread) -> Iterator[Decision]:
    """Yield open features whose objective was dropped: rules never drop a feature themselves."""
    objective_ids = {objective.id for objective in objectives(thread)}
    for feature in thread.pages("features"):
        if not thread.is_open(feature):
            continue
        above = [page for page in thread.above(feature) if isinstance(page, SnapshotPage)]
        dropped = [
            page.title for page in above if page.id in objective_ids and not thread.is_live(page)
        ]
        if dropped:
            because = f"It served {', '.join(dropped)}, which was dropped."
            yield _decision(thread, feature, "Keep it or drop it?", because)


def _late_pages(thread: Thread, slips: Sequence[Slip]) -> Iterator[Decision]:
    pages = _pages_by_anchor(thread)
    for slip in slips:
        if slip.overdue:
            status = slip.page.status or "still open"
            because = f"{quantity(slip.overdue, 'day')} late: due {slip.due}, and {status}."
            question = "Set a new date or cut its scope?"
            yield _decision(thread, pages[slip.page.id], question, because)


def _objectives_without_owner(thread: Thread, strategy: Strategy) -> Iterator[Decision]:
    # Without a property for the owner the question could not be answered in Notion.
    databases = {objective.database for objective in objectives(thread)}
    if not any(thread.chain.has(database, "owner") for database in databases):
        return
    for objective in strategy.objectives:
        if not objective.owner:
            yield Decision(objective.page, "Who owns it?", "It has no owner.")


def _noise_in_progress(thread: Thread) -> Iterator[Decision]:
    for feature in thread.pages("features"):
        if thread.category(feature) != "doing" or is_signal(thread, feature):
            continue
        # Noise lacks evidence or an open objective (or both): name what is missing first.
        lack = "has no evidence"
        if has_evidence(thread, feature):
            lack = "serves no open objective"
        because = f"It is in progress and {lack}."
        yield _decision(thread, feature, "Continue it or stop it?", because)


def _needs_without_feature(thread: Thread, waiting: Waiting) -> Iterator[Decision]:
    pages = _pages_by_anchor(thread)
    for need in waiting.needs:
        page = pages[need.page.id]
        # A feature that was dropped or parked is no plan for the opportunity.
        if not any(thread.is_live(feature) for feature in thread.features_below(page)):
            because = f"{_who_waits(need)}, and no feature is planned."
            yield _decision(thread, page, "Plan it or decline it?", because)


def _who_waits(need: Need) -> str:
    customers = need.weight.customers or 0
    who = quantity(customers, "customer waits", "customers wait")
    return f"{who} (ARR {need.weight.arr})" if need.weight.arr else who


def _pages_by_anchor(thread: Thread) -> dict[str, SnapshotPage]:
    found: dict[str, SnapshotPage] = {}
    for pages in thread.snapshot.databases.values():
        found.update((anchor(page), page) for page in pages.values())
    return found


def _decision(thread: Thread, page: SnapshotPage, question: str, because: str) -> Decision:
    owner = readable_text(thread, page, "owner")
    return Decision(page_ref(thread, page), question, because, owner)
