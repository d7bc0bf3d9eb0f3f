"""Rows, titles and names on disk while an export runs, whatever the number of pages.

All rows are read before the first is written: a failed read must not leave half an export. A
hundred thousand rows do not fit into memory, so they wait in files without a name, which the system
deletes when they are closed.
"""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter, methodcaller
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from notion_pm.errors import FileUnusable
from notion_pm.model.ids import NotionId

T = TypeVar("T")

_MOST_IN_MEMORY = 2**20
"""Bytes of a list that stay in memory; a longer list is a file."""

_INSERTED_AT_ONCE = 1_000
_CACHED_TITLES = 10_000
_CACHE_KILOBYTES = 2048


def _disk_full(error: OSError | sqlite3.OperationalError) -> FileUnusable:
    reason = error.strerror if isinstance(error, OSError) else f"SQLite says: {error}"
    return FileUnusable(
        tempfile.gettempdir(),
        reason or str(error),
        "Make room there, or set TMPDIR to a folder with free space.",
    )


# --- a list


_Reduce = Callable[[Any], Any]
_USUAL_REDUCE: _Reduce = methodcaller("__reduce_ex__", pickle.HIGHEST_PROTOCOL)


class _Reducers(dict[type, _Reduce]):
    """How the pickler takes objects apart: dataclasses into the arguments that create them.

    What dataclasses do by themselves asks for their fields for every object, and took most of the
    time.
    """

    def __missing__(self, kind: type) -> _Reduce:
        self[kind] = _reduce_by_fields(kind) if is_dataclass(kind) else _USUAL_REDUCE
        return self[kind]


def _reduce_by_fields(kind: type) -> _Reduce:
    first, *others = (field.name for field in fields(kind))
    values: Callable[[Any], Any] = attrgetter(first, *others)
    if others:
        return lambda instance: (kind, values(instance))
    return lambda instance: (kind, (values(instance),))


_REDUCERS = _Reducers()


class DiskList(Generic[T]):
    """A list on disk: append first, then iterate as often as you like. A context manager.

    Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        # Closed by __exit__.
        self._file = tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115
        self._starts = array("Q")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # of a full disk; the content is no longer needed
            self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[T]:
        return self.at(range(len(self)))

    def at(self, positions: Iterable[int]) -> Iterator[T]:
        """Yield the items at these positions, in this order."""
        for position in positions:
            try:
                self._file.seek(self._starts[position])
                # The bytes are our own: the file has no name by which others could change it.
                item: T = pickle.load(self._file)  # noqa: S301
            except OSError as error:
                raise _disk_full(error) from error
            yield item

    def append(self, item: T) -> None:
        """Add an item at the end."""
        try:
            self._starts.append(self._file.seek(0, 2))
            pickler = pickle.Pickler(self._file, protocol=pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = _REDUCERS
            pickler.dump(item)
        except OSError as error:
            raise _disk_full(error) from error


# --- databases


class TempDatabase:
    """An SQLite database in a file without a name. A context manager."""

    def __init__(self, layout: str) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            f"PRAGMA cache_size = -{_CACHE_KILOBYTES};"
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
            raise _disk_full(error) from error

    def _select(self, query: str, *values: str) -> Iterator[Any]:
        """Yield the rows of a query, each as a tuple."""
        return self._db.execute(query, values)


class DiskDict(TempDatabase, Mapping[str, str]):
    """A dict of texts on disk, sorted by key. A context manager.

    Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE texts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
        )
        self._new: dict[str, str] = {}

    def __setitem__(self, key: str, value: str) -> None:
        self._new[key] = value
        if len(self._new) >= _INSERTED_AT_ONCE:
            self._store()

    def add(self, key: str) -> None:
        """Add a key, as to a set."""
        self[key] = ""

    def __getitem__(self, key: str) -> str:
        if key in self._new:
            return self._new[key]
        for (value,) in self._select("SELECT value FROM texts WHERE key = ?", key):
            return str(value)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        self._store()
        return (key for (key,) in self._select("SELECT key FROM texts ORDER BY key"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _store(self) -> None:
        self._insert("INSERT OR REPLACE INTO texts VALUES (?, ?)", self._new.items())
        self._new.clear()


_LAYOUT_OF_TITLES = """
    CREATE TABLE titles (page_id TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE related (
        source_id TEXT, page_id TEXT, PRIMARY KEY (source_id, page_id)
    ) WITHOUT ROWID;
"""
_FROM_UNTITLED = "FROM related WHERE page_id NOT IN (SELECT page_id FROM titles)"


class Titles(TempDatabase):
    """The titles of pages, and which pages are related to: add everything first, then read.

    A context manager. Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        super().__init__(_LAYOUT_OF_TITLES)
        self._new_titles: list[tuple[NotionId, str]] = []
        self._new_related: set[tuple[NotionId, NotionId]] = set()
        self.title_of = lru_cache(_CACHED_TITLES)(self._read_title)
        """Return the title of a page, None if it was not added."""

    def add_title(self, page_id: NotionId, title: str) -> None:
        """Remember the title of a page."""
        self._new_titles.append((page_id, title))
        if len(self._new_titles) >= _INSERTED_AT_ONCE:
            self._store()

    def add_related(self, source_id: NotionId, page_ids: Iterable[NotionId]) -> None:
        """Remember that pages of a data source are related to."""
        self._new_related.update((source_id, page_id) for page_id in page_ids)
        if len(self._new_related) >= _INSERTED_AT_ONCE:
            self._store()

    def sources_without_titles(self) -> list[NotionId]:
        """Return the data sources with related pages whose titles were not added."""
        self._store()
        query = f"SELECT DISTINCT source_id {_FROM_UNTITLED} ORDER BY 1"
        return [row[0] for row in self._select(query)]

    def count_untitled(self) -> int:
        """Return the number of related pages whose titles were not added."""
        self._store()
        return sum(1 for _ in self._select(f"SELECT DISTINCT page_id {_FROM_UNTITLED}"))

    def _read_title(self, page_id: NotionId) -> str | None:
        self._store()
        for (title,) in self._select("SELECT title FROM titles WHERE page_id = ?", page_id):
            return str(title)
        return None

    def _store(self) -> None:
        if not self._new_titles and not self._new_related:
            return
        self._insert("INSERT OR REPLACE INTO titles VALUES (?, ?)", self._new_titles)
        self._insert("INSERT OR IGNORE INTO related VALUES (?, ?)", self._new_related)
        self._new_titles.clear()
        self._new_related.clear()
