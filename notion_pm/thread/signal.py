"""Signal and noise: which live features have evidence and serve the strategy."""

from __future__ import annotations

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Thread

SIGNAL_DEFINITION = (
    "A live feature (not parked or dropped) is signal if it has evidence and serves a live "
    "objective or the vision. Evidence is an insight linked to the feature, to one of its parts, "
    "or to the opportunity that it addresses. It may serve an objective itself, through its "
    "opportunity, or through the feature that it is a part of. Every other live feature is noise."
)


def is_signal(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether a live feature is signal. Without a strategy in the template evidence is enough."""
    if not has_evidence(thread, feature):
        return False
    return not has_strategy(thread) or serves_strategy(thread, feature)


def has_evidence(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether an insight is behind a feature, one of its parts, or its opportunity."""
    if thread.insights_behind(feature):
        return True
    related = [*thread.features_below(feature), *thread.parents(feature, "opportunities")]
    return any(thread.insights_behind(page) for page in related)


def serves_strategy(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether a feature serves a live objective, or the vision if it is tied to no objective.

    A shipped feature may have served an objective that is achieved by now. A feature that is still
    to be built must serve one that is still open.
    """
    above = thread.all_above(feature)
    strategy = [page for page in above if thread.role(page) in {"vision", "objectives"}]
    objective_ids = {page.id for page in objectives(thread)}
    # In `product` the vision is above every objective. It must not rescue a feature whose own
    # objective was dropped, so it counts only for features without an objective.
    nearest = [page for page in strategy if page.id in objective_ids] or strategy
    if thread.category(feature) == "done":
        return any(thread.is_live(page) for page in nearest)
    return any(thread.is_open(page) for page in nearest)


def objectives(thread: Thread) -> tuple[SnapshotPage, ...]:
    """Return the objectives.

    They are the pages of their own database. Without one they are the pages of the vision's
    database that have the kind "objective", or all its pages if there is no such kind.
    """
    vision = thread.chain.database("vision")
    if thread.chain.database("objectives") or vision is None:
        return thread.pages("objectives")
    pages = thread.pages("vision")
    if thread.chain.schema.option(vision, "kind", "objective") is None:
        return pages
    return tuple(page for page in pages if thread.value(page, "kind") == "objective")


def has_strategy(thread: Thread) -> bool:
    """Whether the template has a vision or objectives."""
    chain = thread.chain
    return chain.database("vision") is not None or chain.database("objectives") is not None


def live_features(thread: Thread) -> list[SnapshotPage]:
    """Return the features that are not dropped or parked."""
    return [page for page in thread.pages("features") if thread.is_live(page)]
