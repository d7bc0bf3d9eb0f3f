"""Write blocks: append, change, move to the trash (notion-api.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import tree
from notion_pm.emulator.blocks.block_requests import Draft, check_row, drafts
from notion_pm.emulator.blocks.block_types import BLOCK_TYPES, changed_content
from notion_pm.emulator.blocks.blocks import (
    children,
    children_holder,
    find,
    last_child,
    refuse_archived,
    serialize,
    serialize_all,
    with_ancestors,
)
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.store.clock import to_stored
from notion_pm.emulator.store.ids import canonical, new_id
from notion_pm.emulator.store.records import BLOCKS, Block
from notion_pm.emulator.store.session import NEW_VERSION, Session

Json = dict[str, Any]

_APPEND_KEYS = frozenset(("children", "position", "after"))
_POSITIONS = ("after_block", "start", "end")
# A position is a float. Siblings closer than this get whole numbers before a block is put between.
_CLOSEST = 1e-6


def append(session: Session, block_id: str, body: Mapping[str, Any]) -> Json:
    """Append children, and return the list that the request is answered with.

    The list has the new blocks and, if they were put before others, all that follow (recorded).
    """
    accepts_after = session.version < NEW_VERSION  # `after` was replaced by `position`
    checks.check_keys(body, _APPEND_KEYS if accepts_after else _APPEND_KEYS - {"after"})
    # Blocks that are appended to a synced copy go to its original.
    parent = find(session, children_holder(find(session, block_id)))
    refuse_archived(session, parent)
    _refuse_children(parent)
    blocks = drafts(session, checks.require(body, "children"), "body.children", parent=parent.type)
    if parent.type == "table":
        for row in blocks:
            check_row(row.content, parent.content["table_width"])

    is_at_end = not body.keys() & {"position", "after"}
    if is_at_end and behaviour().append_order == "reversed":
        siblings = children(session, parent.id)
        index = _index_before_concurrent(session, siblings)
        new = insert(session, parent, blocks, siblings, index)
        touch(session, parent)
        # The answer does not show the blocks that other connections have appended.
        return as_list("block", page_of(serialize_all(session, new), None, None))

    # At the end only the last sibling matters. A page may have thousands of blocks.
    siblings = last_child(session, parent.id) if is_at_end else children(session, parent.id)
    index = _read_index(siblings, body)
    new = insert(session, parent, blocks, siblings, index)
    touch(session, parent)
    listed = serialize_all(session, [*new, *siblings[index:]])
    return as_list("block", page_of(listed, None, None))


def append_to_new(session: Session, page_id: str, wanted: Sequence[Draft]) -> None:
    """Add the first blocks of a new page."""
    insert(session, find(session, page_id), wanted, (), 0)


def _refuse_children(parent: Block) -> None:
    """Refuse children in a block that cannot have any."""
    if parent.type in BLOCK_TYPES:
        is_allowed = BLOCK_TYPES[parent.type].inside is not None
    else:
        is_allowed = parent.type == "child_page"
    # Headings have children only if they are toggleable (notion-api.md 2.4).
    if not is_allowed or parent.content.get("is_toggleable") is False:
        raise validation_error("Block does not support children.")


def _read_index(siblings: Sequence[Block], body: Mapping[str, Any]) -> int:
    """Return the index of the sibling that the new blocks are put before."""
    position, after = body.get("position"), body.get("after")
    if position is not None and after is not None:
        raise body_error("body.after", "not present", after)
    if after is not None:
        return _index_after(siblings, after, "body.after")
    if position is None:
        return len(siblings)

    sent = checks.an_object(position, "body.position")
    kind = checks.require(sent, "type", "body.position")
    checks.one_of(kind, _POSITIONS, "body.position.type")
    if kind == "start":
        return 0
    if kind == "end":
        return len(siblings)
    path = "body.position.after_block"
    block = checks.an_object(checks.require(sent, "after_block", "body.position"), path)
    return _index_after(siblings, checks.require(block, "id", path), f"{path}.id")


def _index_before_concurrent(session: Session, siblings: Sequence[Block]) -> int:
    """Return the index before the blocks that other connections appended within a second."""
    recent = to_stored(session.moment - timedelta(seconds=1))
    index = len(siblings)
    while index > 0:
        previous = siblings[index - 1]
        is_own = previous.created_by == session.settings.bot_id
        if is_own or previous.created_time <= recent:
            break
        index -= 1
    return index


def _index_after(siblings: Sequence[Block], value: Any, path: str) -> int:
    wanted = canonical(value)
    if wanted is None:
        raise body_error(path, "a valid uuid", value)
    for index, sibling in enumerate(siblings):
        if sibling.id == wanted:
            return index + 1
    raise validation_error(f"Block with ID {wanted} is not a child of the block to append to.")


def insert(
    session: Session, parent: Block, wanted: Sequence[Draft], siblings: Sequence[Block], index: int
) -> list[Block]:
    """Store drafts before the sibling at `index`, and return the blocks of their first level."""
    positions = _positions(session, siblings, index, len(wanted))
    return [
        make(session, parent, draft, position)
        for draft, position in zip(wanted, positions, strict=True)
    ]


def make(session: Session, parent: Block, draft: Draft, position: float) -> Block:
    """Store one draft with its children, and return the block."""
    is_page = parent.type == "child_page"
    block = Block(
        id=new_id(),
        parent_type="page_id" if is_page else "block_id",
        parent_id=parent.id,
        position=position,
        type=draft.type,
        content=draft.content,
        **tree.creation_stamp(session),
    )
    BLOCKS.insert(session.db, block)
    for number, child in enumerate(draft.children, start=1):
        make(session, block, child, float(number))
    return block


def _positions(session: Session, siblings: Sequence[Block], index: int, count: int) -> list[float]:
    """Return positions for `count` blocks before the sibling at `index`.

    Siblings that are too close together get new positions first.
    """
    if index == 0 and siblings:
        first = siblings[0].position - count
        return [first + number for number in range(count)]
    before = siblings[index - 1].position if index else 0.0
    if index == len(siblings):
        return [before + number for number in range(1, count + 1)]
    step = (siblings[index].position - before) / (count + 1)
    if step < _CLOSEST:
        _renumber(session, siblings)  # to 1, 2, 3, ...
        before, step = float(index), 1 / (count + 1)
    return [before + step * number for number in range(1, count + 1)]


def _renumber(session: Session, siblings: Sequence[Block]) -> None:
    for number, sibling in enumerate(siblings, start=1):
        put_at(session, sibling, float(number))


def put_at(session: Session, block: Block, position: float) -> None:
    """Change only the position of a block among its siblings."""
    if block.position != position:
        session.db.execute("UPDATE blocks SET position = ? WHERE id = ?", (position, block.id))


def update(session: Session, block_id: str, body: Mapping[str, Any]) -> Json:
    """Change a block's content or its trash mark. Its type cannot be changed."""
    block = find(session, block_id)
    # A block in the trash can only be restored. All other changes are refused.
    in_trash = checks.trash_flag(body, default=block.in_trash)
    if in_trash or not block.in_trash:
        refuse_archived(session, block)
    content = _updated_content(session, block, body)
    changed = replace(block, content=content, in_trash=in_trash, **tree.edit_stamp(session))
    BLOCKS.update(session.db, changed)
    touch(session, changed)
    return serialize(session, changed)


