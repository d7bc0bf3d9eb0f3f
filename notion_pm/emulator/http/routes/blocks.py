"""/v1/blocks"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.blocks import block_writing, blocks
from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, query, session
from notion_pm.emulator.pages import page_actions

blueprint = Blueprint("blocks", __name__)


@blueprint.get("/blocks/<block_id>")
def retrieve_block(block_id: str) -> dict[str, Any]:
    """Return a block, or a page or database as the block that it also is."""
    return blocks.serialize(session(), blocks.find(session(), path_id("block_id", block_id)))


@blueprint.patch("/blocks/<block_id>")
def update_block(block_id: str) -> dict[str, Any]:
    """Change a block, or move it to the trash and back."""
    return page_actions.update(session(), path_id("block_id", block_id), body())


@blueprint.delete("/blocks/<block_id>")
def delete_block(block_id: str) -> dict[str, Any]:
    """Move a block, page or database to the trash."""
    return page_actions.trash(session(), path_id("block_id", block_id))


@blueprint.get("/blocks/<block_id>/children")
def list_children(block_id: str) -> dict[str, Any]:
    """Return a block's children, one level deep."""
    return blocks.list_children(
        session(), path_id("block_id", block_id), query("start_cursor"), query("page_size")
    )


@blueprint.patch("/blocks/<block_id>/children")
def append_children(block_id: str) -> dict[str, Any]:
    """Append blocks to a page or block."""
    return block_writing.append(session(), path_id("block_id", block_id), body())
