"""The workspace's file: SQLite connections, one transaction a request, and tables of frozen records.

Safe for threads of one process (a pool of connections, one writer at a time) and for several processes (WAL, busy
timeout).
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from notion_pm.emulator.query.index import prepare
from notion_pm.emulator.store.migrations import MIGRATIONS, migrate

_BUSY_SECONDS = 30
_APPLICATION_ID = 0x6E706D6C  # marks a SQLite file as ours: "npml"


class UnusableFileError(ValueError):
    """A file that is no local workspace, or one that this version cannot read. Nothing in it was changed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}.")
        self.path = path
        self.reason = reason


class Store:
    """The one door to a workspace's file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writing = threading.Lock()  # threads queue here, rather than poll SQLite's lock
        try:
            with closing(_open(path)) as db:
                _check_ownership(
                    db, path
                )  # before anything is written, even to a foreign file's header
            with closing(_connect(path)) as db:
                migrate(db)
        except sqlite3.DatabaseError as error:
            raise UnusableFileError(
                path, f"cannot be used as a local workspace ({error})"
            ) from error

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one transaction: committed when the block ends well, else rolled back."""
        with self.connection() as db:
            if write:
                with self._writing:
                    yield from _transaction(db, "BEGIN IMMEDIATE")
            else:
                yield from _transaction(db, "BEGIN")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection outside any transaction."""
        db = self._borrow()
        try:
            yield db
        finally:
            self._idle.put(db)

    def reader(self) -> sqlite3.Connection:
        """Return a connection that the caller closes."""
        return _connect(self.path)

    def close(self) -> None:
        """Close every idle connection."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return _connect(self.path)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _connect(path: Path) -> sqlite3.Connection:
    db = _open(path)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(
        "PRAGMA synchronous = NORMAL"
    )  # with WAL: no loss when the program dies, and no wait for the disk
    prepare(db)
    return db


def _check_ownership(db: sqlite3.Connection, path: Path) -> None:
    """Refuse somebody else's database, and a workspace of a newer version."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    is_new = version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if is_new:
        db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    elif owner != _APPLICATION_ID:
        raise UnusableFileError(path, "is a database of another program")
    elif version > len(MIGRATIONS):
        raise UnusableFileError(path, "was written by a newer version of notion-pm")


def _transaction(db: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    db.execute(begin)
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class _Record(Protocol):
    """A dataclass that has an id."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Record)


class Table(Generic[R]):
    """Reads and writes the frozen records of one table; the record's fields are the table's columns.

    `json_columns` hold any JSON value (NULL is None); `flags` hold booleans.
    """

    def __init__(
        self, name: str, record: type[R], *, json_columns: Collection[str], flags: Collection[str]
    ) -> None:
        self._name = name
        self._record = record
        self._columns = tuple(f.name for f in fields(record))
        self._json = frozenset(json_columns)
        self._flags = frozenset(flags)
        names, marks = ", ".join(self._columns), ", ".join("?" * len(self._columns))
        self._insert = f"INSERT INTO {name} ({names}) VALUES ({marks})"
        self._update = (
            f"UPDATE {name} SET {', '.join(f'{c} = ?' for c in self._columns)} WHERE id = ?"
        )
        self._select = f"SELECT {', '.join(f'{name}.{c}' for c in self._columns)} FROM {name} "

    def find(self, db: sqlite3.Connection, record_id: str) -> R | None:
        """Return the record of this id, if there is one."""
        row = db.execute(f"{self._select} WHERE id = ?", (record_id,)).fetchone()
        return None if row is None else self._load(row)

    def select(
        self, db: sqlite3.Connection, clauses: str, values: Iterable[object] = ()
    ) -> list[R]:
        """Return the records that SQL clauses (JOIN, WHERE, ORDER BY, LIMIT) name."""
        return [self._load(row) for row in db.execute(self._select + clauses, tuple(values))]

    def insert(self, db: sqlite3.Connection, record: R) -> None:
        """Add a new record."""
        db.execute(self._insert, self._dump(record))

    def update(self, db: sqlite3.Connection, record: R) -> None:
        """Replace the record that has this id."""
        db.execute(self._update, (*self._dump(record), record.id))

    def delete(self, db: sqlite3.Connection, record_id: str) -> None:
        """Remove the record of this id for good."""
        db.execute(f"DELETE FROM {self._name} WHERE id = ?", (record_id,))

    def _load(self, row: sqlite3.Row) -> R:
        values = dict(zip(self._columns, row, strict=True))
        for column in self._json:
            if values[column] is not None:
                values[column] = json.loads(values[column])
        for column in self._flags:
            values[column] = bool(values[column])
        return self._record(**values)

    def _dump(self, record: R) -> tuple[Any, ...]:
        return tuple(self._write(column, getattr(record, column)) for column in self._columns)

    def _write(self, column: str, value: Any) -> Any:
        if column in self._json and value is not None:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return value
