"""Property items: the complete value of a property, in pages if long (notion-api.md 3.5)."""

from __future__ import annotations

from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.http.lists import Slice, as_list, invalid_cursor
from notion_pm.emulator.schema.properties import property_of
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader

Json = dict[str, Any]

_PAGED = ("title", "rich_text", "people", "relation", "rollup")


def serialize_item(
    session: Session, page: Page, key: str, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return the property item of a page, or a list of items for a property that is paged."""
    reader = Reader(session)
    prop = property_of(reader.page_schema(page), key)
    if prop is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    value = reader.value(page, prop)
    if prop.type not in _PAGED:
        return _property_item(prop.id, prop.type, value)

    content: Json = {}
    if prop.type == "rollup":
        items = _rolled_up_items(reader, page, prop, value)
        # The head of the list repeats the rollup; the items of its array are the results.
        content = {**value, "array": []} if "array" in value else value
    else:
        items = _items_of(prop.id, prop.type, value)
    cut = _slice(items, start_cursor, page_size)
    head = {
        "id": ids.encode_property_id(prop.id),
        "next_url": _next_url(page, prop, cut),
        "type": prop.type,
        prop.type: content,
    }
    return {**as_list("property_item", cut), "property_item": head}


def _property_item(property_id: str, kind: str, value: Any) -> Json:
    return {
        "object": "property_item",
        "type": kind,
        "id": ids.encode_property_id(property_id),
        kind: value,
    }


def _items_of(property_id: str, kind: str, value: Any) -> list[Json]:
    """Return an item for each element of a value that is paged, one item for any other value."""
    if kind in _PAGED:
        return [_property_item(property_id, kind, element) for element in value]
    return [_property_item(property_id, kind, value)]


def _rolled_up_items(reader: Reader, page: Page, prop: Property, value: Json) -> list[Json]:
    """Return the array of a rollup as items of the property that it rolls up."""
    _, rolled_up = reader.rollup_path(page, prop)
    property_id = rolled_up.id if rolled_up else prop.id
    items: list[Json] = []
    for element in value.get("array", ()):
        kind = element["type"]
        items += _items_of(property_id, kind, element[kind])
    return items


def _slice(items: list[Json], start_cursor: str | None, page_size: str | None) -> Slice:
    """Return one page of items. Unlike elsewhere, the cursor is a position: items have no id."""
    size = checks.page_size(page_size, "query.page_size")
    if start_cursor is not None and not start_cursor.isdigit():
        raise invalid_cursor(start_cursor)
    start = int(start_cursor or 0)
    end = start + size
    return Slice(items[start:end], str(end) if end < len(items) else None)


def _next_url(page: Page, prop: Property, cut: Slice) -> str | None:
    if cut.next_cursor is None:
        return None
    path = f"https://api.notion.com/v1/pages/{page.id}/properties/{ids.encode_property_id(prop.id)}"
    return f"{path}?start_cursor={cut.next_cursor}"
