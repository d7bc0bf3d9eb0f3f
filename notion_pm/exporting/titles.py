"""Titles of pages by their ids, on disk: of a hundred thousand, memory holds those that were asked for last."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from notion_pm.exporting.temp_database import Scratch
from notion_pm.model.ids import NotionId

_REMEMBERED = 10_000
_TOGETHER = 1_000
_LAYOUT = """
    CREATE TABLE titles (page_id TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE related (source_id TEXT, page_id TEXT, PRIMARY KEY (source_id, page_id)) WITHOUT ROWID;
"""
_UNTITLED = "FROM related WHERE page_id NOT IN (SELECT page_id FROM titles)"


class Titles(Scratch):
    """What pages are called, and which pages are related to: all is noted first, then asked for.

    A context manager: what is on disk goes with it. Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        super().__init__(_LAYOUT, cache=2048)
        self._noted: list[tuple[NotionId, str]] = []
        self._related: set[tuple[NotionId, NotionId]] = set()
        self.of = lru_cache(_REMEMBERED)(self._of)
        """Return the title of a page, None where it was not noted."""

    def note(self, page_id: NotionId, title: str) -> None:
        """Remember what a page is called."""
        self._noted.append((page_id, title))
        if len(self._noted) >= _TOGETHER:
            self._store()

    def relate(self, source_id: NotionId, page_ids: Iterable[NotionId]) -> None:
        """Remember that pages of a data source are related to."""
        self._related.update((source_id, each) for each in page_ids)
        if len(self._related) >= _TOGETHER:
            self._store()

    def wanting(self) -> list[NotionId]:
        """Return the data sources with related pages whose titles were not noted."""
        self._store()
        return [row[0] for row in self._select(f"SELECT DISTINCT source_id {_UNTITLED} ORDER BY 1")]

    def untitled(self) -> int:
        """Return the number of related pages whose titles were not noted."""
        self._store()
        return sum(1 for _ in self._select(f"SELECT DISTINCT page_id {_UNTITLED}"))

    def _of(self, page_id: NotionId) -> str | None:
        self._store()
        found = self._select("SELECT title FROM titles WHERE page_id = ?", page_id)
        return next((str(title) for (title,) in found), None)

    def _store(self) -> None:
        if not self._noted and not self._related:
            return
        self._insert("INSERT OR REPLACE INTO titles VALUES (?, ?)", self._noted)
        self._insert("INSERT OR IGNORE INTO related VALUES (?, ?)", self._related)
        self._noted.clear()
        self._related.clear()
