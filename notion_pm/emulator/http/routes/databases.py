"""/v1/databases"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, session
from notion_pm.emulator.schema import databases

blueprint = Blueprint("databases", __name__)


@blueprint.post("/databases")
def create_database() -> dict[str, Any]:
    """Create a database with its data source and a view."""
    return databases.create(session(), body())


@blueprint.get("/databases/<database_id>")
def retrieve_database(database_id: str) -> dict[str, Any]:
    """Return a database."""
    return databases.retrieve(session(), path_id("database_id", database_id))


@blueprint.patch("/databases/<database_id>")
def update_database(database_id: str) -> dict[str, Any]:
    """Change a database, or move it to the trash and back."""
    return databases.update(session(), path_id("database_id", database_id), body())
