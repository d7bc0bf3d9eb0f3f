"""Laws of pages: create, read, update, trash (notion-api.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import block_writing, parents, tree
from notion_pm.emulator.blocks.parents import ROW
from notion_pm.emulator.blocks.trash import is_below_trash, refuse_below_trash
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, validation_error
from notion_pm.emulator.http.links import page_url
from notion_pm.emulator.schema import relations
from notion_pm.emulator.schema.properties import Schema, property_of
from notion_pm.emulator.store import first_content, ids
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import PAGES, DataSource, Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import icons
from notion_pm.emulator.values.reading import Reader, in_order
from notion_pm.emulator.values.richtext import plain_text
from notion_pm.emulator.values.users import reference
from notion_pm.emulator.values.writing import Written, write

Json = dict[str, Any]

_CREATE_KEYS = frozenset(
    (
        "parent",
        "properties",
        "icon",
        "cover",
        "children",
        "content",
        "markdown",
        "template",
        "position",
        "allow_async",
    )
)
_UPDATE_KEYS = frozenset(
    (
        "properties",
        "icon",
        "cover",
        "is_locked",
        "template",
        "erase_content",
        "in_trash",
        "archived",
        "is_archived",
    )
)


def create(
    session: Session, body: Mapping[str, Any], filter_properties: Iterable[str] = ()
) -> Json:
    """Create a page from a request's body and return it, with all properties or only the wanted ones."""
    checks.check_keys(body, _CREATE_KEYS)
    parent_type, parent_id = parents.resolve_for_new(session, checks.require(body, "parent"))
    data_source = session.data_source(parent_id) if parent_type == ROW and parent_id else None
    written = _write_values(session, data_source, checks.optional_object(body, "properties"))
    content = first_content.first_blocks(session, body)
    page = Page(
        id=ids.new_id(),
        parent_type=parent_type,
        parent_id=parent_id,
        title="",
        properties={},
        icon=icons.read_icon(session, body.get("icon")),
        cover=icons.read_cover(session, body.get("cover")),
        **tree.creation_stamp(session),
    )
    page = insert_new(session, page, Reader(session).page_schema(page), written)
    if parent_type == "page_id":
        _place(session, page, body.get("position"))
    if content:
        block_writing.append_to_new(session, page.id, content)
    return retrieve(session, page.id, filter_properties)


def insert_new(session: Session, page: Page, schema: Schema, written: Written) -> Page:
    """Store a new page with the values that were written, and those that it has before anybody writes them."""
    page = _with_values(
        page, {**parents.first_values(session, page.parent_id, schema), **written.values}
    )
    PAGES.insert(session.db, page)
    _link(session, schema, page, written)
    return page


def retrieve(session: Session, page_id: str, filter_properties: Iterable[str] = ()) -> Json:
    """Return a page, with all properties or only the wanted ones."""
    reader, page = Reader(session), session.page(page_id)
    return serialize(reader, page, select_properties(reader.page_schema(page), filter_properties))


def update(
    session: Session, page_id: str, body: Mapping[str, Any], filter_properties: Iterable[str] = ()
) -> Json:
    """Change a page as a request says; what it does not name stays."""
    checks.check_keys(body, _UPDATE_KEYS)
    page, reader = session.page(page_id), Reader(session)
    refuse_below_trash(session, page)
    in_trash = checks.trash_flag(body, default=page.in_trash)
    if page.in_trash and in_trash and body.keys() - {"in_trash", "archived"}:
        raise archived_block()
    written = _write_values(
        session, _data_source_of(session, page), checks.optional_object(body, "properties")
    )
    page = replace(
        _with_values(page, written.values),
        icon=icons.read_icon(session, body["icon"]) if "icon" in body else page.icon,
        cover=icons.read_cover(session, body["cover"]) if "cover" in body else page.cover,
        is_locked=checks.flag(body, "is_locked", default=page.is_locked),
        is_archived=checks.flag(body, "is_archived", default=page.is_archived),
        in_trash=in_trash,
        **tree.edit_stamp(session),
    )
    PAGES.update(session.db, page)
    _link(session, reader.page_schema(page), page, written)
    tree.sync_block(session, page.id, title=page.title, in_trash=page.in_trash)
    if checks.flag(body, "erase_content", default=False):
        tree.trash_content(session, page.id)
    return retrieve(session, page.id, filter_properties)


