"""Pages as they were last read, and names of options. May be lost at any time: it is read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Table

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.state.plain_json import moment_from, values_from_json, values_to_json
from notion_pm.state.rows import Rows, transaction
from notion_pm.state.tables import ABSENT, MARKS, OPTION_NAMES, PAGES, PART_PAGES, PARTS


@dataclass(frozen=True, slots=True)
class Cache:
    """What the last sync read.

    `pages`: by database and id. `marks`: up to which moment the edits of a database were read.
    `absent`: pages that relations name and that could not be read, with the reasons.
    """

    pages: Mapping[str, Mapping[NotionId, SnapshotPage]] = field(default_factory=dict)
    marks: Mapping[str, datetime] = field(default_factory=dict)
    absent: Mapping[NotionId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a database that a full read has got before it was interrupted, oldest first.

    `pages`: all rows created before `created_until`. `scope`: how they were understood. `began`:
    when the first of them were read, by Notion's clock; what was edited since must be read again.
    """

    scope: str
    began: datetime
    created_until: datetime
    pages: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)


class PageStore:
    """The pages of one template, whole and of a full read that has not come to its end."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self) -> Cache:
        """Return the pages as they were last read."""
        marks = self._rows.read(MARKS, "database read_at", _decode_mark)
        absent = self._rows.read(ABSENT, "page reason", _decode_absent)
        return Cache(self._read_pages(PAGES), dict(marks), dict(absent))

    def put(
        self,
        pages: Iterable[SnapshotPage],
        marks: Mapping[str, datetime],
        absent: Mapping[NotionId, str],
    ) -> None:
        """Add or replace pages, marks and absent pages."""
        self._put_pages(PAGES, pages)
        self._rows.put(MARKS, ((database, at.isoformat()) for database, at in marks.items()))
        self._rows.put(ABSENT, absent.items())

    def put_absent(self, page_id: NotionId, reason: str) -> None:
        """Drop a page that is no longer there, and keep why."""
        self._rows.drop(PAGES, page=page_id)
        self._rows.put(ABSENT, [(page_id, reason)])

    def drop_all(self) -> None:
        """Drop all pages, also those of a full read that has not come to its end."""
        for table in (PAGES, MARKS, ABSENT, PARTS, PART_PAGES):
            self._rows.drop(table)

    # --- names of options

    def option_names(self) -> dict[str, str]:
        """Return the names that options had when they were last seen, by id."""
        return dict(self._rows.read(OPTION_NAMES, "option name", _decode_texts))

    def save_option_names(self, names: Mapping[str, str]) -> None:
        """Keep the names of options, by id."""
        with transaction(self._rows.connection):
            self._rows.put(OPTION_NAMES, names.items())

    # --- a full read that has not come to its end

    def parts(self) -> dict[str, Part]:
        """Return what an interrupted full read has got, by database."""
        pages = self._read_pages(PART_PAGES)

        def decode(database: str, scope: str, began: str, until: str) -> tuple[str, Part]:
            known = pages.get(database, {})
            return database, Part(scope, moment_from(began), moment_from(until), known)

        return dict(self._rows.read(PARTS, "database scope began created_until", decode))

    def save_part(self, database: str, part: Part) -> None:
        """Keep what a full read has got now. Its pages are added to those that were kept before."""
        row = (database, part.scope, part.began.isoformat(), part.created_until.isoformat())
        with transaction(self._rows.connection):
            self._put_pages(PART_PAGES, part.pages.values())
            self._rows.put(PARTS, [row])

    def drop_parts(self) -> None:
        """Forget the interrupted read: the next full read begins from the start."""
        with transaction(self._rows.connection):
            self._rows.drop(PART_PAGES)
            self._rows.drop(PARTS)

    # --- pages in a table

    def _read_pages(self, table: Table) -> dict[str, dict[NotionId, SnapshotPage]]:
        columns = "page database title url last_edited held created"
        pages: dict[str, dict[NotionId, SnapshotPage]] = {}
        for page in self._rows.read(table, columns, _decode_page):
            pages.setdefault(page.database, {})[page.id] = page
        return pages

    def _put_pages(self, table: Table, pages: Iterable[SnapshotPage]) -> None:
        self._rows.put(table, map(_encode_page, pages))


def _encode_page(page: SnapshotPage) -> tuple[object, ...]:
    return (
        page.id,
        page.database,
        page.title,
        page.url,
        page.last_edited.isoformat(),
        values_to_json(page.values),
        page.created.isoformat() if page.created else None,
    )


def _decode_page(
    page_id: str, database: str, title: str, url: str, edited: str, held: str, created: str | None
) -> SnapshotPage:
    return SnapshotPage(
        NotionId(page_id),
        database,
        title,
        url,
        moment_from(edited),
        values_from_json(held),
        moment_from(created) if created else None,
    )


def _decode_mark(database: str, read_at: str) -> tuple[str, datetime]:
    return database, moment_from(read_at)


def _decode_absent(page_id: str, reason: str) -> tuple[NotionId, str]:
    return NotionId(page_id), reason


def _decode_texts(first: str, second: str) -> tuple[str, str]:
    return first, second
