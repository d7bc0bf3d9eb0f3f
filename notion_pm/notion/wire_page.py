"""Pages and property values: the API's JSON <-> the model (notion-api.md 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.page import (
    BodyBlock,
    DateValue,
    FileValue,
    OptionValue,
    Page,
    PageMarkdown,
    PersonValue,
    PropertyValue,
    RelationValue,
    UniqueIdValue,
    UnknownValue,
    Value,
)
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.notion.wire_schema import expect, read_time
from notion_pm.notion.wire_text import mended, plain, rich_text

Json = Mapping[str, Any]

TRUNCATED_AT = 25
"""References that a page's answer holds at most (notion-api.md 4.2)."""

_PAGES_OF_THEIR_OWN = frozenset({"child_page", "child_database"})
"""Blocks whose content is not part of the body that they stand in."""


def read_page(json: Json) -> Page:
    """Return a page with its properties."""
    expect(json, "page")
    named = json.get("properties", {})
    properties = [_with_name(name, read_property_value(each)) for name, each in named.items()]
    parent = json.get("parent") or {}
    return Page(
        id=NotionId(json["id"]),
        url=json.get("url", ""),
        title=next((str(each.value) for each in properties if each.type == "title"), ""),
        created_time=_time(json["created_time"]),
        last_edited_time=_time(json["last_edited_time"]),
        in_trash=bool(json.get("in_trash")),
        is_archived=bool(json.get("is_archived")),
        is_locked=bool(json.get("is_locked")),
        parent_id=parent.get(parent.get("type", ""))
        if isinstance(parent.get(parent.get("type", "")), str)
        else None,
        data_source_id=parent.get("data_source_id"),
        created_by=(json.get("created_by") or {}).get("id"),
        last_edited_by=(json.get("last_edited_by") or {}).get("id"),
        properties={each.id: each for each in properties},
    )


def _time(text: str) -> datetime:
    moment = read_time(text)
    assert moment is not None
    return moment


def _with_name(name: str, held: PropertyValue) -> PropertyValue:
    """Let an unknown value say which property it is of: a note names it."""
    if not isinstance(held.value, UnknownValue):
        return held
    return replace(held, value=replace(held.value, name=name))


def read_property_value(json: Json) -> PropertyValue:
    """Return the value of one property of a page."""
    kind = json["type"]
    return PropertyValue(json["id"], kind, read_value(json), _is_complete(kind, json))


def read_value(json: Json) -> Value:
    """Return the value in `{type, <type>: ...}`: a property's, a formula's, an item's of a rollup."""
    kind = json["type"]
    reader = _READERS.get(kind)
    if reader is None:
        return UnknownValue(kind)
    raw = json.get(kind)
    if kind == "relation":
        return RelationValue(
            tuple(NotionId(each["id"]) for each in raw or ()), not json.get("has_more")
        )
    return reader(raw)


def _is_complete(kind: str, json: Json) -> bool:
    if kind == "relation":
        return not json.get("has_more")
    references = _REFERENCES.get(kind)
    return references is None or references(json.get(kind) or ()) < TRUNCATED_AT


def _mentions(rich_text: Any) -> int:
    """Texts of few items, which most are, cannot have too many mentions."""
    few = len(rich_text) < TRUNCATED_AT
    return 0 if few else sum(each["type"] == "mention" for each in rich_text)


_REFERENCES: Mapping[str, Callable[[Any], int]] = {
    "people": len,
    "title": _mentions,
    "rich_text": _mentions,
    "rollup": lambda raw: len(raw.get("array") or ()) if raw else 0,
}
"""How many references a value holds, of the types that are cut without saying so."""


def _option(raw: Any) -> Value:
    return OptionValue(raw["id"], raw["name"]) if raw else None


def _options(raw: Any) -> Value:
    return tuple(OptionValue(each["id"], each["name"]) for each in raw or ())


def _date(raw: Any) -> Value:
    return DateValue(raw["start"], raw.get("end"), raw.get("time_zone")) if raw else None


def _person(raw: Any) -> PersonValue:
    return PersonValue(NotionId(raw["id"]), raw.get("name"), (raw.get("person") or {}).get("email"))


def _people(raw: Any) -> Value:
    return tuple(_person(each) for each in raw or ())