def serialize(reader: Reader, page: Page, properties: Iterable[Property] | None = None) -> Json:
    """Return a page as responses show it."""
    session = reader.session
    in_trash = page.in_trash or is_below_trash(session, page)
    wanted = in_order(reader.page_schema(page)) if properties is None else properties
    values = {prop.name: reader.serialize(page, prop) for prop in wanted}
    if behaviour().new_property_type and properties is None and page.parent_type == ROW:
        values["Sparkline"] = {"id": "new%3F", "type": "sparkline", "sparkline": {"points": [1, 2]}}
    body = {
        "object": "page",
        "id": page.id,
        "created_time": to_the_minute(page.created_time),
        "last_edited_time": to_the_minute(page.last_edited_time),
        "created_by": reference(page.created_by),
        "last_edited_by": reference(page.last_edited_by),
        "cover": page.cover,
        "icon": page.icon,
        "parent": _shown_parent(session, page),
        "in_trash": in_trash,
        "is_archived": page.is_archived,
        "is_locked": page.is_locked,
        "properties": values,
        "url": page_url(page.id, page.title),
        "public_url": None,
    }
    return {**body, "archived": in_trash} if session.is_old else body


def select_properties(schema: Schema, wanted: Iterable[str]) -> list[Property] | None:
    """Return the properties that filter_properties names (by id or name), or None for all of them."""
    keys = list(wanted)
    if not keys:
        return None
    found = [(key, property_of(schema, key)) for key in keys]
    for key, prop in found:
        if prop is None:
            raise validation_error(f"Could not find property with name or id: {key}")
    return in_order({prop.id: prop for _, prop in found if prop})


def _data_source_of(session: Session, page: Page) -> DataSource | None:
    return (
        session.known_data_source(page.parent_id)
        if page.parent_type == ROW and page.parent_id
        else None
    )


def _write_values(session: Session, data_source: DataSource | None, sent: Any) -> Written:
    bare_title = {"title": Property("title", "title", "title")}
    return write(session, data_source.schema() if data_source else bare_title, data_source, sent)


def _with_values(page: Page, values: Mapping[str, Any]) -> Page:
    kept = {key: value for key, value in {**page.properties, **values}.items() if value is not None}
    return replace(page, properties=kept, title=plain_text(kept.get("title", ())))


def _link(session: Session, schema: Schema, page: Page, written: Written) -> None:
    """Store relations; what stays keeps its place, so that only real changes reach the far side."""
    for property_id, targets in written.links.items():
        relations.relink(session, schema[property_id], page.id, targets)


def _place(session: Session, page: Page, sent: Any) -> None:
    """Put a new page behind everything on its parent page, or where the request's `position` says."""
    parent_id = page.parent_id or ""
    position = tree.last_position(session, parent_id) + 1
    if sent is not None:
        where = checks.an_object(sent, "body.position")
        kind = checks.one_of(
            where.get("type"), ("after_block", "page_start", "page_end"), "body.position.type"
        )
        if kind == "page_start":
            position = tree.first_position(session, parent_id) - 1
        if kind == "after_block":
            path = "body.position.after_block"
            after = checks.an_object(checks.require(where, "after_block", "body.position"), path)
            position = tree.position_after(session, parent_id, checks.body_id(after, "id", path))
    tree.place(session, "child_page", page.id, parent_id, page.title, position)


def _shown_parent(session: Session, page: Page) -> Mapping[str, Any]:
    parent = tree.parent_reference(page.parent_type, page.parent_id)
    if page.parent_type != ROW:
        return parent
    return {**parent, "database_id": session.known_data_source(page.parent_id or "").database_id}
