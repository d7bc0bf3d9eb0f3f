"""Dates that have moved or passed: of releases, and of features with a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import (
    DATES,
    Health,
    PageRef,
    day_of,
    health,
    page_ref,
    parse_date,
)
from notion_pm.report.past import Past
from notion_pm.report.strategy import percent
from notion_pm.thread import Thread


@dataclass(frozen=True, slots=True)
class Slip:
    """A page with a due date.

    `before`: the first date that it had in the period, empty if it has not moved since. `moved`:
    days from that date to `due`. `overdue`: days since `due` has passed. `base`: the number of
    features that `progress` is a share of.
    """

    page: PageRef
    due: str
    before: str
    moved: int
    overdue: int
    progress: int | None
    base: int
    health: Health | None


def slips(thread: Thread, past: Past) -> tuple[Slip, ...]:
    """Return the open pages with a date, and those whose date has moved; the latest first."""
    found: list[Slip] = []
    for database, key in DATES:
        found += _slips_of(thread, past, database, key)
    found.sort(key=lambda slip: (-slip.overdue, -slip.moved, slip.due))
    return tuple(found)


def _slips_of(thread: Thread, past: Past, database: str, key: str) -> Iterator[Slip]:
    for page in thread.snapshot.databases.get(database, {}).values():
        due = parse_date(thread.text(page, key))
        if due is None or not thread.is_live(page):
            continue
        is_open = thread.is_open(page)
        # The first promise counts: a date that moved three times has slipped from the first one.
        before = parse_date(_first_date(past, page, key))
        moved = (due - before).days if before else 0
        # What is done on its date is no longer interesting; what was late is.
        if not moved and not is_open:
            continue
        yield Slip(
            page=page_ref(thread, page),
            due=due.isoformat(),
            before=before.isoformat() if before and moved else "",
            moved=moved,
            overdue=max((thread.today - due).days, 0) if is_open else 0,
            progress=percent(thread.number(page, "progress")),
            base=_feature_count(thread, page),
            health=health(thread, page),
        )


def _first_date(past: Past, page: SnapshotPage, key: str) -> str:
    value = past.first_value(page, key)
    return day_of(value) if isinstance(value, str) else ""


def _feature_count(thread: Thread, page: SnapshotPage) -> int:
    """Return how many live features a release has; 0 for a feature."""
    if thread.role(page) is not None:
        return 0
    return sum(thread.is_live(feature) for feature in thread.children(page, "features"))
