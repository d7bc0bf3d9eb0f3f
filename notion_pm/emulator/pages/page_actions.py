"""What is put on or taken off a page as a whole: its first content, and things in the trash.

Blocks, pages and databases share their ids and their trash: each has its own laws, and here they meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notion_pm.emulator.blocks import block_writing
from notion_pm.emulator.blocks.blocks import find, refuse_archived, serialize
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.pages import page_markdown, page_templates, pages
from notion_pm.emulator.schema import databases
from notion_pm.emulator.store.session import Session

Json = dict[str, Any]


def create_page(
    session: Session, body: Mapping[str, Any], filter_properties: Sequence[str] = ()
) -> Json:
    """Create a page with what is to stand on it, written as Markdown too, or still blank where a template comes."""
    page_templates.refuse_content_beside(body)
    page = pages.create(session, body, filter_properties)
    if body.get("template") is not None:
        page_templates.schedule(session, page["id"], body["template"], is_new=True)
    if not body.get("markdown"):
        return page
    page_markdown.write(session, page["id"], body["markdown"])
    return pages.retrieve(session, page["id"], filter_properties)


def update_page(
    session: Session, page_id: str, body: Mapping[str, Any], filter_properties: Sequence[str] = ()
) -> Json:
    """Change a page as a request says; a template that it names comes later."""
    page = pages.update(session, page_id, body, filter_properties)
    if body.get("template") is not None:
        page_templates.schedule(session, page_id, body["template"], is_new=False)
    return page


def trash(session: Session, block_id: str) -> Json:
    """Put a block, page or database into the trash and return it as the block it is (recorded)."""
    block = find(session, block_id)
    refuse_archived(session, block)
    if block.type == "child_page":
        pages.update(session, block_id, {"in_trash": True})
    elif block.type == "child_database":
        databases.update(session, block_id, {"in_trash": True})
    else:
        return block_writing.update(session, block_id, {"in_trash": True})
    return serialize(session, find(session, block_id))


def update(session: Session, block_id: str, body: Mapping[str, Any]) -> Json:
    """Change a block; of a page or database, only whether it is in the trash."""
    block = find(session, block_id)
    if block.type not in ("child_page", "child_database"):
        return block_writing.update(session, block_id, body)
    if body.keys() - {"type", "object", "in_trash", "archived"}:
        raise validation_error(
            f"Updating the content of a {block.type} block is not supported: update the page or database."
        )
    trashing = {key: value for key, value in body.items() if key in ("in_trash", "archived")}
    (pages if block.type == "child_page" else databases).update(session, block_id, trashing)
    return serialize(session, find(session, block_id))
