"""/v1/custom_emojis"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.routes.request import query, session
from notion_pm.emulator.values import custom_emojis

blueprint = Blueprint("emojis", __name__)


@blueprint.get("/custom_emojis")
def list_custom_emojis() -> dict[str, Any]:
    """List the custom emojis of the workspace."""
    return custom_emojis.list_emojis(
        session(), query("name"), query("start_cursor"), query("page_size")
    )
