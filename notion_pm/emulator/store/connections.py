"""Connections to a workspace beside its own: each a bot with a token, capabilities, and what is shared with it."""

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
    """A further connection, as it is kept."""

    id: str  # of its bot
    name: str
    token: str
    capabilities: list[str]
    shared: list[str]

    @property
    def access(self) -> Access:
        """What it may do and see."""
        return Access(frozenset(self.capabilities), frozenset(self.shared))

    def settings(self, own: Settings) -> Settings:
        """Return the workspace's settings as this connection finds them."""
        return replace(own, bot_id=self.id, integration_name=self.name, token=self.token)


CONNECTIONS = Table("connections", Connection, json_columns=("capabilities", "shared"), flags=())


def connect(
    db: sqlite3.Connection,
    own: Settings,
    name: str,
    capabilities: Iterable[str],
    shared: Iterable[str],
) -> Connection:
    """Make a connection, or change what the one of this name may do and see; its token stays.

    Raises ApiError (400, 404) for an unknown capability and for what is no page or database.
    """
    wanted = list(dict.fromkeys(capabilities))
    for capability in wanted:
        if capability not in CAPABILITIES:
            raise validation_error(f"{capability} is no capability: {', '.join(CAPABILITIES)}")
    pages = [_checked(db, notion_id) for notion_id in dict.fromkeys(shared)]
    found = CONNECTIONS.select(db, "WHERE name = ?", (name,))
    if found:
        changed = replace(found[0], capabilities=wanted, shared=pages)
        CONNECTIONS.update(db, changed)
        return changed
    made = Connection(
        id=new_id(), name=name, token=bootstrap.new_token(), capabilities=wanted, shared=pages
    )
    CONNECTIONS.insert(db, made)
    bootstrap.add_user(db, bootstrap.bot(made.settings(own)))
    return made


def of_token(db: sqlite3.Connection, token: str) -> Connection | None:
    """Return the connection that a token belongs to, if there is one."""
    found = CONNECTIONS.select(db, "WHERE token = ?", (token,))
    return found[0] if found else None


def _checked(db: sqlite3.Connection, notion_id: str) -> str:
    query = "SELECT 1 FROM pages WHERE id = ? UNION ALL SELECT 1 FROM databases WHERE id = ?"
    if db.execute(query, (notion_id, notion_id)).fetchone() is None:
        raise validation_error(f"{notion_id} is no page or database of this workspace.")
    return notion_id
