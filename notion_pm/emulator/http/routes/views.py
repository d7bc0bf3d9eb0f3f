"""/v1/views"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, query, session
from notion_pm.emulator.views import tabs, view_queries, views

blueprint = Blueprint("views", __name__)


@blueprint.get("/views")
def list_views() -> dict[str, Any]:
    """Return references to the views of a database or data source."""
    where = query("database_id"), query("data_source_id")
    return views.list_views(session(), *where, query("start_cursor"), query("page_size"))


@blueprint.post("/views")
def create_view() -> dict[str, Any]:
    """Create a view."""
    return views.create(session(), body())


@blueprint.get("/views/<view_id>")
def retrieve_view(view_id: str) -> dict[str, Any]:
    """Return a view."""
    return views.serialize(session(), tabs.find(session(), path_id("view_id", view_id)))


@blueprint.patch("/views/<view_id>")
def update_view(view_id: str) -> dict[str, Any]:
    """Change a view."""
    return views.update(session(), path_id("view_id", view_id), body())


@blueprint.delete("/views/<view_id>")
def delete_view(view_id: str) -> dict[str, Any]:
    """Delete a view."""
    return views.delete(session(), path_id("view_id", view_id))


@blueprint.post("/views/<view_id>/queries")
def create_query(view_id: str) -> dict[str, Any]:
    """Run the query of a view."""
    return view_queries.create(session(), path_id("view_id", view_id), body())


@blueprint.get("/views/<view_id>/queries/<query_id>")
def query_results(view_id: str, query_id: str) -> dict[str, Any]:
    """Return a page of the results of a view's query."""
    ids = path_id("view_id", view_id), path_id("query_id", query_id)
    return view_queries.results(session(), *ids, query("start_cursor"), query("page_size"))


@blueprint.delete("/views/<view_id>/queries/<query_id>")
def delete_query(view_id: str, query_id: str) -> dict[str, Any]:
    """Delete the results of a view's query."""
    return view_queries.delete(
        session(), path_id("view_id", view_id), path_id("query_id", query_id)
    )
