"""One sync or apply of a workspace at a time."""

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
from notion_pm.state.connection import connected, unusable

LOCK = "sync.lock"


@contextmanager
def hold_run_lock(home: StateHome) -> Iterator[None]:
    """Let nobody else work on this workspace meanwhile: on this machine, or with a shared state on any.

    Raises AlreadyRunning when somebody does, FileUnusable or StateUnusable when that cannot be found out.
    """
    with _held(home) if isinstance(home, SharedState) else closing(_locked(home / LOCK)):
        yield


@contextmanager
def sign_of_life(file: Path) -> Iterator[None]:
    """Hold a lock on a file of this run alone, which `is_left_behind` sees from other processes.

    The file stays: whoever has cleaned up after the run removes it. Raises FileUnusable.
    """
    with closing(_locked(file)):
        yield


def is_left_behind(file: Path) -> bool:
    """Return whether the run that held this file has ended: the file is here, and nobody holds it."""
    if not file.exists():
        return False
    try:
        _locked(file).close()
    except (AlreadyRunning, FileUnusable):
        return False
    return True


def _locked(file: Path) -> sqlite3.Connection:
    """SQLite's own lock on a file that holds nothing: portable, and gone with the process that held it."""
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
def _held(home: SharedState) -> Iterator[None]:
    """PostgreSQL's lock on a number of ours: gone with the connection that held it, were the process killed."""
    number = int.from_bytes(sha256(home.schema.encode()).digest()[:8], signed=True)
    try:
        connection = connected(home)
    except SQLAlchemyError as error:
        raise unusable(home, error) from error
    with closing(connection):
        if not _asked(home, connection, f"SELECT pg_try_advisory_lock({number})"):
            raise AlreadyRunning
        try:
            yield
        finally:
            # a server that only sees the connection closed lets go of the lock when it comes to that
            with suppress(StateUnusable):
                _asked(home, connection, f"SELECT pg_advisory_unlock({number})")


def _asked(home: SharedState, connection: Connection, question: str) -> bool:
    try:
        return bool(connection.exec_driver_sql(question).scalar_one())
    except SQLAlchemyError as error:
        raise unusable(home, error) from error
