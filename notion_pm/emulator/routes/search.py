"""/v1/search"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from .. import search as searching
from .request import body, session

blueprint = Blueprint("search", __name__)


@blueprint.post("/search")
def search() -> dict[str, Any]:
    """Finds pages and data sources by title."""
    return searching.search(session(), body())
