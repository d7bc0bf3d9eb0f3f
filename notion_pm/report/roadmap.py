"""The roadmap: what is built now, what is next and what is later, by objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import (
    PageRef,
    Weight,
    day_of,
    page_ref,
    parse_date,
    readable_text,
    weight,
)
from notion_pm.thread import Thread
from notion_pm.thread.signal import is_signal, live_features, objectives

Horizon = Literal["now", "next", "later", "done"]
HORIZONS: tuple[Horizon, ...] = get_args(Horizon)


@dataclass(frozen=True, slots=True)
class RoadmapItem:
    """A feature on the roadmap. `late`: days since its target has passed, 0 if it has shipped."""

    page: PageRef
    weight: Weight
    target: str
    is_signal: bool
    priority: str = ""
    late: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """The features of an objective by horizon; `objective` is None for those that serve none."""

    objective: PageRef | None
    items: dict[Horizon, tuple[RoadmapItem, ...]]


def roadmap(thread: Thread) -> tuple[Lane, ...]:
    """Return a lane for each live objective with features, the last for features without one."""
    lanes = []
    served: set[NotionId] = set()
    for objective in objectives(thread):
        if thread.is_live(objective):
            below = thread.features_below(objective)
            features = [feature for feature in below if thread.is_live(feature)]
            served.update(feature.id for feature in features)
            lanes.append(_lane(thread, objective, features))
    # A feature that serves two objectives is in two lanes; one that serves none is in the last.
    others = [feature for feature in live_features(thread) if feature.id not in served]
    lanes.append(_lane(thread, None, others))
    return tuple(lane for lane in lanes if any(lane.items.values()))


def horizon(thread: Thread, feature: SnapshotPage) -> Horizon:
    """Return when a live feature is built.

    Now: in progress. Next: its status has left the first step. Later: it is at the first step.
    """
    category = thread.category(feature)
    if category == "doing":
        return "now"
    if category == "done":
        return "done"
    key = thread.chain.status_key(feature.database) or ""
    # Rank 0 is the first option, for example "Idea". Any later one that is not yet "doing", such as
    # "Planned", is next. A feature without a status has no rank and is later.
    step = thread.chain.schema.rank(feature.database, key, feature.values.get(key))
    return "next" if step else "later"


def _lane(thread: Thread, objective: SnapshotPage | None, features: Sequence[SnapshotPage]) -> Lane:
    items: dict[Horizon, list[RoadmapItem]] = {name: [] for name in HORIZONS}
    for feature in thread.sort_for_reading(features):
        if isinstance(feature, SnapshotPage):
            items[horizon(thread, feature)].append(_item(thread, feature))
    ref = page_ref(thread, objective) if objective else None
    return Lane(ref, {name: tuple(found) for name, found in items.items()})


def _item(thread: Thread, feature: SnapshotPage) -> RoadmapItem:
    target = thread.text(feature, "target")
    due = parse_date(target)
    # A late ship is history; only open features can still be helped.
    late = 0
    if due and thread.is_open(feature):
        late = max((thread.today - due).days, 0)
    return RoadmapItem(
        page=page_ref(thread, feature),
        weight=weight(thread, feature),
        target=day_of(target),
        is_signal=is_signal(thread, feature),
        priority=readable_text(thread, feature, "priority"),
        late=late,
    )
