"""The checks of an audit: they know properties by the template's keys and meanings, not by what a client calls them."""

from __future__ import annotations

from datetime import date

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.text import quantity
from notion_pm.thread.audit import Check, Found, Thresholds
from notion_pm.thread.graph import Thread
from notion_pm.thread.health import health_days
from notion_pm.thread.loop import is_owed

SIGNAL = (
    "Signal is a live feature (neither parked nor dropped) behind which an insight stands (its own, one of its parts', "
    "or one of the opportunity that it addresses) and which serves a live objective or the vision (by itself, through "
    "its opportunity, or through the feature that it is a part of). Every other live feature is noise."
)


def is_signal(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether a live feature is signal."""
    return has_evidence(thread, feature) and (not _has_strategy(thread) or serves(thread, feature))


def has_evidence(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether an insight stands behind a feature, one of its parts, or the opportunity that it addresses."""
    if thread.insights_behind(feature):
        return True
    parts = [each for each in thread.all_below(feature) if thread.role(each) == "features"]
    needs = [each for each in thread.above(feature) if thread.role_of(each) == "opportunities"]
    return any(
        thread.insights_behind(each) for each in (*parts, *needs) if isinstance(each, SnapshotPage)
    )


def serves(thread: Thread, feature: SnapshotPage) -> bool:
    """Whether a feature serves a live objective, or the vision itself where it is tied to no objective.

    An achieved objective is no longer live, but the features that shipped for it served it.
    """
    strategy = [
        each for each in thread.all_above(feature) if thread.role(each) in {"vision", "objectives"}
    ]
    known = {each.id for each in objectives(thread)}
    nearest = [each for each in strategy if each.id in known] or strategy
    if thread.category(feature) == "done":
        return any(thread.is_live(each) for each in nearest)
    return any(
        thread.is_open(each) for each in nearest
    )  # what is still to be built must serve what is still open


def objectives(thread: Thread) -> tuple[SnapshotPage, ...]:
    """Return the objectives: the pages of their own database, else those of the vision's that are one by their kind."""
    vision = thread.chain.database("vision")
    if thread.chain.database("objectives") or vision is None:
        return thread.pages("objectives")
    if thread.chain.schema.option(vision, "kind", "objective") is None:
        return thread.pages("vision")
    return tuple(
        each for each in thread.pages("vision") if thread.value(each, "kind") == "objective"
    )


def _has_strategy(thread: Thread) -> bool:
    return (
        thread.chain.database("vision") is not None
        or thread.chain.database("objectives") is not None
    )


def _has_insights(thread: Thread) -> bool:
    return thread.chain.database("insights") is not None


def _live_features(thread: Thread) -> list[SnapshotPage]:
    return [each for each in thread.pages("features") if thread.is_live(each)]


def _without_evidence(thread: Thread, thresholds: Thresholds) -> Found:
    return (
        (each, thread.status(each))
        for each in _live_features(thread)
        if not has_evidence(thread, each)
    )


def _without_objective(thread: Thread, thresholds: Thresholds) -> Found:
    return (
        (each, thread.status(each)) for each in _live_features(thread) if not serves(thread, each)
    )


def _idle_objectives(thread: Thread, thresholds: Thresholds) -> Found:
    for each in objectives(thread):
        features = [below for below in thread.all_below(each) if thread.role(below) == "features"]
        if thread.is_open(each) and not any(thread.is_live(feature) for feature in features):
            yield each, thread.status(each)


def _unread_insights(thread: Thread, thresholds: Thresholds) -> Found:
    for each in thread.pages("insights"):
        days = _since(thread, thread.created[each.id].date())
        if thread.is_open(each) and not thread.above(each) and days > thresholds.insight_days:
            yield each, f"{thread.status(each) or 'unlinked'}, here for {days} days"


def _stale_specs(thread: Thread, thresholds: Thresholds) -> Found:
    for each in thread.pages("features"):
        days = _since(thread, each.last_edited.date())
        if thread.category(each) == "doing" and days > thresholds.spec_days:
            yield each, f"{thread.status(each)}, not edited for {days} days"


def _stale_health(thread: Thread, thresholds: Thresholds) -> Found:
    stated_days = thresholds.health_days
    most = health_days(thread.chain.schema.template) if stated_days is None else stated_days
    for each in objectives(thread):
        if not thread.is_open(each):
            continue
        said = thread.text(each, "health_date")
        days = _since(thread, date.fromisoformat(said[:10])) if said else None
        if days is not None and days > most:
            yield each, f"{thread.read(each, 'health') or 'No update'}, said {days} days ago"
        elif days is None and (
            thread.chain.has(each.database, "health_date")
            or thread.value(each, "health") in {None, "no_update"}
        ):
            yield each, "nobody has said how it is"


def _is_judged(thread: Thread) -> bool:
    """Whether people say how objectives are: their database has a health that no rule writes."""
    database = thread.chain.database("objectives") or thread.chain.database("vision") or ""
    spec = (
        thread.chain.schema.spec(database, "health")
        if thread.chain.has(database, "health")
        else None
    )
    return spec is not None and not spec.stamped


def _overdue(thread: Thread, thresholds: Thresholds) -> Found:
    due = [
        (each, thread.text(each, "target"))
        for each in thread.pages("features")
        if thread.is_open(each)
    ]
    due += [
        (each, thread.text(each, "review_by"))
        for each in thread.pages("vision")
        if thread.is_open(each)
    ]
    for page, day in due:
        if day and (days := _since(thread, date.fromisoformat(day[:10]))) > 0:
            yield (
                page,
                f"{thread.status(page)}, due {day[:10]}, {quantity(days, 'day')} ago",
            )


def _owed(thread: Thread, thresholds: Thresholds) -> Found:
    for each in thread.pages("insights"):
        if is_owed(thread, each):
            yield each, ", ".join(thread.customers_of(each)) or "nobody is named"


def _since(thread: Thread, day: date) -> int:
    return (thread.today - day).days


def _always(thread: Thread) -> bool:
    return True


CHECKS = (
    Check(
        "no-evidence",
        "Features without evidence",
        "Link the insights that ask for it, or talk to customers; park it when nobody asks.",
        _has_insights,
        _without_evidence,
    ),
    Check(
        "no-objective",
        "Features that serve no objective",
        "Tie it to the objective that it serves, or park it.",
        _has_strategy,
        _without_objective,
    ),
    Check(
        "idle-objective",
        "Objectives without features",
        "Add the features that would move it, or drop the objective.",
        _has_strategy,
        _idle_objectives,
    ),
    Check(
        "unread-insight",
        "Insights that nobody looks at",
        "Link it to a feature or an opportunity, or turn it down and say why.",
        _has_insights,
        _unread_insights,
    ),
    Check(
        "stale-spec",
        "Features in progress whose spec nobody edits",
        "Ask its owner: bring the spec up to date, or change the status.",
        _always,
        _stale_specs,
    ),
    Check(
        "stale-health",
        "Objectives whose health nobody updates",
        "Ask its owner for the health, a note and the date.",
        _is_judged,
        _stale_health,
    ),
    Check(
        "overdue",
        "Past their date",
        "Set a date that will hold, tell those who wait, or finish it.",
        _always,
        _overdue,
    ),
    Check(
        "owed",
        "Customers who have not been told",
        "Run  notion-pm loop  for the message, and  notion-pm loop --told  once it is sent.",
        _has_insights,
        _owed,
    ),
)
"""All checks, in the order in which they are told."""
