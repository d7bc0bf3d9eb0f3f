"""One sync of a workspace at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from notion_pm.errors import AlreadyRunning, FileUnusable

LOCK = "sync.lock"


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Let nobody else sync this workspace meanwhile, on this machine.

    SQLite's own lock on a file that holds nothing: portable, and gone with the process that held it.

    Raises AlreadyRunning when somebody does, FileUnusable when the folder cannot be written to.
    """
    with closing(_locked(directory / LOCK)):
        yield


def _locked(file: Path) -> sqlite3.Connection:
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
            raise AlreadyRunning(file.parent) from error
        raise FileUnusable(file, str(error)) from error
    return connection
