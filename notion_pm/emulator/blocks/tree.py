"""The tree of pages, databases and blocks: parents, positions, and who edited what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.store.records import BLOCKS, PAGES, Block
from notion_pm.emulator.store.session import Session


def creation_stamp(session: Session) -> dict[str, Any]:
    """Return the author and time fields of something that this request creates."""
    author = session.settings.bot_id
    return {
        "created_time": session.now,
        "created_by": author,
        "last_edited_time": session.now,
        "last_edited_by": author,
    }


def edit_stamp(session: Session) -> dict[str, Any]:
    """Return the author and time fields of something that this request changes."""
    return {"last_edited_time": session.now, "last_edited_by": session.settings.bot_id}


def touch_page(session: Session, page_id: str) -> None:
    """Mark a page as edited now."""
    session.db.execute(
        "UPDATE pages SET last_edited_time = ?, last_edited_by = ? WHERE id = ?",
        (session.now, session.settings.bot_id, page_id),
    )


def last_position(session: Session, parent_id: str) -> float:
    """Return the position of a parent's last child, 0 where it has none."""
    row = session.db.execute(
        "SELECT max(position) FROM blocks WHERE parent_id = ?", (parent_id,)
    ).fetchone()
    return float(row[0] or 0)


def first_position(session: Session, parent_id: str) -> float:
    """Return the position of a parent's first child, 0 where it has none."""
    row = session.db.execute(
        "SELECT min(position) FROM blocks WHERE parent_id = ?", (parent_id,)
    ).fetchone()
    return float(row[0] or 0)


def position_after(session: Session, parent_id: str, block_id: str) -> float:
    """Return a position between a child and the next one. Raises 404 if there is no such child."""
    block = BLOCKS.find(session.db, block_id)
    if block is None or block.parent_id != parent_id:
        raise session.not_found("block", block_id)
    # Positions are floats: there is a number between any two siblings.
    query = "SELECT min(position) FROM blocks WHERE parent_id = ? AND position > ?"
    following = session.db.execute(query, (parent_id, block.position)).fetchone()[0]
    return block.position + 1 if following is None else float((block.position + following) / 2)


def place_last(session: Session, kind: str, child_id: str, parent_id: str, title: str) -> None:
    """Put a child page or database at the end of its page."""
    place(session, kind, child_id, parent_id, title, last_position(session, parent_id) + 1)


def place(
    session: Session, kind: str, child_id: str, parent_id: str, title: str, position: float
) -> None:
    """Put a child page or database on its page. This edits the page (recorded)."""
    block = Block(
        id=child_id,
        parent_type="page_id",
        parent_id=parent_id,
        position=position,
        type=kind,
        content={"title": title},
        **creation_stamp(session),
    )
    BLOCKS.insert(session.db, block)
    touch_page(session, parent_id)


def trash_content(session: Session, page_id: str) -> None:
    """Move all blocks of a page to the trash, but not its child pages and databases."""
    session.db.execute(
        "UPDATE blocks SET in_trash = 1, last_edited_time = ?, last_edited_by = ? "
        "WHERE parent_id = ? AND type NOT IN ('child_page', 'child_database')",
        (session.now, session.settings.bot_id, page_id),
    )


def remove_place(session: Session, child_id: str) -> None:
    """Remove the block of a page or database that moves to another parent."""
    BLOCKS.delete(session.db, child_id)


def sync_block(session: Session, child_id: str, *, title: str, in_trash: bool) -> None:
    """Copy the title and trash mark of a page or database to its block."""
    block = BLOCKS.find(session.db, child_id)
    if block and (block.content != {"title": title} or block.in_trash != in_trash):
        BLOCKS.update(
            session.db,
            replace(block, content={"title": title}, in_trash=in_trash, **edit_stamp(session)),
        )


def parent_reference(kind: str, parent_id: str | None) -> Mapping[str, Any]:
    """Return a parent as responses show it."""
    if kind == "workspace":
        return {"type": "workspace", "workspace": True}
    return {"type": kind, kind: parent_id}


def is_inside(session: Session, page_id: str, outer_id: str) -> bool:
    """Return whether a page is another page, or somewhere below it."""
    page = PAGES.find(session.db, page_id)
    while page is not None and page.id != outer_id:
        parent_id = page.parent_id
        if page.parent_type == "data_source_id" and parent_id:
            data_source = session.known_data_source(parent_id)
            parent_id = session.known_database(data_source.database_id).parent_id
        page = PAGES.find(session.db, parent_id) if parent_id else None
    return page is not None
