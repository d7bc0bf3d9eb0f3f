"""Locks between processes: one run at a time on a state, and a sign that a run is alive.

All locks here end with the process that holds them, also when it is killed. They hold on one
machine, or on all machines that share a state in PostgreSQL. `workspace/lock.py` has the lock that
holds between machines without a shared state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from notion_pm.errors import AlreadyRunning, FileUnusable, StateUnusable
from notion_pm.files.writing import prepare_private_database
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.state.connection import connect, unusable_state

LOCK = "sync.lock"


@contextmanager
def hold_run_lock(home: StateHome) -> Iterator[None]:
    """Keep other runs from this workspace: on this machine, with a shared state on all machines.

    Raises AlreadyRunning when another run holds the lock, FileUnusable or StateUnusable when the
    lock cannot be asked for.
    """
    lock = _lock_database(home) if isinstance(home, SharedState) else hold_file(home / LOCK)
    with lock:
        yield


@contextmanager
def hold_file(file: Path) -> Iterator[None]:
    """Hold a lock on a file while the block runs; `is_left_behind` sees it from other processes.

    The file stays; a run that cleans up removes it. Raises AlreadyRunning, FileUnusable.
    """
    with closing(_lock_file(file)):
        yield


def is_left_behind(file: Path) -> bool:
    """Whether the run that held a file has ended: the file exists and no process holds it."""
    if not file.exists():
        return False
    try:
        _lock_file(file).close()
    except (AlreadyRunning, FileUnusable):
        return False
    return True


def _lock_file(file: Path) -> sqlite3.Connection:
    # SQLite's own lock on a database without tables: it works on all systems and file systems that
    # the state works on, and the system releases it when the process ends.
    prepare_private_database(file)
    try:
        connection = sqlite3.connect(file, isolation_level=None, timeout=0)
    except sqlite3.Error as error:
        raise FileUnusable(file, str(error)) from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise AlreadyRunning from error
        raise FileUnusable(file, str(error)) from error
    return connection


@contextmanager
def _lock_database(home: SharedState) -> Iterator[None]:
    # An advisory lock is named by a 64-bit number. PostgreSQL releases it with the connection, so
    # it cannot outlive a run that was killed.
    number = int.from_bytes(sha256(home.schema.encode()).digest()[:8], signed=True)
    try:
        connection = connect(home)
    except SQLAlchemyError as error:
        raise unusable_state(home, error) from error
    with closing(connection):
        if not _select(home, connection, f"SELECT pg_try_advisory_lock({number})"):
            raise AlreadyRunning
        try:
            yield
        finally:
            # Unlock before the connection is closed: a server notices a closed connection only some
            # time later, and the next run would find the lock taken.
            with suppress(StateUnusable):
                _select(home, connection, f"SELECT pg_advisory_unlock({number})")


def _select(home: SharedState, connection: Connection, statement: str) -> bool:
    try:
        return bool(connection.exec_driver_sql(statement).scalar_one())
    except SQLAlchemyError as error:
        raise unusable_state(home, error) from error
