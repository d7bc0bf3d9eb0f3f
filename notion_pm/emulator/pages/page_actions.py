"""Actions on a page as a whole: create it with content, and move things to the trash.

Blocks, pages and databases share their ids and the trash. Each has its own module; these actions
need several of them.
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
    """Create a page with its content: blocks or Markdown.

    With a template the content comes later.
    """
    page_templates.refuse_content_with_template(body)
    page = pages.create(session, body, filter_properties)
    if body.get("template") is not None:
        page_templates.schedule(session, page["id"], body["template"], is_new=True)
    if not body.get("markdown"):
        return page
    # Markdown is written after the page exists, because it may create pages inside it.
    page_markdown.write(session, page["id"], body["markdown"])
    return pages.retrieve(session, page["id"], filter_properties)


def update_page(
    session: Session, page_id: str, body: Mapping[str, Any], filter_properties: Sequence[str] = ()
) -> Json:
    """Change a page. A template in the request is applied later."""
    page = pages.update(session, page_id, body, filter_properties)
    if body.get("template") is not None:
        page_templates.schedule(session, page_id, body["template"], is_new=False)
    return page


def trash(session: Session, block_id: str) -> Json:
    """Move a block, page or database to the trash, and return it as a block (recorded)."""
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
    """Change a block. For a page or database, only the trash mark can be changed this way."""
    block = find(session, block_id)
    # A page's or database's id is also the id of its block (notion-api.md 2.4).
    if block.type not in ("child_page", "child_database"):
        return block_writing.update(session, block_id, body)
    if body.keys() - {"type", "object", "in_trash", "archived"}:
        raise validation_error(
            f"Updating the content of a {block.type} block is not supported: "
            "update the page or database."
        )
    change = {key: value for key, value in body.items() if key in ("in_trash", "archived")}
    if block.type == "child_page":
        pages.update(session, block_id, change)
    else:
        databases.update(session, block_id, change)
    return serialize(session, find(session, block_id))
