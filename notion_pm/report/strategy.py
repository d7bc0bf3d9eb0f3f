"""Strategy on one page: the vision, and the objectives with their health, their progress, and how both have moved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import (
    Health,
    Told,
    Weight,
    day,
    health,
    label,
    number_text,
    told,
    weight,
)
from notion_pm.report.past import Past
from notion_pm.thread import Thread
from notion_pm.thread.health import fresh_health
from notion_pm.thread.signal import objectives


@dataclass(frozen=True, slots=True)
class Aim:
    """A vision, mission or value; `statement` without its title, where it begins with that."""

    page: Told
    kind: str
    statement: str
    north_star: str
    health: Health | None


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A number by which an objective is judged."""

    page: Told
    current: str
    target: str
    attained: int | None


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective. Progress is in percent, None where nobody knows; `progress_before` and `progress_until`
    are what it was at both ends of the time that the report looks back on.

    `doing`, `open` and `done` count its live features: its own, those of its opportunities, and their parts, each once.
    `base` is how many they are together: progress is a share of just these.
    `metric` is the outcome metric with its numbers: "Hours per close: 10, from 40, target 8".
    `stale_health` names a health that is too old to count, which `health` shows as "No update".
    `health_until` is the health at the end of the time, where that is not now.
    """

    page: Told
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
        """The points of progress won or lost since; None where it was not known then."""
        if self.progress_until is None or self.progress_before is None:
            return None
        return self.progress_until - self.progress_before


@dataclass(frozen=True, slots=True)
class Strategy:
    """What we are here for, and how far we are."""

    aims: tuple[Aim, ...]
    objectives: tuple[Objective, ...]


def strategy(thread: Thread, past: Past) -> Strategy:
    """Return the strategy of a thread: what is live of it."""
    goals = [
        each for each in objectives(thread) if thread.is_open(each)
    ]  # achieved ones are not live
    known = {each.id for each in objectives(thread)}
    aims = [
        each for each in thread.pages("vision") if thread.is_live(each) and each.id not in known
    ]
    return Strategy(
        tuple(
            _aim(thread, past, each)
            for each in sorted(aims, key=lambda page: _kind_rank(thread, page))
        ),
        tuple(_objective(thread, past, each) for each in goals),
    )


def percent(share: float | None) -> int | None:
    """Return a share as whole percent."""
    return None if share is None else round(share * 100)


def _kind_rank(thread: Thread, page: SnapshotPage) -> int:
    rank = thread.chain.schema.rank(page.database, "kind", page.values.get("kind"))
    return 99 if rank is None else rank


def _aim(thread: Thread, past: Past, page: SnapshotPage) -> Aim:
    said = (
        health(thread, page, _earlier_health(past, page)) if thread.value(page, "health") else None
    )
    return Aim(
        told(thread, page), label(thread, page, "kind"), _statement(thread, page),
        thread.text(page, "north_star"), said,
    )  # fmt: skip


def _statement(thread: Thread, page: SnapshotPage) -> str:
    said = thread.text(page, "statement").strip()
    rest = said.removeprefix(f"{page.title}:").strip()
    return rest[:1].upper() + rest[1:]


def _objective(thread: Thread, past: Past, page: SnapshotPage) -> Objective:
    features = [each for each in thread.all_below(page) if thread.role(each) == "features"]
    stages = Counter(thread.category(each) for each in features)
    above = [each for each in thread.above(page) if isinstance(each, SnapshotPage)]
    results = [
        each
        for each in thread.below(page)
        if isinstance(each, SnapshotPage) and thread.role(each) == "key_results"
    ]
    return Objective(
        page=told(thread, page),
        serves=tuple(each.title for each in above),
        outcome=thread.text(page, "outcome") or thread.text(page, "statement"),
        health=health(thread, page, _earlier_health(past, page)),
        note=thread.text(page, "health_note"),
        said_on=day(thread.text(page, "health_date")),
        progress=percent(thread.number(page, "progress")),
        progress_before=percent(past.number(page, "progress")),
        progress_until=percent(past.last_number(page, "progress")),
        attained=percent(thread.number(page, "attainment")),
        doing=stages["doing"],
        open=stages["todo"],
        done=stages["done"],
        base=stages["doing"] + stages["todo"] + stages["done"],
        weight=weight(thread, page),
        key_results=tuple(_key_result(thread, each) for each in results if thread.is_live(each)),
        owner=label(thread, page, "owner"),
        period=label(thread, page, "period"),
        confidence=percent(thread.number(page, "confidence")),
        metric=_metric(thread, page),
        stale_health=_stale_health(thread, page),
        health_until=_health_until(thread, past, page),
    )


def _metric(thread: Thread, page: SnapshotPage) -> str:
    name = (
        thread.text(page, "outcome_metric").strip().rstrip(":")
        or thread.text(page, "north_star").strip()
    )
    current, baseline, target = (
        number_text(thread, page, key) for key in ("current", "baseline", "target")
    )
    if not (current or baseline or target):
        return name
    numbers = [current or "not measured"]
    if baseline:
        numbers.append(f"from {baseline}")
    if target:
        numbers.append(f"target {target}")
    return f"{name or 'Outcome metric'}: {', '.join(numbers)}"


def _stale_health(thread: Thread, page: SnapshotPage) -> str:
    stated = thread.text(page, "health")
    if not stated or stated == "no_update" or fresh_health(thread, page):
        return ""
    return label(thread, page, "health")


def _key_result(thread: Thread, page: SnapshotPage) -> KeyResult:
    return KeyResult(
        told(thread, page),
        label(thread, page, "current"),
        label(thread, page, "target"),
        percent(thread.number(page, "attainment")),
    )


def _health_until(thread: Thread, past: Past, page: SnapshotPage) -> str:
    """Return the name of the health at the end of a time that is over; empty where that is now."""
    value = past.last(page, "health")
    return str(thread.wording.readable(page, "health", value) or "") if past.until else ""


def _earlier_health(past: Past, page: SnapshotPage) -> str | None:
    value = past.held(page, "health")
    return value if isinstance(value, str) else None
