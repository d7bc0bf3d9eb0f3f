"""The roadmap: what is being built now, what is next and what is later, by objective. Horizons, not dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import Told, Weight, as_date, day, label, told, weight
from notion_pm.thread import Thread
from notion_pm.thread.signal import is_signal, objectives

Horizon = Literal["now", "next", "later", "done"]
HORIZONS: tuple[Horizon, ...] = get_args(Horizon)


@dataclass(frozen=True, slots=True)
class Item:
    """A feature on the roadmap. `late`: by how many days its target has passed, 0 where it has shipped."""

    page: Told
    weight: Weight
    target: str
    is_signal: bool
    priority: str = ""
    late: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """The features of an objective, by horizon; `objective` is None for those that serve none."""

    objective: Told | None
    items: dict[Horizon, tuple[Item, ...]]


def roadmap(thread: Thread) -> tuple[Lane, ...]:
    """Return a lane for each live objective that has features, and the last for live features that serve none."""
    live = [each for each in thread.pages("features") if thread.is_live(each)]
    goals = [each for each in objectives(thread) if thread.is_live(each)]
    below = {goal.id: {each.id for each in thread.all_below(goal)} for goal in goals}
    lanes = [
        _lane(thread, goal, [each for each in live if each.id in below[goal.id]]) for goal in goals
    ]
    lanes.append(
        _lane(
            thread,
            None,
            [each for each in live if not any(each.id in those for those in below.values())],
        )
    )
    return tuple(each for each in lanes if any(each.items.values()))


def horizon(thread: Thread, feature: SnapshotPage) -> Horizon:
    """Return when a live feature is built: now in work; next what has left the first step of its status; else later."""
    match thread.category(feature):
        case "doing":
            return "now"
        case "done":
            return "done"
        case _:
            key = thread.chain.status_key(feature.database) or ""
            return (
                "next"
                if thread.chain.schema.rank(feature.database, key, feature.values.get(key))
                else "later"
            )


def _lane(thread: Thread, objective: SnapshotPage | None, features: Sequence[SnapshotPage]) -> Lane:
    ordered = [each for each in thread.sort_for_reading(features) if isinstance(each, SnapshotPage)]
    by_horizon = {
        each: tuple(
            _item(thread, feature) for feature in ordered if horizon(thread, feature) == each
        )
        for each in HORIZONS
    }
    return Lane(told(thread, objective) if objective else None, by_horizon)


def _item(thread: Thread, feature: SnapshotPage) -> Item:
    due = day(thread.text(feature, "target"))
    target = as_date(due)
    late = max((thread.today - target).days, 0) if target and thread.is_open(feature) else 0
    priority = label(thread, feature, "priority")
    return Item(
        told(thread, feature),
        weight(thread, feature),
        due,
        is_signal(thread, feature),
        priority,
        late,
    )
