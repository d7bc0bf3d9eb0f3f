"""How a workspace begins, and begins again: a bot, a person, a token, a page shared with the bot."""

from __future__ import annotations

import json
import secrets
import sqlite3
from typing import Any

from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import PAGES, Page
from notion_pm.emulator.store.session import Settings
from notion_pm.emulator.values.richtext import plain

_ROOT_TITLE = "Local workspace"
_KEPT = ("settings", "users", "connections", "subscriptions")


def found(db: sqlite3.Connection, now: str) -> None:
    """Give a new file its settings, users and root page."""
    settings: dict[str, Any] = {
        "workspace_id": new_id(),
        "workspace_name": _ROOT_TITLE,
        "bot_id": new_id(),
        "integration_name": "notion-pm local",
        "token": new_token(),
        "root_page_id": new_id(),
    }
    db.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
    founded = Settings(**settings)
    person = _person()
    for user in (person, bot(founded)):
        add_user(db, user)
    PAGES.insert(db, _root_page(founded, author=person["id"], now=now))


def reset(db: sqlite3.Connection, settings: Settings, now: str) -> None:
    """Throw everything away but tokens, users and webhook subscriptions; the root page is made anew."""
    tables = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (table,) in tables:
        if table not in _KEPT:
            db.execute(f"DELETE FROM {table}")
    author = db.execute(
        "SELECT id FROM users WHERE json_extract(body, '$.type') = 'person' ORDER BY seq"
    ).fetchone()[0]
    PAGES.insert(db, _root_page(settings, author=author, now=now))
    db.execute("DELETE FROM changes")  # nobody is told of each thing that went


def new_token() -> str:
    """Return a fresh token, which nobody could take for one of the real service."""
    return f"ntn_local_{secrets.token_urlsafe(24)}"


def add_user(db: sqlite3.Connection, user: dict[str, Any]) -> None:
    """Add a person or bot to the workspace."""
    db.execute("INSERT INTO users (id, body) VALUES (?, ?)", (user["id"], json.dumps(user)))


def _person() -> dict[str, Any]:
    person = {"email": "pm@example.com"}
    return {
        "object": "user",
        "id": new_id(),
        "name": "Product Manager",
        "avatar_url": None,
        "type": "person",
        "person": person,
    }


def bot(settings: Settings) -> dict[str, Any]:
    """Return the bot of a connection."""
    body = {
        "owner": {"type": "workspace", "workspace": True},
        "workspace_name": settings.workspace_name,
        "workspace_id": settings.workspace_id,
        "workspace_limits": {
            "max_file_upload_size_in_bytes": 5 * 1024 * 1024
        },  # a free plan's (recorded)
    }
    name = settings.integration_name
    return {
        "object": "user",
        "id": settings.bot_id,
        "name": name,
        "avatar_url": None,
        "type": "bot",
        "bot": body,
    }


def _root_page(settings: Settings, *, author: str, now: str) -> Page:
    """Make the page that a person has shared with the bot."""
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
