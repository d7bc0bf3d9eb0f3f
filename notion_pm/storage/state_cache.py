"""Pages as they were last read, and the names of options: what may be lost at any time, for it is read anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.rules.values import SnapshotPage
from notion_pm.storage.plain_json import values_from_json, values_to_json
from notion_pm.storage.state_rows import Rows
from notion_pm.storage.state_tables import ABSENT, MARKS, PAGES


@dataclass(frozen=True, slots=True)
class Cache:
    """Pages as they were last read, by database; when that was; and pages that are named but were not to be had."""

    pages: Mapping[str, Mapping[NotionId, SnapshotPage]] = field(default_factory=dict)
    marks: Mapping[str, datetime] = field(default_factory=dict)
    absent: Mapping[NotionId, str] = field(default_factory=dict)


def read_cache(rows: Rows) -> Cache:
    """Return the pages as they were last read."""
    pages: dict[str, dict[NotionId, SnapshotPage]] = {}
    for page in _pages(rows):
        pages.setdefault(page.database, {})[page.id] = page
    marks = {key: datetime.fromisoformat(at) for key, at in rows.all(MARKS, "database read_at")}
    return Cache(pages, marks, dict(rows.all(ABSENT, "page reason")))


def put_pages(rows: Rows, pages: Iterable[SnapshotPage]) -> None:
    """Remember pages."""
    rows.put(
        PAGES,
        (
            (page.id, page.database, page.title, page.url, page.last_edited.isoformat(), values_to_json(page.values))
            for page in pages
        ),
    )


def _pages(rows: Rows) -> Iterator[SnapshotPage]:
    for page, database, title, url, edited, held in rows.all(PAGES, "page database title url last_edited held"):
        yield SnapshotPage(page, database, title, url, datetime.fromisoformat(edited), values_from_json(held))
