"""The workspace's file: SQLite connections, transactions, and tables of frozen records.

Several threads of a process may use it (a pool of connections, one writer at a time), and several
processes (WAL mode, and a timeout for a busy file).
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
_APPLICATION_ID = 0x6E706D6C  # "npml": marks a SQLite file as a local workspace


class UnusableFileError(ValueError):
    """A file that is not a local workspace, or of a newer version. Nothing in it was changed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}.")
        self.path = path
        self.reason = reason


class Store:
    """The connections to a workspace's file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        # Threads that write wait here for each other. SQLite's own lock is polled, which is slower
        # and unfair.
        self._writing = threading.Lock()
        try:
            # Checked before WAL mode is set, which would already change the header of another
            # program's file.
            with closing(_open(path)) as db:
                _check_ownership(db, path)
            with closing(_connect(path)) as db:
                migrate(db)
        except sqlite3.DatabaseError as error:
            raise UnusableFileError(
                path, f"cannot be used as a local workspace ({error})"
            ) from error

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """Open a transaction: committed at the end of the block, rolled back on an exception."""
        with self.connection() as db:
            if write:
                with self._writing:
                    yield from _transaction(db, "BEGIN IMMEDIATE")
            else:
                yield from _transaction(db, "BEGIN")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection, without a transaction."""
        db = self._borrow()
        try:
            yield db
        finally:
            self._idle.put(db)

    def reader(self) -> sqlite3.Connection:
        """Return a new connection, which the caller closes."""
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
    # `isolation_level=None`: transactions begin and end only by explicit statements.
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _connect(path: Path) -> sqlite3.Connection:
    db = _open(path)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    # With WAL, NORMAL does not wait for the disk, and loses nothing if the program is killed. Only
    # a power failure can lose the last transactions.
    db.execute("PRAGMA synchronous = NORMAL")
    prepare(db)
    return db


def _check_ownership(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a database of another program, and a workspace of a newer version."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    is_new = version == 0 and tables == 0
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
    # Also on KeyboardInterrupt, or the connection would go back to the pool with a transaction.
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class _Record(Protocol):
    """A dataclass with an id."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Record)


class Table(Generic[R]):
    """Reads and writes the records of one table. The fields of a record are the columns.

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
        columns = ", ".join(self._columns)
        marks = ", ".join("?" * len(self._columns))
        assignments = ", ".join(f"{column} = ?" for column in self._columns)
        qualified_columns = ", ".join(f"{name}.{column}" for column in self._columns)
        self._insert = f"INSERT INTO {name} ({columns}) VALUES ({marks})"
        self._update = f"UPDATE {name} SET {assignments} WHERE id = ?"
        self._select = f"SELECT {qualified_columns} FROM {name} "

    def find(self, db: sqlite3.Connection, record_id: str) -> R | None:
        """Return the record of this id, None if it does not exist."""
        row = db.execute(f"{self._select} WHERE id = ?", (record_id,)).fetchone()
        return None if row is None else self._load(row)

    def select(
        self, db: sqlite3.Connection, clauses: str, values: Iterable[object] = ()
    ) -> list[R]:
        """Return the records that SQL clauses (JOIN, WHERE, ORDER BY, LIMIT) select."""
        return [self._load(row) for row in db.execute(self._select + clauses, tuple(values))]

    def insert(self, db: sqlite3.Connection, record: R) -> None:
        """Add a new record."""
        db.execute(self._insert, self._dump(record))

    def update(self, db: sqlite3.Connection, record: R) -> None:
        """Replace the record that has this id."""
        db.execute(self._update, (*self._dump(record), record.id))

    def delete(self, db: sqlite3.Connection, record_id: str) -> None:
        """Delete the record of this id."""
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
