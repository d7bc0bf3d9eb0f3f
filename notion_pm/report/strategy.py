"""The strategy on one page: the vision, and the objectives with health and progress."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import (
    Health,
    PageRef,
    Weight,
    day_of,
    health,
    number_text,
    page_ref,
    readable_text,
    weight,
)
from notion_pm.report.past import Past
from notion_pm.thread import Thread
from notion_pm.thread.health import fresh_health
from notion_pm.thread.signal import objectives

_LAST = 99
"""Sorts pages without a kind last."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A vision, mission or value."""

    page: PageRef
    kind: str
    statement: str
    north_star: str
    health: Health | None


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A number by which an objective is judged."""

    page: PageRef
    current: str
    target: str
    attained: int | None


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective.

    Progress is in percent, None if it is not known; `progress_before` and `progress_until` are its
    values at the start and the end of the period. `doing`, `open` and `done` count its live
    features: its own, those of its opportunities, and their parts, each once. `base` is their sum,
    and progress is a share of it. `stale_health` names a health that is too old to count, which
    `health` shows as "No update". `health_until`: the health at the end of the period, empty if
    the period ends now.
    """

    page: PageRef
    serves: tuple[str, ...]
    outcome: str
    health: Health | None
    note: str
    said_on: str
    progress: int | None
    progress_before: int | None
    progress_until: int | None
    attained: int | None
    doing: int
    open: int
    done: int
    base: int
    weight: Weight
    key_results: tuple[KeyResult, ...]
    owner: str = ""
    period: str = ""
    confidence: int | None = None
    metric: str = ""
    stale_health: str = ""
    health_until: str = ""

    @property
    def gained(self) -> int | None:
        """The points of progress gained or lost in the period, None if that is not known."""
        if self.progress_until is None or self.progress_before is None:
            return None
        return self.progress_until - self.progress_before


@dataclass(frozen=True, slots=True)
class Strategy:
    """The vision with mission and values, and the open objectives."""

    aims: tuple[Aim, ...]
    objectives: tuple[Objective, ...]


def strategy(thread: Thread, past: Past) -> Strategy:
    """Return the live pages of the strategy."""
    all_objectives = objectives(thread)
    objective_ids = {objective.id for objective in all_objectives}
    aims = [
        page
        for page in thread.pages("vision")
        if thread.is_live(page) and page.id not in objective_ids
    ]
    # In the order of the options of "Kind" in Notion: usually vision, mission, values.
    aims.sort(key=lambda page: _kind_rank(thread, page))
    # An achieved objective is done: it is part of the changes, not of the current strategy.
    open_objectives = [objective for objective in all_objectives if thread.is_open(objective)]
    return Strategy(
        tuple(_aim(thread, past, page) for page in aims),
        tuple(_objective(thread, past, page) for page in open_objectives),
    )


def percent(share: float | None) -> int | None:
    """Return a share as whole percent."""
    return None if share is None else round(share * 100)


def _kind_rank(thread: Thread, page: SnapshotPage) -> int:
    rank = thread.chain.schema.rank(page.database, "kind", page.values.get("kind"))
    return _LAST if rank is None else rank


def _aim(thread: Thread, past: Past, page: SnapshotPage) -> Aim:
    stated_health = None
    if thread.value(page, "health"):
        stated_health = health(thread, page, _health_at_start(past, page))
    return Aim(
        page=page_ref(thread, page),
        kind=readable_text(thread, page, "kind"),
        statement=_statement(thread, page),
        north_star=thread.text(page, "north_star"),
        health=stated_health,
    )


def _statement(thread: Thread, page: SnapshotPage) -> str:
    """Return the statement without the title that it may begin with."""
    statement = thread.text(page, "statement").strip()
    # Example: the page "Vision" with the statement "Vision: every team knows why." shows "Every
    # team knows why."
    rest = statement.removeprefix(f"{page.title}:").strip()
    return rest[:1].upper() + rest[1:]


def _objective(thread: Thread, past: Past, page: SnapshotPage) -> Objective:
    above = [parent for parent in thread.above(page) if isinstance(parent, SnapshotPage)]
    counts = Counter(thread.category(feature) for feature in thread.features_below(page))
    return Objective(
        page=page_ref(thread, page),
        serves=tuple(parent.title for parent in above),
        outcome=thread.text(page, "outcome") or thread.text(page, "statement"),
        health=health(thread, page, _health_at_start(past, page)),
        note=thread.text(page, "health_note"),
        said_on=day_of(thread.text(page, "health_date")),
        progress=percent(thread.number(page, "progress")),
        progress_before=percent(past.number_at_start(page, "progress")),
        progress_until=percent(past.number_at_end(page, "progress")),
        attained=percent(thread.number(page, "attainment")),
        doing=counts["doing"],
        open=counts["todo"],
        done=counts["done"],
        base=counts["doing"] + counts["todo"] + counts["done"],
        weight=weight(thread, page),
        key_results=_key_results(thread, page),
        owner=readable_text(thread, page, "owner"),
        period=readable_text(thread, page, "period"),
        confidence=percent(thread.number(page, "confidence")),
        metric=_outcome_metric(thread, page),
        stale_health=_stale_health(thread, page),
        health_until=_health_at_end(thread, past, page),
    )


def _key_results(thread: Thread, objective: SnapshotPage) -> tuple[KeyResult, ...]:
    results = []
    for page in thread.children(objective, "key_results"):
        if thread.is_live(page):
            result = KeyResult(
                page_ref(thread, page),
                readable_text(thread, page, "current"),
                readable_text(thread, page, "target"),
                percent(thread.number(page, "attainment")),
            )
            results.append(result)
    return tuple(results)


def _outcome_metric(thread: Thread, page: SnapshotPage) -> str:
    """Return the outcome metric with its numbers: "Hours per close: 10, from 40, target 8"."""
    # `full` has a metric of its own for each objective, `product` a north star for the vision.
    name = thread.text(page, "outcome_metric").strip().rstrip(":")
    name = name or thread.text(page, "north_star").strip()
    current = number_text(thread, page, "current")
    baseline = number_text(thread, page, "baseline")
    target = number_text(thread, page, "target")
    if not (current or baseline or target):
        return name
    numbers = [current or "not measured"]
    if baseline:
        numbers.append(f"from {baseline}")
    if target:
        numbers.append(f"target {target}")
    return f"{name or 'Outcome metric'}: {', '.join(numbers)}"


def _stale_health(thread: Thread, page: SnapshotPage) -> str:
    """Return the name of a health that is too old to count, otherwise nothing."""
    key = thread.text(page, "health")
    if not key or key == "no_update" or fresh_health(thread, page):
        return ""
    return readable_text(thread, page, "health")


def _health_at_start(past: Past, page: SnapshotPage) -> str | None:
    value = past.value_at_start(page, "health")
    return value if isinstance(value, str) else None


def _health_at_end(thread: Thread, past: Past, page: SnapshotPage) -> str:
    """Return the name of the health at the end of the period, empty if the period ends now."""
    if past.until is None:
        return ""
    value = past.value_at_end(page, "health")
    return str(thread.wording.readable(page, "health", value) or "")
