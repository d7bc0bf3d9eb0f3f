"""/v1/custom_emojis"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator import custom_emojis
from notion_pm.emulator.routes.request import query, session

blueprint = Blueprint("emojis", __name__)


@blueprint.get("/custom_emojis")
def list_custom_emojis() -> dict[str, Any]:
    """List the custom emojis of the workspace."""
    return custom_emojis.listed(session(), query("name"), query("start_cursor"), query("page_size"))
