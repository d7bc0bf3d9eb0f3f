"""The first screen of a report: what is in trouble, what has changed, and what there is to decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.changes import Change, Changelog, Kind
from notion_pm.report.page_values import Told, anchor, label, told
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
"""Decisions of one kind on the first screen, so that no kind crowds out the others."""

_TROUBLE = ("bad", "warn", "quiet")
"""Tones of a health that leadership should see, the worst first."""

_HEADLINES: tuple[Kind, ...] = ("health", "shipped", "date")
"""The changes that leadership asks for first."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An objective that is off track, at risk or without a fresh health; `trend`: how it has moved."""

    objective: Objective
    trend: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that a leader has to decide about a page."""

    page: Told
    question: str
    because: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Briefing:
    """The first screen. `more_changes` and `more_decisions` do not fit on it."""

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
    """Return the first screen, from the sections of a report."""
    judged = [each for each in strategy.objectives if each.health]
    troubled = [each for each in judged if each.health and each.health.tone in _TROUBLE]
    troubled.sort(key=_severity)
    headlines = [change for kind in _HEADLINES for change in changelog.of(kind)]
    shown_changes = headlines[:MOST_CHANGES]
    kinds = _decisions(thread, strategy, slips, waiting)
    every = [list(decisions) for decisions in kinds]
    first = [decision for decisions in every for decision in decisions[:_MOST_OF_A_KIND]]
    shown_decisions = first[:MOST_DECISIONS]
    return Briefing(
        troubles=tuple(Trouble(each, _trend(each, past)) for each in troubled),
        on_track=tuple(each for each in judged if each not in troubled),
        changes=tuple(shown_changes),
        more_changes=len(changelog.changes) - len(shown_changes),
        decisions=tuple(shown_decisions),
        more_decisions=sum(len(decisions) for decisions in every) - len(shown_decisions),
    )


def _severity(objective: Objective) -> tuple[int, int]:
    """Return a sort key: the worst health first, then what has lost most progress."""
    assert objective.health
    return _TROUBLE.index(objective.health.tone), objective.gained or 0


def _trend(objective: Objective, past: Past) -> str:
    """Return how an objective's health and progress have moved; empty where nothing is remembered."""
    if past.since is None:
        return ""
    moves = []
    # A health that only grew old is marked as such beside it: nobody has said anything new.
    only_aged = objective.health and objective.health.before == objective.stale_health
    if objective.health and objective.health.before and not only_aged:
        moves.append(f"was {objective.health.before}")
    if past.until and objective.health_until:
        moves.append(f"{objective.health_until} on {past.until:%Y-%m-%d}")
    if objective.gained:
        sign = "+" if objective.gained > 0 else "-"
        moves.append(f"progress {sign}{quantity(abs(objective.gained), 'point')}")
    return ", ".join(moves) or "no change"


def _decisions(
    thread: Thread, strategy: Strategy, slips: Sequence[Slip], waiting: Waiting
) -> tuple[Iterable[Decision], ...]:
    """Return what there is to decide, by kind; the most pressing kind first."""
    return (
        _off_track(strategy),
        _served_what_was_dropped(thread),
        _late(thread, slips),
        _without_owner(thread, strategy),
        _noise_in_work(thread),
        _needs_without_plan(thread, waiting),
    )


def _off_track(strategy: Strategy) -> Iterator[Decision]:
    for objective in strategy.objectives:
        if objective.health and objective.health.tone == "bad":
            because = (
                f"{objective.health.name}: {objective.note}"
                if objective.note
                else objective.health.name
            )
            question = "Change its scope, date or target, or stop it?"
            yield Decision(objective.page, question, because, objective.owner)


def _served_what_was_dropped(thread: Thread) -> Iterator[Decision]:
    """Yield open features of which an objective was dropped: rules never drop a feature themselves."""
    goals = {each.id for each in objectives(thread)}
    for feature in thread.pages("features"):
        above = [each for each in thread.above(feature) if isinstance(each, SnapshotPage)]
        dropped = [each.title for each in above if each.id in goals and not thread.is_live(each)]
        if thread.is_open(feature) and dropped:
            because = f"It served {', '.join(dropped)}, which was dropped."
            yield _about(thread, feature, "Keep it or drop it?", because)


def _late(thread: Thread, slips: Sequence[Slip]) -> Iterator[Decision]:
    pages = _pages_by_anchor(thread)
    for slip in slips:
        if slip.overdue:
            days = quantity(slip.overdue, "day")
            because = f"{days} late: due {slip.due}, and {slip.page.status or 'still open'}."
            yield _about(thread, pages[slip.page.id], "Set a new date or cut its scope?", because)


def _without_owner(thread: Thread, strategy: Strategy) -> Iterator[Decision]:
    has_owner = {
        each.database for each in objectives(thread) if thread.chain.has(each.database, "owner")
    }
    if has_owner:
        for objective in strategy.objectives:
            if not objective.owner:
                yield Decision(objective.page, "Who owns it?", "It has no owner.")


def _noise_in_work(thread: Thread) -> Iterator[Decision]:
    for feature in thread.pages("features"):
        if thread.category(feature) == "doing" and not is_signal(thread, feature):
            lacks = (
                "serves no open objective"
                if has_evidence(thread, feature)
                else "has no evidence behind it"
            )
            yield _about(thread, feature, "Continue it or stop it?", f"It is in work and {lacks}.")


def _needs_without_plan(thread: Thread, waiting: Waiting) -> Iterator[Decision]:
    pages = _pages_by_anchor(thread)
    for need in waiting.needs:
        page = pages[need.page.id]
        features = [each for each in thread.all_below(page) if thread.role(each) == "features"]
        if not any(thread.is_live(each) for each in features):
            yield _about(
                thread,
                page,
                "Plan it or turn it down?",
                f"{_who_waits(need)}, and no feature is planned.",
            )


def _who_waits(need: Need) -> str:
    customers = need.weight.customers or 0
    who = quantity(customers, "customer waits", "customers wait")
    return f"{who} (ARR {need.weight.arr})" if need.weight.arr else who


def _pages_by_anchor(thread: Thread) -> dict[str, SnapshotPage]:
    found = (page for pages in thread.snapshot.databases.values() for page in pages.values())
    return {anchor(page): page for page in found}


def _about(thread: Thread, page: SnapshotPage, question: str, because: str) -> Decision:
    return Decision(told(thread, page), question, because, label(thread, page, "owner"))
