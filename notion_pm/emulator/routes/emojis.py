"""/v1/custom_emojis: a local workspace has none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

blueprint = Blueprint("emojis", __name__)


@blueprint.get("/custom_emojis")
def list_custom_emojis() -> dict[str, Any]:
    """Returns the empty list, in the envelope recorded from the service."""
    return {"object": "list", "type": "custom_emoji", "results": [], "has_more": False, "next_cursor": None}
