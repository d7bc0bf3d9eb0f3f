"""Pages: create, retrieve, update, move to the trash (notion-api.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import block_writing, parents, tree
from notion_pm.emulator.blocks.block_requests import Draft, drafts
from notion_pm.emulator.blocks.parents import ROW
from notion_pm.emulator.blocks.trash import is_below_trash, refuse_below_trash
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, body_error, validation_error
from notion_pm.emulator.http.links import page_url
from notion_pm.emulator.schema import relations
from notion_pm.emulator.schema.properties import Schema, property_of
from notion_pm.emulator.store import ids
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
# The keys with which a request gives the content of a new page. Only one may be used.
_CONTENT_KEYS = ("children", "content", "markdown")


def create(
    session: Session, body: Mapping[str, Any], filter_properties: Iterable[str] = ()
) -> Json:
    """Create a page, and return it with all properties or only those in `filter_properties`."""
    checks.check_keys(body, _CREATE_KEYS)
    parent_type, parent_id = parents.resolve_for_new(session, checks.require(body, "parent"))
    data_source = session.data_source(parent_id) if parent_type == ROW and parent_id else None
    written = _write_values(session, data_source, checks.optional_object(body, "properties"))
    blocks = _read_first_blocks(session, body)
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
    if blocks:
        block_writing.append_to_new(session, page.id, blocks)
    return retrieve(session, page.id, filter_properties)


def _read_first_blocks(session: Session, body: Mapping[str, Any]) -> Sequence[Draft]:
    """Return the blocks of a new page. Raises 400 if the request has its content twice.

    Markdown is only checked here. page_actions.py writes it after the page exists.
    """
    keys = [key for key in _CONTENT_KEYS if body.get(key) is not None]
    if len(keys) > 1:
        raise body_error(f"body.{keys[1]}", "not present", body[keys[1]])
    if not keys:
        return ()
    key = keys[0]
    if key == "markdown":
        checks.a_string(body[key], "body.markdown")
        return ()
    return drafts(session, body[key], f"body.{key}")


def insert_new(session: Session, page: Page, schema: Schema, written: Written) -> Page:
    """Store a new page with the values that were written, and with the ones that Notion sets."""
    first_values = parents.first_values(session, page.parent_id, schema)
    page = _with_values(page, {**first_values, **written.values})
    PAGES.insert(session.db, page)
    _link(session, schema, page, written)
    return page


def retrieve(session: Session, page_id: str, filter_properties: Iterable[str] = ()) -> Json:
    """Return a page with all properties, or only those in `filter_properties`."""
    reader, page = Reader(session), session.page(page_id)
    return serialize(reader, page, select_properties(reader.page_schema(page), filter_properties))


def update(
    session: Session, page_id: str, body: Mapping[str, Any], filter_properties: Iterable[str] = ()
) -> Json:
    """Change a page: its values, icon, cover, and flags. What the request does not name stays."""
    checks.check_keys(body, _UPDATE_KEYS)
    page, reader = session.page(page_id), Reader(session)
    refuse_below_trash(session, page)
    in_trash = checks.trash_flag(body, default=page.in_trash)
    # A page in the trash can only be restored. All other changes are refused.
    if page.in_trash and in_trash and body.keys() - {"in_trash", "archived"}:
        raise archived_block()
    sent = checks.optional_object(body, "properties")
    written = _write_values(session, _data_source_of(session, page), sent)
    page = replace(
        _with_values(page, written.values),
        is_locked=checks.flag(body, "is_locked", default=page.is_locked),
        is_archived=checks.flag(body, "is_archived", default=page.is_archived),
        in_trash=in_trash,
        **tree.edit_stamp(session),
    )
    if "icon" in body:
        page = replace(page, icon=icons.read_icon(session, body["icon"]))
    if "cover" in body:
        page = replace(page, cover=icons.read_cover(session, body["cover"]))
    PAGES.update(session.db, page)
    _link(session, reader.page_schema(page), page, written)
    # The block of a child page repeats its title, for lists of blocks.
    tree.sync_block(session, page.id, title=page.title, in_trash=page.in_trash)
    if checks.flag(body, "erase_content", default=False):
        tree.trash_content(session, page.id)
    return retrieve(session, page.id, filter_properties)


def serialize(reader: Reader, page: Page, properties: Iterable[Property] | None = None) -> Json:
    """Return a page as responses show it."""
    session = reader.session
    # A page below a trashed page shows `in_trash`, although its own mark is not set (measured).
    in_trash = page.in_trash or is_below_trash(session, page)
    wanted = in_order(reader.page_schema(page)) if properties is None else properties
    values = {prop.name: reader.serialize(page, prop) for prop in wanted}
    # The value of the property that data_sources.NEW_TYPE describes.
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
        "parent": _parent(session, page),
        "in_trash": in_trash,
        "is_archived": page.is_archived,
        "is_locked": page.is_locked,
        "properties": values,
        "url": page_url(page.id, page.title),
        "public_url": None,
    }
    return {**body, "archived": in_trash} if session.is_old else body


def select_properties(schema: Schema, wanted: Iterable[str]) -> list[Property] | None:
    """Return the properties that `filter_properties` names by id or name, None for all of them."""
    keys = list(wanted)
    if not keys:
        return None
    selected = {}
    for key in keys:
        prop = property_of(schema, key)
        if prop is None:
            raise validation_error(f"Could not find property with name or id: {key}")
        selected[prop.id] = prop
    return in_order(selected)


def _data_source_of(session: Session, page: Page) -> DataSource | None:
    if page.parent_type != ROW or page.parent_id is None:
        return None
    return session.known_data_source(page.parent_id)


def _write_values(session: Session, data_source: DataSource | None, sent: Any) -> Written:
    schema = {"title": Property("title", "title", "title")}
    if data_source is not None:
        schema = data_source.schema()
    return write(session, schema, data_source, sent)


def _with_values(page: Page, values: Mapping[str, Any]) -> Page:
    """Return a page with changed values. None removes a value."""
    changed = {**page.properties, **values}
    properties = {key: value for key, value in changed.items() if value is not None}
    return replace(page, properties=properties, title=plain_text(properties.get("title", ())))


def _link(session: Session, schema: Schema, page: Page, written: Written) -> None:
    """Store the relations of a page."""
    for property_id, targets in written.links.items():
        relations.relink(session, schema[property_id], page.id, targets)


def _place(session: Session, page: Page, sent: Any) -> None:
    """Put a new page at the end of its parent page, or at the `position` of the request."""
    parent_id = page.parent_id or ""
    position = tree.last_position(session, parent_id) + 1
    if sent is not None:
        wanted = checks.an_object(sent, "body.position")
        kind = checks.one_of(
            wanted.get("type"), ("after_block", "page_start", "page_end"), "body.position.type"
        )
        if kind == "page_start":
            position = tree.first_position(session, parent_id) - 1
        if kind == "after_block":
            path = "body.position.after_block"
            after = checks.an_object(checks.require(wanted, "after_block", "body.position"), path)
            position = tree.position_after(session, parent_id, checks.body_id(after, "id", path))
    tree.place(session, "child_page", page.id, parent_id, page.title, position)


def _parent(session: Session, page: Page) -> Mapping[str, Any]:
    parent = tree.parent_reference(page.parent_type, page.parent_id)
    if page.parent_type != ROW:
        return parent
    return {**parent, "database_id": session.known_data_source(page.parent_id or "").database_id}
