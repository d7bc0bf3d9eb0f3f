"""A workspace's file as a whole: how much is in it, and a copy of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_COUNTED = {
    "pages": "pages WHERE parent_type <> 'data_source_id'",
    "rows": "pages WHERE parent_type = 'data_source_id'",
    "databases": "databases",
    "data_sources": "data_sources",
    "views": "views",
    "blocks": "blocks WHERE type NOT IN ('child_page', 'child_database')",
    "comments": "comments",
    "file_uploads": "file_uploads",
    "users": "users",
}


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many there are of each kind of thing, those in the trash among them."""
    return {
        name: int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
        for name, what in _COUNTED.items()
    }


def copy(db: sqlite3.Connection, target: Path) -> None:
    """Write the file's committed state to another file, also while others write. Raises FileExistsError."""
    with target.open("xb"):  # never over something else
        pass
    with closing(sqlite3.connect(target)) as copied:
        db.backup(copied)
        copied.execute("PRAGMA journal_mode = WAL")
