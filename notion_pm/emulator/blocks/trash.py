"""The trash as a property of the ancestry: what lies below a trashed page is in the trash without being written.

Measured (notion-seed, September 2026), and not the same for each kind of thing. Below a trashed page, a page shows
`in_trash`, a database does not, a data source cannot be found, and nothing can be changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from notion_pm.emulator.store.session import Session

Thing = Page | Database | DataSource | Block


def is_below_trash(session: Session, thing: Thing) -> bool:
    """Return whether something above a thing is in the trash; not whether the thing itself is."""
    above = thing.database_id if isinstance(thing, DataSource) else thing.parent_id
    if above is None:
        return False
    if above not in session.below_trash:
        session.below_trash[above] = any(each.in_trash for each in _from(session, above))
    return session.below_trash[above]


def _from(session: Session, thing_id: str) -> Iterator[Thing]:
    """Yield a thing and all that is above it, the nearest first."""
    next_id: str | None = thing_id
    while next_id:
        thing = _find(session, next_id)
        if thing is None:
            return
        yield thing
        next_id = thing.database_id if isinstance(thing, DataSource) else thing.parent_id


def _find(session: Session, thing_id: str) -> Thing | None:
    """Return the thing of an id. Pages and databases are blocks too, so they come first."""
    return (
        PAGES.find(session.db, thing_id)
        or DATABASES.find(session.db, thing_id)
        or DATA_SOURCES.find(session.db, thing_id)
        or BLOCKS.find(session.db, thing_id)
    )


def refuse_below_trash(session: Session, thing: Thing) -> None:
    """Refuse to write what has something in the trash above it."""
    if is_below_trash(session, thing):
        raise archived_ancestor()


def refuse_trashed_parent(session: Session, parent: Thing) -> None:
    """Refuse to make something in what is in the trash, by itself or with what is above it."""
    refuse_below_trash(session, parent)
    if parent.in_trash:
        raise archived_ancestor() if isinstance(parent, Page) else archived_block()
