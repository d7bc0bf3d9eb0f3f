"""/v1/data_sources"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, query, query_list, session
from notion_pm.emulator.pages import page_templates, rows
from notion_pm.emulator.schema import data_sources

blueprint = Blueprint("data_sources", __name__)


@blueprint.post("/data_sources")
def create_data_source() -> dict[str, Any]:
    """Add a data source to a database."""
    return data_sources.create(session(), body())


@blueprint.get("/data_sources/<data_source_id>")
def retrieve_data_source(data_source_id: str) -> dict[str, Any]:
    """Return a data source with its schema."""
    return data_sources.serialize(
        session(), session().data_source(path_id("data_source_id", data_source_id))
    )


@blueprint.patch("/data_sources/<data_source_id>")
def update_data_source(data_source_id: str) -> dict[str, Any]:
    """Change a data source and its schema."""
    return data_sources.update(session(), path_id("data_source_id", data_source_id), body())


@blueprint.post("/data_sources/<data_source_id>/query")
def query_data_source(data_source_id: str) -> dict[str, Any]:
    """Return a page of a data source's rows."""
    source = session().data_source(path_id("data_source_id", data_source_id))
    return rows.query_rows(session(), source, body(), query_list("filter_properties"))


@blueprint.get("/data_sources/<data_source_id>/templates")
def list_templates(data_source_id: str) -> dict[str, Any]:
    """List page templates: the one list without `object` and request id (recorded)."""
    source_id = path_id("data_source_id", data_source_id)
    return page_templates.list_templates(
        session(), source_id, query("name"), query("start_cursor"), query("page_size")
    )
