"""Pages as they were last read, and the names of options: what may be lost at any time, for it is read anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Table

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.state.plain_json import moment_from, values_from_json, values_to_json
from notion_pm.state.rows import Rows
from notion_pm.state.tables import ABSENT, MARKS, PAGES


@dataclass(frozen=True, slots=True)
class Cache:
    """Pages as they were last read, by database; when that was; and pages that are named but were not to be had."""

    pages: Mapping[str, Mapping[NotionId, SnapshotPage]] = field(default_factory=dict)
    marks: Mapping[str, datetime] = field(default_factory=dict)
    absent: Mapping[NotionId, str] = field(default_factory=dict)


def read_cache(rows: Rows) -> Cache:
    """Return the pages as they were last read."""
    marks = {key: moment_from(at) for key, at in rows.all(MARKS, "database read_at")}
    return Cache(read_pages(rows, PAGES), marks, dict(rows.all(ABSENT, "page reason")))


def read_pages(rows: Rows, table: Table) -> dict[str, dict[NotionId, SnapshotPage]]:
    """Return the pages that a table holds, by database."""
    pages: dict[str, dict[NotionId, SnapshotPage]] = {}
    for page in _pages(rows, table):
        pages.setdefault(page.database, {})[page.id] = page
    return pages


def put_pages(rows: Rows, table: Table, pages: Iterable[SnapshotPage]) -> None:
    """Remember pages in a table: those that were read last, or those of a read that has not ended."""
    rows.put(table, map(_row, pages))


def _row(page: SnapshotPage) -> tuple[object, ...]:
    edited, created = (
        page.last_edited.isoformat(),
        page.created.isoformat() if page.created else None,
    )
    return (
        page.id,
        page.database,
        page.title,
        page.url,
        edited,
        values_to_json(page.values),
        created,
    )


def _pages(rows: Rows, table: Table) -> Iterator[SnapshotPage]:
    columns = "page database title url last_edited held created"
    for page, database, title, url, edited, held, created in rows.all(table, columns):
        yield SnapshotPage(
            page,
            database,
            title,
            url,
            moment_from(edited),
            values_from_json(held),
            moment_from(created) if created else None,
        )
