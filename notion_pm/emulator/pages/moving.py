"""Move a page to another parent (notion-api.md 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import parents, tree
from notion_pm.emulator.blocks.trash import refuse_below_trash
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, validation_error
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema import relations
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.records import PAGES, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader


def move(session: Session, page_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Move a page to another page or into a data source. Of its values it keeps only the title."""
    checks.check_keys(body, ("parent",))
    page = session.page(page_id)
    parent_type, parent_id = parents.resolve(session, checks.require(body, "parent"))
    refuse_below_trash(session, page)
    if page.in_trash:
        raise archived_block()
    if parent_id == page.parent_id:
        raise validation_error("New parent must be different from the current parent.")
    return pages.serialize(Reader(session), _move(session, page, parent_type, parent_id))


def _move(session: Session, page: Page, parent_type: str, parent_id: str) -> Page:
    data_source = session.data_source(parent_id) if parent_type == parents.ROW else None
    outer_page_id: str | None = parent_id
    schema: Schema = {}
    if data_source is not None:
        outer_page_id = session.database(data_source.database_id).parent_id
        schema = data_source.schema()
    if tree.is_inside(session, outer_page_id or "", page.id):
        raise validation_error("A page cannot be moved into itself.")
    # A row has no block; a page on another page gets a new one below.
    tree.remove_place(session, page.id)
    # The relations of its former data source do not apply to the page any more.
    relations.unlink_page(session, page.id)
    values = parents.first_values(session, parent_id, schema)
    values["title"] = page.properties.get("title", [])
    moved = replace(
        page,
        parent_type=parent_type,
        parent_id=parent_id,
        properties=values,
        **tree.edit_stamp(session),
    )
    PAGES.update(session.db, moved)
    if parent_type == "page_id":
        tree.place_last(session, "child_page", page.id, parent_id, page.title)
    return moved
