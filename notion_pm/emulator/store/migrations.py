"""The tables of the local workspace: numbered steps, only ever appended (the number reached is SQLite's user_version).

`seq` is the order of creation. `body`, `config` and other columns that hold JSON are named in records.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from notion_pm.emulator.query.index import INDEX_TABLES
from notion_pm.emulator.store.content_tables import CONTENT_TABLES
from notion_pm.emulator.store.emoji_tables import EMOJI_TABLES
from notion_pm.emulator.store.state_tables import CONNECTION_TABLES
from notion_pm.emulator.store.template_tables import TEMPLATE_TABLES
from notion_pm.emulator.store.webhook_tables import WEBHOOK_TABLES

_STAMP = """
    in_trash INTEGER NOT NULL DEFAULT 0,
    created_time TEXT NOT NULL, created_by TEXT NOT NULL, last_edited_time TEXT NOT NULL, last_edited_by TEXT NOT NULL
"""

MIGRATIONS = (
    f"""
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE users (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
    CREATE TABLE databases (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL, parent_id TEXT,
        title TEXT NOT NULL, description TEXT NOT NULL, icon TEXT, cover TEXT,
        is_inline INTEGER NOT NULL, is_locked INTEGER NOT NULL, {_STAMP}
    );
    CREATE TABLE data_sources (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, database_id TEXT NOT NULL,
        title TEXT NOT NULL, icon TEXT, cover TEXT, properties TEXT NOT NULL, {_STAMP}
    );
    CREATE INDEX data_sources_of_database ON data_sources (database_id, seq);
    CREATE TABLE counters (
        data_source_id TEXT NOT NULL, property_id TEXT NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (data_source_id, property_id)
    ) WITHOUT ROWID;
    CREATE TABLE pages (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL, parent_id TEXT,
        title TEXT NOT NULL, properties TEXT NOT NULL, icon TEXT, cover TEXT,
        is_archived INTEGER NOT NULL, is_locked INTEGER NOT NULL, {_STAMP}
    );
    CREATE INDEX pages_of_parent ON pages (parent_id, in_trash, created_time, seq);
    CREATE INDEX pages_by_edit ON pages (parent_id, in_trash, last_edited_time, seq);
    CREATE TABLE links (
        seq INTEGER PRIMARY KEY, page_id TEXT NOT NULL, property_id TEXT NOT NULL, target_id TEXT NOT NULL
    );
    CREATE UNIQUE INDEX links_of_page ON links (page_id, property_id, target_id);
    CREATE INDEX links_to_page ON links (target_id, property_id);
    CREATE TABLE blocks (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL, parent_id TEXT NOT NULL,
        position REAL NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL, {_STAMP}
    );
    CREATE INDEX blocks_of_parent ON blocks (parent_id, position);
    """,
    CONTENT_TABLES,
    INDEX_TABLES,
    CONNECTION_TABLES,
    WEBHOOK_TABLES,
    TEMPLATE_TABLES,
    EMOJI_TABLES,
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file up to the newest step; each step is one transaction."""
    for number, script in enumerate(MIGRATIONS, start=1):
        if _version(db) < number:
            _apply(db, number, script)


def _apply(db: sqlite3.Connection, number: int, script: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if _version(db) < number:  # another process may have been faster
            for statement in _statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Split a script at the semicolons that end a statement (a trigger holds some that do not)."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if statement.strip("; \n") and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
