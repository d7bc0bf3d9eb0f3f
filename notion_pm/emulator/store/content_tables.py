"""The second step of migrations.py: tables of views, comments, uploads and asynchronous tasks."""

from __future__ import annotations

_STAMP = """
    in_trash INTEGER NOT NULL DEFAULT 0,
    created_time TEXT NOT NULL, created_by TEXT NOT NULL, last_edited_time TEXT NOT NULL, last_edited_by TEXT NOT NULL
"""

CONTENT_TABLES = f"""
    CREATE TABLE views (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, database_id TEXT NOT NULL, data_source_id TEXT,
        dashboard_view_id TEXT, name TEXT NOT NULL, type TEXT NOT NULL, position REAL NOT NULL,
        filter TEXT, sorts TEXT, quick_filters TEXT, configuration TEXT, {_STAMP}
    );
    CREATE INDEX views_of_database ON views (database_id, position);
    CREATE INDEX views_of_data_source ON views (data_source_id, position);
    CREATE TABLE view_queries (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, view_id TEXT NOT NULL, expires_at TEXT NOT NULL,
        page_ids TEXT NOT NULL, is_complete INTEGER NOT NULL
    );
    CREATE TABLE comments (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent_type TEXT NOT NULL, parent_id TEXT NOT NULL,
        discussion_id TEXT NOT NULL, rich_text TEXT NOT NULL, display_name TEXT NOT NULL, attachments TEXT, {_STAMP}
    );
    CREATE INDEX comments_of_parent ON comments (parent_id, seq);
    CREATE INDEX comments_of_discussion ON comments (discussion_id, seq);
    CREATE TABLE file_uploads (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mode TEXT NOT NULL, status TEXT NOT NULL, filename TEXT,
        content_type TEXT, content_length INTEGER, number_of_parts INTEGER, expiry_time TEXT, external_url TEXT,
        {_STAMP}
    );
    CREATE TABLE file_parts (
        upload_id TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (upload_id, number)
    ) WITHOUT ROWID;
    CREATE TABLE async_tasks (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_time TEXT NOT NULL, operation TEXT NOT NULL,
        result TEXT NOT NULL
    );
"""
