"""What a connection may do, and what of the workspace it may see (notion-api.md 6.14, 6.15)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from notion_pm.emulator.http.errors import ApiError

CAPABILITIES = (
    "read",
    "update",
    "insert",
    "read_comments",
    "insert_comments",
    "read_users",
    "read_emails",
)

_OPEN = ("/v1/users/me", "/v1/oauth")
_INSERTING = ("/v1/pages", "/v1/databases", "/v1/data_sources", "/v1/views", "/v1/file_uploads")
_READING = ("/query", "/search", "/queries")
# Where a page, block, database or data source stands. What is shared is shared with everything below it.
_ABOVE = """
    WITH RECURSIVE above (id) AS (
        VALUES (?)
        UNION SELECT coalesce(
            (SELECT parent_id FROM pages WHERE id = above.id), (SELECT parent_id FROM blocks WHERE id = above.id),
            (SELECT parent_id FROM databases WHERE id = above.id),
            (SELECT database_id FROM data_sources WHERE id = above.id)
        ) FROM above WHERE above.id IS NOT NULL
    )
    SELECT 1 FROM above WHERE id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Access:
    """A connection's capabilities, and the ids of the pages and databases shared with it (None: all there are)."""

    capabilities: frozenset[str] = frozenset(CAPABILITIES)
    shared: frozenset[str] | None = None

    def check(self, method: str, path: str) -> None:
        """Raise 403 where a capability is missing for a request."""
        if needed(method, path) - self.capabilities:
            raise ApiError(
                403, "restricted_resource", "Insufficient permissions for this endpoint."
            )

    def sees(self, db: sqlite3.Connection, notion_id: str) -> bool:
        """Return whether a page, block, database or data source is shared, by itself or with what it stands in."""
        if self.shared is None:
            return True
        return (
            db.execute(_ABOVE, (notion_id, json.dumps(sorted(self.shared)))).fetchone() is not None
        )

    def shown_user(self, user: Mapping[str, object]) -> dict[str, object]:
        """Return a user without the e-mail address, where that is not for this connection."""
        if "read_emails" in self.capabilities or user["type"] != "person":
            return dict(user)
        return {**user, "person": {}}


EVERYTHING = Access()


def needed(method: str, path: str) -> frozenset[str]:
    """Return the capabilities that a request needs (developers.notion.com/reference/capabilities)."""
    if path.startswith(_OPEN):
        return frozenset()
    if path.startswith("/v1/users"):
        return frozenset(("read_users",))
    if path.startswith("/v1/comments"):
        return frozenset(("read_comments" if method == "GET" else "insert_comments",))
    if method == "GET" or path.endswith(_READING) or "/queries/" in path:
        return frozenset(("read",))
    if path == "/v1/views":
        return frozenset(("insert", "update"))  # notion-api.md 2.6
    is_appending = method == "PATCH" and path.endswith("/children")
    is_making = method == "POST" and (path in _INSERTING or path.startswith("/v1/file_uploads"))
    return frozenset(("insert",)) if is_appending or is_making else frozenset(("update",))
