"""Further connections to a workspace. Each is a bot with a token, capabilities and shared pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.store import bootstrap
from notion_pm.emulator.store.access import CAPABILITIES, Access
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import Settings
from notion_pm.emulator.store.store import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A further connection, as stored."""

    id: str  # the id of its bot
    name: str
    token: str
    capabilities: list[str]
    shared: list[str]

    @property
    def access(self) -> Access:
        """Its capabilities, and what it sees."""
        return Access(frozenset(self.capabilities), frozenset(self.shared))

    def settings(self, own: Settings) -> Settings:
        """Return the workspace's settings with the bot and token of this connection."""
        return replace(own, bot_id=self.id, integration_name=self.name, token=self.token)


CONNECTIONS = Table("connections", Connection, json_columns=("capabilities", "shared"), flags=())


def connect(
    db: sqlite3.Connection,
    own: Settings,
    name: str,
    capabilities: Iterable[str],
    shared: Iterable[str],
) -> Connection:
    """Add a connection, or change the one of this name, which keeps its token.

    Raises ApiError (400) for an unknown capability, page or database.
    """
    wanted = list(dict.fromkeys(capabilities))
    for capability in wanted:
        if capability not in CAPABILITIES:
            raise validation_error(
                f"Unknown capability {capability}. Use any of: {', '.join(CAPABILITIES)}"
            )
    pages = list(dict.fromkeys(shared))
    for page_id in pages:
        _check_shareable(db, page_id)
    found = CONNECTIONS.select(db, "WHERE name = ?", (name,))
    if found:
        changed = replace(found[0], capabilities=wanted, shared=pages)
        CONNECTIONS.update(db, changed)
        return changed
    connection = Connection(
        id=new_id(), name=name, token=bootstrap.new_token(), capabilities=wanted, shared=pages
    )
    CONNECTIONS.insert(db, connection)
    bootstrap.add_user(db, bootstrap.bot(connection.settings(own)))
    return connection


def of_token(db: sqlite3.Connection, token: str) -> Connection | None:
    """Return the connection of a token, None if it is unknown."""
    found = CONNECTIONS.select(db, "WHERE token = ?", (token,))
    return found[0] if found else None


def _check_shareable(db: sqlite3.Connection, notion_id: str) -> None:
    query = "SELECT 1 FROM pages WHERE id = ? UNION ALL SELECT 1 FROM databases WHERE id = ?"
    if db.execute(query, (notion_id, notion_id)).fetchone() is None:
        raise validation_error(f"{notion_id} is not a page or database of this workspace.")
