"""The capabilities of a connection, and what is shared with it (notion-api.md 6.14, 6.15)."""

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

_WITHOUT_CAPABILITY = ("/v1/users/me", "/v1/oauth")
_INSERT_PATHS = ("/v1/pages", "/v1/databases", "/v1/data_sources", "/v1/views", "/v1/file_uploads")
_READ_PATHS = ("/query", "/search", "/queries")
# Whether something, or one of its ancestors, is among the shared ids. Sharing a page shares
# everything below it.
_IS_SHARED = """
    WITH RECURSIVE above (id) AS (
        VALUES (?)
        UNION SELECT coalesce(
            (SELECT parent_id FROM pages WHERE id = above.id),
            (SELECT parent_id FROM blocks WHERE id = above.id),
            (SELECT parent_id FROM databases WHERE id = above.id),
            (SELECT database_id FROM data_sources WHERE id = above.id)
        ) FROM above WHERE above.id IS NOT NULL
    )
    SELECT 1 FROM above WHERE id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Access:
    """The capabilities of a connection, and the ids of the pages and databases shared with it.

    `shared` is None if everything is shared.
    """

    capabilities: frozenset[str] = frozenset(CAPABILITIES)
    shared: frozenset[str] | None = None

    def check(self, method: str, path: str) -> None:
        """Raise 403 if the request needs a capability that is missing."""
        if required_capabilities(method, path) - self.capabilities:
            raise ApiError(
                403, "restricted_resource", "Insufficient permissions for this endpoint."
            )

    def sees(self, db: sqlite3.Connection, notion_id: str) -> bool:
        """Return whether something, or an ancestor of it, is shared."""
        if self.shared is None:
            return True
        shared = json.dumps(sorted(self.shared))
        return db.execute(_IS_SHARED, (notion_id, shared)).fetchone() is not None

    def hide_email(self, user: Mapping[str, object]) -> dict[str, object]:
        """Return a user, without the e-mail address if the connection may not read it."""
        if "read_emails" in self.capabilities or user["type"] != "person":
            return dict(user)
        return {**user, "person": {}}


EVERYTHING = Access()


def required_capabilities(method: str, path: str) -> frozenset[str]:
    """Return the capabilities that a request needs.

    Source: developers.notion.com/reference/capabilities.
    """
    if path.startswith(_WITHOUT_CAPABILITY):
        return frozenset()
    if path.startswith("/v1/users"):
        return frozenset(("read_users",))
    # Comments have capabilities of their own, apart from content.
    if path.startswith("/v1/comments"):
        if method == "GET":
            return frozenset(("read_comments",))
        return frozenset(("insert_comments",))
    # Queries and search are POST requests that only read.
    if method == "GET" or path.endswith(_READ_PATHS) or "/queries/" in path:
        return frozenset(("read",))
    if path == "/v1/views":
        return frozenset(("insert", "update"))  # notion-api.md 2.6
    appends_blocks = method == "PATCH" and path.endswith("/children")
    sends_file = path.startswith("/v1/file_uploads")
    creates = method == "POST" and (path in _INSERT_PATHS or sends_file)
    return frozenset(("insert",)) if appends_blocks or creates else frozenset(("update",))