def _files(raw: Any) -> Value:
    return tuple(
        FileValue(
            name=each.get("name", ""),
            url=_text((each.get(each.get("type", "")) or {}).get("url")),
            external=each.get("type") != "file",
        )
        for each in raw or ()
    )


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def _computed(raw: Any) -> Value:
    """A formula's or rollup's value: `{type, <type>: value}`, or an array of such."""
    if not raw:
        return None
    if raw["type"] == "array":
        return tuple(read_value(each) for each in raw["array"])
    if raw["type"] in {"unsupported", "incomplete"}:
        return UnknownValue(raw["type"])
    value: Value = raw.get(raw["type"])
    if isinstance(value, str):
        return mended(value)
    return _date(value) if raw["type"] == "date" else value


def _unique_id(raw: Any) -> Value:
    return UniqueIdValue(raw.get("number"), raw.get("prefix")) if raw else None


def _place(raw: Any) -> Value:
    """A place as text: its name, else its address, else where it is."""
    if not raw:
        return None
    position = f"{raw.get('lat')}, {raw.get('lon')}"
    return str(raw.get("name") or raw.get("address") or position)


def _as_it_is(raw: Any) -> Value:
    value: Value = raw
    return value


_READERS: dict[str, Callable[[Any], Value]] = {
    "title": lambda raw: plain(raw or ()),
    "rich_text": lambda raw: plain(raw or ()),
    "number": _as_it_is,
    "checkbox": _as_it_is,
    "url": _as_it_is,
    "email": _as_it_is,
    "phone_number": _as_it_is,
    "select": _option,
    "status": _option,
    "multi_select": _options,
    "date": _date,
    "people": _people,
    "files": _files,
    "relation": _as_it_is,
    "formula": _computed,
    "rollup": _computed,
    "unique_id": _unique_id,
    "created_time": _as_it_is,
    "last_edited_time": _as_it_is,
    "created_by": lambda raw: _person(raw) if raw else None,
    "last_edited_by": lambda raw: _person(raw) if raw else None,
    "button": lambda raw: None,
    "place": _place,
    "verification": lambda raw: raw.get("state") if raw else None,
}


def write_values(values: Iterable[PropertyValue], key_of: Callable[[str], str]) -> dict[str, Any]:
    """Return the `properties` of a page's body; `key_of` says how to call the property of an id."""
    return {key_of(each.id): {each.type: write_value(each.type, each.value)} for each in values}


def write_value(kind: str, value: Value) -> Any:
    """Return the JSON that sets a property of that type to a value."""
    assert kind not in READ_ONLY_TYPES, f"only Notion writes {kind}"
    assert not isinstance(value, UnknownValue), f"nobody knows what {kind} holds"
    match value:
        case str() if kind in {"title", "rich_text"}:
            return rich_text(value)
        case str():
            return value or None
        case OptionValue():
            return _option_json(value)
        case DateValue(start, end, time_zone):
            return (
                {"start": start}
                | ({"end": end} if end else {})
                | ({"time_zone": time_zone} if time_zone else {})
            )
        case RelationValue(ids):
            return [{"id": each} for each in ids]
        case tuple():
            return [_item_json(each) for each in value]
        case _:
            return value


def _option_json(option: OptionValue) -> dict[str, Any]:
    return {"id": option.id} if option.id else {"name": option.name}


def _item_json(item: Any) -> dict[str, Any]:
    match item:
        case OptionValue():
            return _option_json(item)
        case PersonValue(id=person):
            return {"object": "user", "id": person}
        case FileValue(name, url):
            return {"type": "external", "name": name, "external": {"url": url}}
    raise TypeError(f"{item!r} cannot be written")


def read_body_block(json: Json) -> BodyBlock:
    """Return what a block of a body holds: files, and other blocks."""
    expect(json, "block")
    kind = json["type"]
    content = json.get(kind) or {}
    # An image, a PDF ... is a file itself; a callout may have one as its icon.
    files = [content, content.get("icon") or {}]
    return BodyBlock(
        id=NotionId(json["id"]),
        file_urls=tuple(
            _text(each["file"].get("url")) for each in files if each.get("type") == "file"
        ),
        has_body=bool(json.get("has_children")) and kind not in _PAGES_OF_THEIR_OWN,
    )


def read_markdown(json: Json) -> PageMarkdown:
    """Return the body of a page."""
    return PageMarkdown(
        markdown=mended(json["markdown"]),
        truncated=bool(json.get("truncated")),
        unknown_block_ids=tuple(NotionId(each) for each in json.get("unknown_block_ids") or ()),
    )
