"""/v1/users"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import query, session
from notion_pm.emulator.values import users

blueprint = Blueprint("users", __name__)


@blueprint.get("/users")
def list_users() -> dict[str, Any]:
    """List the workspace's people and bots."""
    return users.list_users(session(), query("start_cursor"), query("page_size"))


@blueprint.get("/users/me")
def me() -> dict[str, Any]:
    """Return the token's bot."""
    return users.me(session())


@blueprint.get("/users/<user_id>")
def retrieve_user(user_id: str) -> dict[str, Any]:
    """Return one user."""
    return users.find_or_404(session(), path_id("user_id", user_id))
