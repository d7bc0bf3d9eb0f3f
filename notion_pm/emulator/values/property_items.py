"""Property items: the complete value of one property, paged where it is a list (notion-api.md 3.5)."""

from __future__ import annotations

from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.http.lists import Slice, as_list, invalid_cursor
from notion_pm.emulator.schema.properties import property_of
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.values import Reader

Json = dict[str, Any]

_PAGED = ("title", "rich_text", "people", "relation", "rollup")


def item(
    session: Session, page: Page, key: str, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return the property item of a page, or a page of its items."""
    reader = Reader(session)
    prop = property_of(reader.page_schema(page), key)
    if prop is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    value = reader.value(page, prop)
    if prop.type not in _PAGED:
        return _wrapped(prop.id, prop.type, value)
    listed = (
        _rolled_up(reader, page, prop, value)
        if prop.type == "rollup"
        else _one_by_one(prop.id, prop.type, value)
    )
    cut = _slice(listed, start_cursor, page_size)
    tail = {"id": ids.encoded(prop.id), "next_url": _next_url(page, prop, cut), "type": prop.type}
    content = (
        {k: [] if k == "array" else v for k, v in value.items()} if prop.type == "rollup" else {}
    )
    return {**as_list("property_item", cut), "property_item": {**tail, prop.type: content}}


def _wrapped(property_id: str, kind: str, value: Any) -> Json:
    return {"object": "property_item", "type": kind, "id": ids.encoded(property_id), kind: value}


def _one_by_one(property_id: str, kind: str, value: Any) -> list[Json]:
    """Return the items of a value: one for each element of what is paged, else the value itself."""
    if kind in _PAGED:
        return [_wrapped(property_id, kind, each) for each in value]
    return [_wrapped(property_id, kind, value)]


def _rolled_up(reader: Reader, page: Page, prop: Property, value: Json) -> list[Json]:
    """Return what a rollup shows of the related pages, as items of the property that it rolls up."""
    _, rolled = reader.rollup_path(page, prop)
    property_id = rolled.id if rolled else prop.id
    shown = value.get("array", ())
    return [
        item
        for each in shown
        for item in _one_by_one(property_id, each["type"], each[each["type"]])
    ]


def _slice(listed: list[Json], start_cursor: str | None, page_size: str | None) -> Slice:
    size = checks.page_size(page_size, "query.page_size")
    if start_cursor is not None and not start_cursor.isdigit():
        raise invalid_cursor(start_cursor)
    start = int(start_cursor or 0)
    end = start + size
    return Slice(listed[start:end], str(end) if end < len(listed) else None)


def _next_url(page: Page, prop: Property, cut: Slice) -> str | None:
    if cut.next_cursor is None:
        return None
    path = f"https://api.notion.com/v1/pages/{page.id}/properties/{ids.encoded(prop.id)}"
    return f"{path}?start_cursor={cut.next_cursor}"
