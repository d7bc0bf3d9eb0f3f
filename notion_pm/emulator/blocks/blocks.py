"""Read blocks: find, list and serialize them (notion-api.md 2.4).

Child pages and databases are among the blocks of their page. Rows of a data source are not on a
page, but can be read as blocks by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import tree
from notion_pm.emulator.blocks.trash import is_below_trash, refuse_below_trash
from notion_pm.emulator.http.errors import archived_block
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.store.clock import to_stored, to_the_minute
from notion_pm.emulator.store.records import BLOCKS, PAGES, Block, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.users import reference

Json = dict[str, Any]

_LIVE_CHILDREN = "WHERE parent_id = ? AND in_trash = 0 ORDER BY position, seq"


def find(session: Session, block_id: str) -> Block:
    """Return a block, or a page as a block. Raises 404 if it does not exist or is not shared."""
    found = _find(session, block_id) if session.sees(block_id) else None
    if found is None:
        raise session.not_found("block", block_id)
    return found


def _find(session: Session, block_id: str) -> Block | None:
    block = BLOCKS.find(session.db, block_id)
    if block is not None:
        return block
    # Rows, and pages at the top of the workspace, have no block of their own.
    page = PAGES.find(session.db, block_id)
    return None if page is None else _page_as_block(page)


def _page_as_block(page: Page) -> Block:
    return Block(
        id=page.id,
        parent_type=page.parent_type,
        parent_id=page.parent_id or "",
        position=0,
        type="child_page",
        content={"title": page.title},
        in_trash=page.in_trash,
        created_time=page.created_time,
        created_by=page.created_by,
        last_edited_time=page.last_edited_time,
        last_edited_by=page.last_edited_by,
    )


def with_ancestors(session: Session, block: Block) -> Iterator[Block]:
    """Yield a block, its parent and so on, up to a page that is not on another page."""
    yield block
    while block.parent_type in ("page_id", "block_id"):
        # Ancestors need not be shared: only something inside them may be.
        parent = _find(session, block.parent_id)
        if parent is None:
            return
        block = parent
        yield block


def refuse_archived(session: Session, block: Block) -> None:
    """Refuse to change a block that is in the trash, or inside something in the trash."""
    refuse_below_trash(session, block)
    if block.in_trash:
        raise archived_block()


def children(session: Session, parent_id: str) -> list[Block]:
    """Return the children of a page or block, in order, without those in the trash."""
    return BLOCKS.select(session.db, _LIVE_CHILDREN, (parent_id,))


def last_child(session: Session, parent_id: str) -> list[Block]:
    """Return a list with the last child, an empty one if there are no children."""
    clauses = "WHERE parent_id = ? AND in_trash = 0 ORDER BY position DESC, seq DESC LIMIT 1"
    return BLOCKS.select(session.db, clauses, (parent_id,))


def serialize(session: Session, block: Block) -> Json:
    """Return one block as responses show it."""
    return serialize_all(session, [block])[0]


def serialize_all(session: Session, blocks: Sequence[Block]) -> list[Json]:
    """Return blocks as responses show them."""
    holders = _with_children(session, map(children_holder, blocks))
    return [
        _serialize_one(session, block, has_children=children_holder(block) in holders)
        for block in blocks
    ]


def list_children(
    session: Session, block_id: str, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of a block's children, one level deep."""
    block = find(session, block_id)
    if block.in_trash or is_below_trash(session, block):
        raise session.not_found("block", block_id)  # measured; the page itself can still be read
    holder = children_holder(block)
    query = f"SELECT id, created_by, created_time FROM blocks {_LIVE_CHILDREN}"
    rows = session.db.execute(query, (holder,))
    visible = [
        {"id": row["id"]}
        for row in rows
        if not _is_too_new(session, row["created_by"], row["created_time"])
    ]
    page = page_of(visible, start_cursor, page_size)
    # Only the page of results is loaded whole: a page may have thousands of blocks.
    blocks = _load_blocks(session, [item["id"] for item in page.results])
    return as_list("block", replace(page, results=serialize_all(session, blocks)))


def _is_too_new(session: Session, author: str, created: str) -> bool:
    """Return whether another connection's block is not visible yet (Behaviour.read_lag)."""
    lag = behaviour().read_lag
    if not lag or author == session.settings.bot_id:
        return False
    return created > to_stored(session.moment - timedelta(seconds=lag))


def _load_blocks(session: Session, block_ids: Sequence[str]) -> list[Block]:
    marks = ", ".join("?" * len(block_ids))
    return BLOCKS.select(session.db, f"WHERE id IN ({marks}) ORDER BY position, seq", block_ids)


def _serialize_one(session: Session, block: Block, *, has_children: bool) -> Json:
    content = dict(block.content)
    if content.get("width_ratio", 0) is None:  # shown only if it was set
        del content["width_ratio"]
    # Like pages and unlike databases, blocks show times cut to the minute (recorded).
    body = {
        "object": "block",
        "id": block.id,
        "parent": _parent(session, block),
        "created_time": to_the_minute(block.created_time),
        "last_edited_time": to_the_minute(block.last_edited_time),
        "created_by": reference(block.created_by),
        "last_edited_by": reference(block.last_edited_by),
        "has_children": has_children,
        "in_trash": block.in_trash,
        "type": block.type,
        block.type: content,
    }
    return {**body, "archived": block.in_trash} if session.is_old else body


def _parent(session: Session, block: Block) -> Mapping[str, Any]:
    parent = tree.parent_reference(block.parent_type, block.parent_id)
    if block.parent_type != "data_source_id":
        return parent
    return {**parent, "database_id": session.known_data_source(block.parent_id).database_id}


def children_holder(block: Block) -> str:
    """Return the id of the block that has a block's children: for a synced copy, its original."""
    source = block.content.get("synced_from") if block.type == "synced_block" else None
    return source["block_id"] if source else block.id


def _with_children(session: Session, block_ids: Iterable[str]) -> set[str]:
    """Return the ids of the blocks that have children outside the trash."""
    ids = tuple(set(block_ids))
    marks = ", ".join("?" * len(ids))
    query = f"SELECT DISTINCT parent_id FROM blocks WHERE parent_id IN ({marks}) AND in_trash = 0"
    return {row[0] for row in session.db.execute(query, ids)}
