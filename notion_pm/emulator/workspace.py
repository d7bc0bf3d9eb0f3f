"""A local workspace: its file, opened, and the WSGI application that serves it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .app import create_app
from .clock import Clock, stored, system_clock
from .ids import new_id
from .records import PAGES, Page
from .richtext import plain
from .session import Settings
from .store import Store
from .traffic import Recorder

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_RECORD_VARIABLE = "NOTION_PM_LOCAL_RECORD"
_ROOT_TITLE = "Local workspace"


@dataclass(frozen=True, slots=True)
class LocalWorkspace:
    """A handle on an open workspace: give `app` to httpx.WSGITransport or to a server, and close it at the end."""

    app: WSGIApplication
    token: str = field(repr=False)
    root_page_id: str
    path: Path
    _store: Store = field(repr=False)

    def close(self) -> None:
        """Closes the file."""
        self._store.close()


def open_workspace(
    path: Path | str,
    *,
    clock: Clock | None = None,
    record: Path | str | None = None,
    search_lag: timedelta = timedelta(),
) -> LocalWorkspace:
    """Opens a workspace file; a new one gets a bot, a person, a token and a page shared with the bot.

    `record` (else the variable NOTION_PM_LOCAL_RECORD) names a file to which the traffic is appended. `search_lag` is
    how long a new or renamed object stays unknown to search, as the real index lags.
    """
    clock = clock or system_clock
    store = Store(Path(path))
    with store.transaction(write=True) as db:
        settings = _settings(db, search_lag) or _found(db, clock, search_lag)
    app: WSGIApplication = create_app(store, settings, clock)
    record = record or os.environ.get(_RECORD_VARIABLE)
    if record:
        app = Recorder(app, Path(record))
    return LocalWorkspace(app, settings.token, settings.root_page_id, Path(path), store)


def _settings(db: sqlite3.Connection, search_lag: timedelta) -> Settings | None:
    rows = dict(db.execute("SELECT key, value FROM settings").fetchall())
    return Settings(**rows, search_lag=search_lag) if rows else None


def _found(db: sqlite3.Connection, clock: Clock, search_lag: timedelta) -> Settings:
    settings = {
        "workspace_id": new_id(),
        "workspace_name": _ROOT_TITLE,
        "bot_id": new_id(),
        "integration_name": "notion-pm local",
        "token": f"ntn_local_{secrets.token_urlsafe(24)}",
        "root_page_id": new_id(),
    }
    db.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
    founded = Settings(**settings, search_lag=search_lag)
    person = _person()
    for user in (person, _bot(founded)):
        db.execute("INSERT INTO users (id, body) VALUES (?, ?)", (user["id"], json.dumps(user)))
    PAGES.insert(db, _root_page(founded, author=person["id"], now=stored(clock())))
    return founded


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


def _bot(settings: Settings) -> dict[str, Any]:
    bot = {
        "owner": {"type": "workspace", "workspace": True},
        "workspace_name": settings.workspace_name,
        "workspace_id": settings.workspace_id,
        "workspace_limits": {"max_file_upload_size_in_bytes": 5 * 1024 * 1024},  # a free plan's (recorded)
    }
    name = settings.integration_name
    return {"object": "user", "id": settings.bot_id, "name": name, "avatar_url": None, "type": "bot", "bot": bot}


def _root_page(settings: Settings, *, author: str, now: str) -> Page:
    """Makes the page that a person has shared with the bot."""
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