def _updated_content(session: Session, block: Block, body: Mapping[str, Any]) -> Mapping[str, Any]:
    sent_types = [key for key in body if key in BLOCK_TYPES]
    if "type" in body:
        sent_types.append(body["type"])
    if any(sent_type != block.type for sent_type in sent_types):
        raise validation_error(f"Expected block type {block.type} in request body.")
    checks.check_keys(body, {"type", "object", "in_trash", "archived", block.type})
    if block.type not in body or block.type not in BLOCK_TYPES:
        return block.content
    path = f"body.{block.type}"
    sent = checks.an_object(body[block.type], path)
    if sent.get("children"):  # an empty array is accepted (measured)
        raise body_error(f"{path}.children", "not present", sent["children"])
    # The width of a table is fixed when it is created (notion-api.md 2.4).
    if block.type == "table" and "table_width" in sent:
        raise body_error(f"{path}.table_width", "not present", sent["table_width"])
    content = changed_content(session, block.type, block.content, sent, path)
    if block.type == "table_row":
        check_row(content, find(session, block.parent_id).content["table_width"])
    return content


def touch(session: Session, block: Block) -> None:
    """Mark the page that a block is on as edited now."""
    for ancestor in with_ancestors(session, block):
        if ancestor.type == "child_page":
            tree.touch_page(session, ancestor.id)
            return
