"""The people and bots of the workspace."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.store.session import Session

User = dict[str, Any]


def find_user(session: Session, user_id: str) -> User | None:
    """Return a user as GET /users/{id} shows it, None if it does not exist."""
    row = session.db.execute("SELECT body FROM users WHERE id = ?", (user_id,)).fetchone()
    return None if row is None else session.access.hide_email(json.loads(row[0]))


def find_or_404(session: Session, user_id: str) -> User:
    """Return a user. Raises 404, with a message about capabilities instead of sharing."""
    found = find_user(session, user_id)
    if found is None:
        advice = "Make sure your integration has the capabilities to read user information."
        message = f"Could not find user with ID: {user_id}. {advice}"
        raise ApiError(
            404, "object_not_found", message, {"integration_id": session.settings.bot_id}
        )
    return found


def me(session: Session) -> User:
    """Return the bot that the token belongs to."""
    return find_or_404(session, session.settings.bot_id)


def list_users(session: Session, start_cursor: str | None, page_size: str | None) -> dict[str, Any]:
    """Return a page of the workspace's users."""
    rows = session.db.execute("SELECT body FROM users ORDER BY seq")
    users = [_in_list(session, json.loads(row[0])) for row in rows]
    return as_list("user", page_of(users, start_cursor, page_size))


def _in_list(session: Session, user: User) -> User:
    """Return a user as lists show it: details only of the bot that asks (recorded)."""
    body = session.access.hide_email(user)
    # Details of other bots are empty in lists (recorded).
    is_another_bot = user["type"] == "bot" and user["id"] != session.settings.bot_id
    return {**body, "bot": {}} if is_another_bot else body


def first_person(db: sqlite3.Connection) -> str | None:
    """Return the id of the first person, who acts when a request does not name one."""
    query = (
        "SELECT id FROM users WHERE json_extract(body, '$.type') = 'person' ORDER BY seq LIMIT 1"
    )
    row = db.execute(query).fetchone()
    return str(row[0]) if row else None


def is_person(db: sqlite3.Connection, user_id: str) -> bool:
    """Return whether there is a person with this id."""
    query = "SELECT 1 FROM users WHERE id = ? AND json_extract(body, '$.type') = 'person'"
    return db.execute(query, (user_id,)).fetchone() is not None


def name_of(db: sqlite3.Connection, user_id: str) -> str:
    """Return the name of a user."""
    row = db.execute(
        "SELECT json_extract(body, '$.name') FROM users WHERE id = ?", (user_id,)
    ).fetchone()
    return str(row[0])


def reference(user_id: str) -> User:
    """Return the short form of a user, as in `created_by`."""
    return {"object": "user", "id": user_id}


def serialize_user(session: Session, user_id: str) -> User:
    """Return a user as values and mentions show it.

    A bot has no details there, and an unknown user only an id.
    """
    found = find_user(session, user_id)
    if found is None:
        return reference(user_id)
    return {**found, "bot": {}} if found["type"] == "bot" else found
