"""/v1/search"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.routes.request import body, session
from notion_pm.emulator.pages import search as searching

blueprint = Blueprint("search", __name__)


@blueprint.post("/search")
def search() -> dict[str, Any]:
    """Find pages and data sources by title."""
    return searching.search(session(), body())
