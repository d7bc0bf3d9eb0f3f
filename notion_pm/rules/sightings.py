"""What reports saw of pages: also what no rule reads, so that sync does not remember it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, same_value


@dataclass(frozen=True, slots=True)
class Sighting:
    """A page as a report saw it, with the values that reports look back on."""

    at: datetime
    page: SnapshotPage


def new_sightings(
    known: Iterable[Sighting], pages: Iterable[SnapshotPage], at: datetime
) -> Iterator[Sighting]:
    """Yield what differs from when it was last seen, given what is known in the order of time."""
    last = {each.page.id: each.page for each in known}
    for page in pages:
        before = last.get(page.id)
        if before is None or not _alike(before, page):
            yield Sighting(at, page)


def pages_at(known: Iterable[Sighting], moment: datetime) -> dict[NotionId, SnapshotPage]:
    """Return pages as they were last seen at a moment; those first seen later as they were then."""
    found: dict[NotionId, SnapshotPage] = {}
    for each in known:
        if each.at <= moment or each.page.id not in found:
            found[each.page.id] = each.page
    return found


def _alike(one: SnapshotPage, other: SnapshotPage) -> bool:
    keys = {*one.values, *other.values}
    return all(same_value(one.values.get(key), other.values.get(key)) for key in keys)
