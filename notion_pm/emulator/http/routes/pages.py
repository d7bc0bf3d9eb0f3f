"""/v1/pages"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, query, query_list, session
from notion_pm.emulator.pages import moving, page_actions, pages
from notion_pm.emulator.values import property_items

blueprint = Blueprint("pages", __name__)


@blueprint.post("/pages")
def create_page() -> dict[str, Any]:
    """Create a page."""
    return page_actions.create_page(session(), body(), query_list("filter_properties"))


@blueprint.get("/pages/<page_id>")
def retrieve_page(page_id: str) -> dict[str, Any]:
    """Return a page and its properties."""
    return pages.retrieve(session(), path_id("page_id", page_id), query_list("filter_properties"))


@blueprint.patch("/pages/<page_id>")
def update_page(page_id: str) -> dict[str, Any]:
    """Change a page, or move it to the trash and back."""
    return page_actions.update_page(
        session(), path_id("page_id", page_id), body(), query_list("filter_properties")
    )


@blueprint.post("/pages/<page_id>/move")
def move_page(page_id: str) -> dict[str, Any]:
    """Move a page to another parent."""
    return moving.move(session(), path_id("page_id", page_id), body())


@blueprint.get("/pages/<page_id>/properties/<path:property_id>")
def retrieve_property(page_id: str, property_id: str) -> dict[str, Any]:
    """Return one property's complete value, page by page where it is a list."""
    page = session().page(path_id("page_id", page_id))
    return property_items.serialize_item(
        session(), page, property_id, query("start_cursor"), query("page_size")
    )
