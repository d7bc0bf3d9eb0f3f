"""The tables of the local workspace, as numbered migration steps.

Steps are only ever added at the end. SQLite's `user_version` is the number of the last step that a
file has. `seq` is the order of creation. The columns that hold JSON are named in records.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from notion_pm.emulator.query.index import INDEX_TABLES
from notion_pm.emulator.store.webhook_tables import WEBHOOK_TABLES

_STAMP = """
    in_trash INTEGER NOT NULL DEFAULT 0,
    created_time TEXT NOT NULL, created_by TEXT NOT NULL,
    last_edited_time TEXT NOT NULL, last_edited_by TEXT NOT NULL
"""

_FIRST_TABLES = f"""
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
        seq INTEGER PRIMARY KEY, page_id TEXT NOT NULL, property_id TEXT NOT NULL,
        target_id TEXT NOT NULL
    );
    CREATE UNIQUE INDEX links_of_page ON links (page_id, property_id, target_id);
    CREATE INDEX links_to_page ON links (target_id, property_id);
    CREATE TABLE blocks (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL,
        parent_id TEXT NOT NULL, position REAL NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL,
        {_STAMP}
    );
    CREATE INDEX blocks_of_parent ON blocks (parent_id, position);
"""
_CONTENT_TABLES = f"""
    CREATE TABLE views (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, database_id TEXT NOT NULL,
        data_source_id TEXT, dashboard_view_id TEXT, name TEXT NOT NULL, type TEXT NOT NULL,
        position REAL NOT NULL, filter TEXT, sorts TEXT, quick_filters TEXT, configuration TEXT,
        {_STAMP}
    );
    CREATE INDEX views_of_database ON views (database_id, position);
    CREATE INDEX views_of_data_source ON views (data_source_id, position);
    CREATE TABLE view_queries (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, view_id TEXT NOT NULL,
        expires_at TEXT NOT NULL, page_ids TEXT NOT NULL, is_complete INTEGER NOT NULL
    );
    CREATE TABLE comments (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL,
        parent_id TEXT NOT NULL, discussion_id TEXT NOT NULL, rich_text TEXT NOT NULL,
        display_name TEXT NOT NULL, attachments TEXT, {_STAMP}
    );
    CREATE INDEX comments_of_parent ON comments (parent_id, seq);
    CREATE INDEX comments_of_discussion ON comments (discussion_id, seq);
    CREATE TABLE file_uploads (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL, status TEXT NOT NULL,
        filename TEXT, content_type TEXT, content_length INTEGER, number_of_parts INTEGER,
        expiry_time TEXT, external_url TEXT,
        {_STAMP}
    );
    CREATE TABLE file_parts (
        upload_id TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (upload_id, number)
    ) WITHOUT ROWID;
    CREATE TABLE async_tasks (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_time TEXT NOT NULL,
        operation TEXT NOT NULL, result TEXT NOT NULL
    );
"""
_CONNECTION_TABLES = """
    CREATE TABLE connections (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
        token TEXT NOT NULL UNIQUE, capabilities TEXT NOT NULL, shared TEXT NOT NULL
    );
"""
_TEMPLATE_TABLES = """
    CREATE TABLE page_templates (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data_source_id TEXT NOT NULL,
        name TEXT NOT NULL, markdown TEXT NOT NULL, is_default INTEGER NOT NULL
    );
    CREATE INDEX page_templates_of_data_source ON page_templates (data_source_id, seq);
    CREATE TABLE awaited_templates (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, page_id TEXT NOT NULL,
        template_id TEXT NOT NULL, timezone TEXT NOT NULL, author TEXT NOT NULL, due TEXT NOT NULL
    );
    CREATE INDEX awaited_templates_by_due ON awaited_templates (due);
"""
_EMOJI_TABLES = """
    CREATE TABLE custom_emojis (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT NOT NULL
    );
"""

MIGRATIONS = (
    _FIRST_TABLES,
    _CONTENT_TABLES,
    INDEX_TABLES,
    _CONNECTION_TABLES,
    WEBHOOK_TABLES,
    _TEMPLATE_TABLES,
    _EMOJI_TABLES,
)


def migrate(db: sqlite3.Connection) -> None:
    """Run the steps that a file does not have yet, each in its own transaction."""
    for number, script in enumerate(MIGRATIONS, start=1):
        if _version(db) < number:
            _run_step(db, number, script)


def _run_step(db: sqlite3.Connection, number: int, script: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have run the step while this one waited for the write lock.
        if _version(db) < number:
            for statement in _statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Split a script into statements. A trigger contains semicolons that do not end it."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if statement.strip("; \n") and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
