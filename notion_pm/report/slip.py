"""Release slip: dates that have moved or passed, of releases and of features with a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import DATES, Health, Told, as_date, day, health, told
from notion_pm.report.past import Past
from notion_pm.report.strategy import percent
from notion_pm.thread import Thread


@dataclass(frozen=True, slots=True)
class Slip:
    """A page with a date. `before`: the first that it had since then; `moved`: by how many days from it to now."""

    page: Told
    due: str
    before: str
    moved: int
    overdue: int
    progress: int | None
    base: int
    health: Health | None


def slips(thread: Thread, past: Past) -> tuple[Slip, ...]:
    """Return what has a date and is open, or whose date has moved; what slips most first."""
    found = [each for database, key in DATES for each in _slips_of(thread, past, database, key)]
    return tuple(sorted(found, key=lambda each: (-each.overdue, -each.moved, each.due)))


def _slips_of(thread: Thread, past: Past, database: str, key: str) -> Iterator[Slip]:
    for page in thread.snapshot.databases.get(database, {}).values():
        due, before = as_date(thread.text(page, key)), as_date(_promised(past, page, key))
        if due is None or not thread.is_live(page):
            continue
        moved = (due - before).days if before else 0
        overdue = max((thread.today - due).days, 0) if thread.is_open(page) else 0
        if moved or thread.is_open(page):
            yield Slip(
                told(thread, page), due.isoformat(), before.isoformat() if before and moved else "", moved, overdue,
                percent(thread.number(page, "progress")), _base(thread, page), health(thread, page),
            )  # fmt: skip


def _base(thread: Thread, page: SnapshotPage) -> int:
    """Return how many live features a release holds, of which its progress is a share."""
    if thread.role(page) is not None:
        return 0
    below = [each for each in thread.below(page) if isinstance(each, SnapshotPage)]
    return sum(thread.role(each) == "features" and thread.is_live(each) for each in below)


def _promised(past: Past, page: SnapshotPage, key: str) -> str:
    value = past.first(page, key)
    return day(value) if isinstance(value, str) else ""
