"""What is too much for memory while an export runs: SQLite in a file without a name, gone when it is closed."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from notion_pm.errors import FileUnusable

_TOGETHER = 1_000


def no_room(error: OSError | sqlite3.OperationalError) -> FileUnusable:
    """Return what to tell when what is too much for memory cannot be kept on disk either."""
    reason = error.strerror if isinstance(error, OSError) else f"SQLite says: {error}"
    return FileUnusable(
        tempfile.gettempdir(),
        reason or str(error),
        "Make room there, or set TMPDIR to a folder that has some.",
    )


class Scratch:
    """A database that nothing outlives. A context manager; what it is used for is told by those derived from it.

    `cache`: kilobytes of it that may stay in memory.
    """

    def __init__(self, layout: str, *, cache: int) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{cache};"
        )
        self._db.executescript(layout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._db.close()

    def _insert(self, statement: str, rows: Iterable[tuple[str, ...]]) -> None:
        """Insert rows. Raises FileUnusable when the disk is full."""
        try:
            self._db.execute("BEGIN")
            self._db.executemany(statement, rows)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise no_room(error) from error

    def _select(self, query: str, *values: str) -> Iterator[Any]:
        """Yield what a query finds, a tuple a row."""
        return self._db.execute(query, values)


class Shelf(Scratch, Mapping[str, str]):
    """A dict of texts on disk, its keys in order. A context manager.

    Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE shelf (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            cache=2048,
        )
        self._new: dict[str, str] = {}

    def __setitem__(self, key: str, value: str) -> None:
        self._new[key] = value
        if len(self._new) >= _TOGETHER:
            self._store()

    def add(self, key: str) -> None:
        """Have a key, as a set has it."""
        self[key] = ""

    def __getitem__(self, key: str) -> str:
        if key in self._new:
            return self._new[key]
        for (value,) in self._select("SELECT value FROM shelf WHERE key = ?", key):
            return str(value)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        self._store()
        return (key for (key,) in self._select("SELECT key FROM shelf ORDER BY key"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _store(self) -> None:
        self._insert("INSERT OR REPLACE INTO shelf VALUES (?, ?)", self._new.items())
        self._new.clear()
