"""Apply a change of a page's Markdown to its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import block_writing, tree
from notion_pm.emulator.blocks.block_requests import Draft
from notion_pm.emulator.blocks.block_types import changed_content, new_content
from notion_pm.emulator.blocks.blocks import find
from notion_pm.emulator.markdown import Changed, Kept, New, Placed
from notion_pm.emulator.pages import moving, pages
from notion_pm.emulator.schema import databases
from notion_pm.emulator.store.records import BLOCKS, Block
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.richtext import plain

Json = dict[str, Any]


def trash_blocks(session: Session, blocks: Iterable[Block]) -> None:
    """Move blocks to the trash, including child pages and databases."""
    for block in blocks:
        if block.type == "child_page":
            pages.update(session, block.id, {"in_trash": True})
        elif block.type == "child_database":
            databases.update(session, block.id, {"in_trash": True})
        else:
            BLOCKS.update(session.db, replace(block, in_trash=True, **tree.edit_stamp(session)))


def apply_changes(session: Session, page: Block, parent: Block, placed: Sequence[Placed]) -> None:
    """Make these the children of a page or block, in this order."""
    # All children get new positions 1, 2, 3, ... in the order of the text.
    for number, item in enumerate(placed, start=1):
        position = float(number)
        match item:
            case Kept(block_id):
                _keep(session, page, parent, find(session, block_id), position)
            case Changed(block_id, block, children):
                changed = _change(session, find(session, block_id), block)
                _put(session, parent, changed, position)
                apply_changes(session, page, changed, children)
            case New(block, children):
                made = _make(session, page, parent, block, position)
                apply_changes(session, page, made, children)


def _keep(session: Session, page: Block, parent: Block, block: Block, position: float) -> None:
    """Keep a block, at its new position. A page or database from elsewhere moves to this page."""
    is_from_elsewhere = block.parent_id not in (page.id, parent.id)
    if is_from_elsewhere and block.type == "child_page":
        moving.move(session, block.id, {"parent": {"page_id": page.id}})
        block = find(session, block.id)
    elif is_from_elsewhere and block.type == "child_database":
        databases.update(session, block.id, {"parent": {"page_id": page.id}})
        block = find(session, block.id)
    _put(session, parent, block, position)


def _put(session: Session, parent: Block, block: Block, position: float) -> None:
    kind = "page_id" if parent.type == "child_page" else "block_id"
    if (block.parent_type, block.parent_id, block.position) != (kind, parent.id, position):
        place = (kind, parent.id, position, block.id)
        session.db.execute(
            "UPDATE blocks SET parent_type = ?, parent_id = ?, position = ? WHERE id = ?", place
        )


def _change(session: Session, old: Block, block: Json) -> Block:
    sent = _without_children(block)
    # Markdown shows a hosted file by its URL. One that is unchanged must not become an external
    # file.
    hosted_url = old.content.get("file", {}).get("url")
    if sent.get("external") and sent["external"]["url"] == hosted_url:
        sent = {key: value for key, value in sent.items() if key not in ("type", "external")}
    content = changed_content(session, old.type, old.content, sent, f"body.{old.type}")
    changed = replace(old, content=content, **tree.edit_stamp(session))
    BLOCKS.update(session.db, changed)
    return changed


def _make(session: Session, page: Block, parent: Block, block: Json, position: float) -> Block:
    if block["type"] in ("child_page", "child_database"):
        made = _make_child(session, page, block)
        _put(session, parent, made, position)
        return made
    content = new_content(session, block["type"], _without_children(block), f"body.{block['type']}")
    return block_writing.make(session, parent, Draft(block["type"], content), position)


def _make_child(session: Session, page: Block, block: Json) -> Block:
    """Create the page or database of a tag without a URL, like `<page>Title</page>`."""
    parent: Mapping[str, Any] = {"type": "page_id", "page_id": page.id}
    title = [plain(block[block["type"]]["title"])]
    if block["type"] == "child_page":
        made = pages.create(session, {"parent": parent, "properties": {"title": title}})
    else:
        made = databases.create(session, {"parent": parent, "title": title})
    return find(session, made["id"])


def _without_children(block: Json) -> Json:
    return {key: value for key, value in block[block["type"]].items() if key != "children"}
