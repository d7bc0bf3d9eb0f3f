"""One sync or apply of a workspace at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from notion_pm.errors import AlreadyRunning, FileUnusable
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.storage.state_connection import connected, unusable

LOCK = "sync.lock"


@contextmanager
def exclusive(home: StateHome) -> Iterator[None]:
    """Let nobody else work on this workspace meanwhile: on this machine, or with a shared state on any.

    Raises AlreadyRunning when somebody does, FileUnusable or StateUnusable when that cannot be found out.
    """
    with closing(_held(home) if isinstance(home, SharedState) else _locked(home / LOCK)):
        yield


def _locked(file: Path) -> sqlite3.Connection:
    """SQLite's own lock on a file that holds nothing: portable, and gone with the process that held it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, isolation_level=None, timeout=0)
    except (OSError, sqlite3.Error) as error:
        raise FileUnusable(file, str(error)) from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise AlreadyRunning from error
        raise FileUnusable(file, str(error)) from error
    return connection


def _held(home: SharedState) -> Connection:
    """PostgreSQL's lock on a number of ours: gone with the connection that held it."""
    number = int.from_bytes(sha256(home.schema.encode()).digest()[:8], signed=True)
    try:
        connection = connected(home)
        if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({number})").scalar_one():
            return connection
    except SQLAlchemyError as error:
        raise unusable(home, error) from error
    connection.close()
    raise AlreadyRunning
