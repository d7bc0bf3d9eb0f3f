"""One sync of a workspace at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from notion_pm.errors import AlreadyRunning

LOCK = "sync.lock"


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Let nobody else sync this workspace meanwhile, on this machine.

    SQLite's own lock on a file that holds nothing: portable, and gone with the process that held it.

    Raises AlreadyRunning when somebody does.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(directory / LOCK, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise AlreadyRunning(directory) from error
        yield
