"""Whether something is below something in the trash.

Moving a page to the trash does not change what is inside it, but hides it. Measured (notion-seed,
September 2026), different for each kind of object: below a trashed page, a page shows `in_trash`, a
database does not, a data source is not found, and nothing can be changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Protocol

from notion_pm.emulator.http.errors import archived_ancestor, archived_block
from notion_pm.emulator.store.records import (
    BLOCKS,
    DATA_SOURCES,
    DATABASES,
    PAGES,
    Block,
    Database,
    DataSource,
    Page,
)


class Session(Protocol):
    """What is needed of a session. store/session.py uses this module, so it cannot be imported."""

    db: sqlite3.Connection
    below_trash: dict[str, bool]


Thing = Page | Database | DataSource | Block


def is_below_trash(session: Session, thing: Thing) -> bool:
    """Return whether an ancestor is in the trash. The thing itself does not count."""
    above = thing.database_id if isinstance(thing, DataSource) else thing.parent_id
    if above is None:
        return False
    # Cached for the request: a list of 100 pages often has one common parent.
    if above not in session.below_trash:
        ancestors = _with_ancestors(session, above)
        session.below_trash[above] = any(ancestor.in_trash for ancestor in ancestors)
    return session.below_trash[above]


def _with_ancestors(session: Session, thing_id: str) -> Iterator[Thing]:
    """Yield a thing, its parent and so on, up to the top of the workspace."""
    next_id: str | None = thing_id
    while next_id:
        thing = _find(session, next_id)
        if thing is None:
            return
        yield thing
        next_id = thing.database_id if isinstance(thing, DataSource) else thing.parent_id


def _find(session: Session, thing_id: str) -> Thing | None:
    """Return the thing of an id. Child pages and databases are also blocks, so those come last."""
    return (
        PAGES.find(session.db, thing_id)
        or DATABASES.find(session.db, thing_id)
        or DATA_SOURCES.find(session.db, thing_id)
        or BLOCKS.find(session.db, thing_id)
    )


def refuse_below_trash(session: Session, thing: Thing) -> None:
    """Refuse to change something below something in the trash."""
    if is_below_trash(session, thing):
        raise archived_ancestor()


def refuse_trashed_parent(session: Session, parent: Thing) -> None:
    """Refuse to create something inside a parent that is in the trash, or below it."""
    # The two errors differ in the service: for a page the ancestor, else the block itself
    # (measured).
    refuse_below_trash(session, parent)
    if parent.in_trash:
        raise archived_ancestor() if isinstance(parent, Page) else archived_block()
