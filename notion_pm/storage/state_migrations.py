"""The tables of the state file, as numbered steps: append a step, never change one."""

from __future__ import annotations

import sqlite3

STEPS = (
    # 1: the cache of pages and the baseline, by template: a parent page may hold several.
    """
    CREATE TABLE templates (
        name TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        manifest TEXT,
        scope TEXT NOT NULL DEFAULT '',
        read_in_full TEXT
    );
    CREATE TABLE marks (
        template TEXT NOT NULL, database TEXT NOT NULL, read_at TEXT NOT NULL,
        PRIMARY KEY (template, database)
    ) WITHOUT ROWID;
    CREATE TABLE pages (
        template TEXT NOT NULL, page TEXT NOT NULL, database TEXT NOT NULL,
        title TEXT NOT NULL, url TEXT NOT NULL, last_edited TEXT NOT NULL, held TEXT NOT NULL,
        PRIMARY KEY (template, page)
    ) WITHOUT ROWID;
    CREATE TABLE absent (
        template TEXT NOT NULL, page TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (template, page)
    ) WITHOUT ROWID;
    CREATE TABLE option_names (
        template TEXT NOT NULL, option TEXT NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (template, option)
    ) WITHOUT ROWID;
    CREATE TABLE baseline (
        template TEXT NOT NULL, page TEXT NOT NULL, property TEXT NOT NULL,
        held TEXT NOT NULL, derived TEXT NOT NULL, starter INTEGER NOT NULL,
        PRIMARY KEY (template, page, property)
    ) WITHOUT ROWID;
    """,
    # 2: how many seconds our clock is ahead of Notion's, as the answers to our writes have shown.
    "ALTER TABLE templates ADD COLUMN ahead REAL NOT NULL DEFAULT 0;",
    # 3: what a run is about to write, so that the next one knows it for ours when the answer was never seen.
    """
    CREATE TABLE intents (
        template TEXT NOT NULL, page TEXT NOT NULL, property TEXT NOT NULL,
        held TEXT NOT NULL, derived TEXT NOT NULL, starter INTEGER NOT NULL, before TEXT NOT NULL,
        PRIMARY KEY (template, page, property)
    ) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a state file to the newest form, each step in a transaction of its own."""
    (done,) = connection.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(STEPS[done:], start=done + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
