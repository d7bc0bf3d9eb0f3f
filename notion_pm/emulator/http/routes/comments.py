"""/v1/comments"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.blocks import comments
from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, query, session

blueprint = Blueprint("comments", __name__)


@blueprint.post("/comments")
def create_comment() -> dict[str, Any]:
    """Add a comment."""
    return comments.create(session(), body())


@blueprint.get("/comments")
def list_comments() -> dict[str, Any]:
    """Return the comments on a page or block."""
    return comments.list_comments(
        session(), query("block_id"), query("start_cursor"), query("page_size")
    )


@blueprint.get("/comments/<comment_id>")
def retrieve_comment(comment_id: str) -> dict[str, Any]:
    """Return a comment."""
    return comments.serialize(comments.find(session(), path_id("comment_id", comment_id)))


@blueprint.patch("/comments/<comment_id>")
def update_comment(comment_id: str) -> dict[str, Any]:
    """Change a comment's text."""
    return comments.update(session(), path_id("comment_id", comment_id), body())


@blueprint.delete("/comments/<comment_id>")
def delete_comment(comment_id: str) -> dict[str, Any]:
    """Delete a comment."""
    return comments.delete(session(), path_id("comment_id", comment_id))
