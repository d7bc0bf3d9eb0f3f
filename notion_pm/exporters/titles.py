"""Titles of pages by their ids, on disk: of a hundred thousand, memory holds those that were asked for last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from types import TracebackType
from typing import Self

from notion_pm.model.ids import NotionId

_REMEMBERED = 10_000
_TOGETHER = 1_000
_LAYOUT = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8192;
    CREATE TABLE titles (page_id TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE related (source_id TEXT, page_id TEXT, PRIMARY KEY (source_id, page_id)) WITHOUT ROWID;
"""
_UNTITLED = "FROM related WHERE page_id NOT IN (SELECT page_id FROM titles)"


class Titles:
    """What pages are called, and which pages are related to: all is noted first, then asked for.

    A context manager: what is on disk goes with it. Raises OSError when the disk is full.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a file without a name
        self._db.executescript(_LAYOUT)
        self._noted: list[tuple[NotionId, str]] = []
        self._related: set[tuple[NotionId, NotionId]] = set()
        self.of = lru_cache(_REMEMBERED)(self._of)
        """Return the title of a page, None where it was not noted."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._db.close()

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
        return [row[0] for row in self._db.execute(f"SELECT DISTINCT source_id {_UNTITLED} ORDER BY 1")]

    def untitled(self) -> int:
        """Return the number of related pages whose titles were not noted."""
        self._store()
        number: int = self._db.execute(f"SELECT count(DISTINCT page_id) {_UNTITLED}").fetchone()[0]
        return number

    def _of(self, page_id: NotionId) -> str | None:
        self._store()
        found = self._db.execute("SELECT title FROM titles WHERE page_id = ?", (page_id,)).fetchone()
        return found[0] if found else None

    def _store(self) -> None:
        if not self._noted and not self._related:
            return
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO titles VALUES (?, ?)", self._noted)
            self._db.executemany("INSERT OR IGNORE INTO related VALUES (?, ?)", self._related)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OSError(None, f"SQLite says: {error}") from error
        self._noted.clear()
        self._related.clear()
