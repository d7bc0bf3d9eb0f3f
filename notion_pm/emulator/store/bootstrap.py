"""A workspace file as a whole: create, reset, count and copy it."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import PAGES, Page
from notion_pm.emulator.store.session import Settings
from notion_pm.emulator.values.richtext import plain

_ROOT_TITLE = "Local workspace"
_KEPT_BY_RESET = ("settings", "users", "connections", "subscriptions")
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


def create_workspace(db: sqlite3.Connection, now: str) -> None:
    """Give a new file its settings, a person, a bot and a root page."""
    values: dict[str, Any] = {
        "workspace_id": new_id(),
        "workspace_name": _ROOT_TITLE,
        "bot_id": new_id(),
        "integration_name": "notion-pm local",
        "token": new_token(),
        "root_page_id": new_id(),
    }
    db.executemany("INSERT INTO settings VALUES (?, ?)", values.items())
    settings = Settings(**values)
    person = _person()
    # The person comes first: users.first_person acts in the app.
    add_user(db, person)
    add_user(db, bot(settings))
    PAGES.insert(db, _root_page(settings, author=person["id"], now=now))


def reset_workspace(db: sqlite3.Connection, settings: Settings, now: str) -> None:
    """Delete everything except tokens, users and webhook subscriptions. Make a new root page."""
    tables = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (table,) in tables:
        if table not in _KEPT_BY_RESET:
            db.execute(f"DELETE FROM {table}")
    author = db.execute(
        "SELECT id FROM users WHERE json_extract(body, '$.type') = 'person' ORDER BY seq"
    ).fetchone()[0]
    PAGES.insert(db, _root_page(settings, author=author, now=now))
    # The deletions above have filled the journal of webhooks. Subscribers get no event for a reset.
    db.execute("DELETE FROM changes")


def new_token() -> str:
    """Return a new token. Its form cannot be mistaken for a token of the real service."""
    return f"ntn_local_{secrets.token_urlsafe(24)}"


def add_user(db: sqlite3.Connection, user: dict[str, Any]) -> None:
    """Add a person or bot to the workspace."""
    db.execute("INSERT INTO users (id, body) VALUES (?, ?)", (user["id"], json.dumps(user)))


def _person() -> dict[str, Any]:
    return {
        "object": "user",
        "id": new_id(),
        "name": "Product Manager",
        "avatar_url": None,
        "type": "person",
        "person": {"email": "pm@example.com"},
    }


def bot(settings: Settings) -> dict[str, Any]:
    """Return the bot of a connection."""
    # The limit of a free plan (recorded).
    limits = {"max_file_upload_size_in_bytes": 5 * 1024 * 1024}
    return {
        "object": "user",
        "id": settings.bot_id,
        "name": settings.integration_name,
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": settings.workspace_name,
            "workspace_id": settings.workspace_id,
            "workspace_limits": limits,
        },
    }


def _root_page(settings: Settings, *, author: str, now: str) -> Page:
    """Return the page at the top of the workspace, which a person has shared with the bot."""
    return Page(
        id=settings.root_page_id,
        parent_type="workspace",
        parent_id=None,
        title=_ROOT_TITLE,
        properties={"title": [plain(_ROOT_TITLE)]},
        created_time=now,
        created_by=author,
        last_edited_time=now,
        last_edited_by=author,
    )


def count_objects(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of objects of each kind, including those in the trash."""
    counts = {}
    for kind, rows in _COUNTED.items():
        counts[kind] = int(db.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])
    return counts


def copy_file(db: sqlite3.Connection, target: Path) -> None:
    """Copy the committed state to a new file, even while others write. Raises FileExistsError."""
    with target.open("xb"):  # fails if the file exists, before SQLite opens it
        pass
    with closing(sqlite3.connect(target)) as copied:
        db.backup(copied)
        copied.execute("PRAGMA journal_mode = WAL")
