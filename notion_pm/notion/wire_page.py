"""Read and write pages and their values: the API's JSON <-> the model (notion-api.md 3.5)."""

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
from notion_pm.notion.wire_schema import expect, read_parent_id, read_time
from notion_pm.notion.wire_text import plain, repair_surrogates, rich_text

Json = Mapping[str, Any]

TRUNCATED_AT = 25
"""References of one value in the response for a page, at most (notion-api.md 4.2)."""

_PAGES_OF_THEIR_OWN = frozenset({"child_page", "child_database"})
"""Blocks with content of their own, which is not part of the body that contains them."""


def read_page(json: Json) -> Page:
    """Return a page with its properties."""
    expect(json, "page")
    title = ""
    properties = {}
    for name, value in json.get("properties", {}).items():
        held = _with_name(name, read_property_value(value))
        properties[held.id] = held
        if held.type == "title":
            title = str(held.value)
    return Page(
        id=NotionId(json["id"]),
        url=json.get("url", ""),
        title=title,
        created_time=_time(json["created_time"]),
        last_edited_time=_time(json["last_edited_time"]),
        in_trash=bool(json.get("in_trash")),
        is_archived=bool(json.get("is_archived")),
        is_locked=bool(json.get("is_locked")),
        parent_id=read_parent_id(json),
        data_source_id=(json.get("parent") or {}).get("data_source_id"),
        created_by=(json.get("created_by") or {}).get("id"),
        last_edited_by=(json.get("last_edited_by") or {}).get("id"),
        properties=properties,
    )


def _time(text: str) -> datetime:
    moment = read_time(text)
    assert moment is not None
    return moment


def _with_name(name: str, held: PropertyValue) -> PropertyValue:
    """Return the value; an unknown one gets the name of its property, for a note to the user."""
    if not isinstance(held.value, UnknownValue):
        return held
    return replace(held, value=replace(held.value, name=name))


def read_property_value(json: Json) -> PropertyValue:
    """Return the value of one property of a page."""
    kind = json["type"]
    return PropertyValue(json["id"], kind, read_value(json), _is_complete(kind, json))


def read_value(json: Json) -> Value:
    """Return the value in `{type, <type>: ...}`: of a property, a formula, an item of a rollup."""
    kind = json["type"]
    reader = _READERS.get(kind)
    if reader is None:
        return UnknownValue(kind)
    raw = json.get(kind)
    if kind == "relation":
        ids = tuple(NotionId(page["id"]) for page in raw or ())
        return RelationValue(ids, complete=not json.get("has_more"))
    return reader(raw)


def _is_complete(kind: str, json: Json) -> bool:
    """Whether a value has all of its items.

    Notion says so for relations only (`has_more`). Other types are cut at 25 references without a
    word (notion-api.md 4.2), so a value with that many counts as cut.
    """
    if kind == "relation":
        return not json.get("has_more")
    count_references = _REFERENCE_COUNTERS.get(kind)
    if count_references is None:
        return True
    return count_references(json.get(kind) or ()) < TRUNCATED_AT


def _count_mentions(rich_text: Any) -> int:
    if len(rich_text) < TRUNCATED_AT:  # most texts: too few items for too many mentions
        return 0
    return sum(item["type"] == "mention" for item in rich_text)


_REFERENCE_COUNTERS: Mapping[str, Callable[[Any], int]] = {
    "people": len,
    "title": _count_mentions,
    "rich_text": _count_mentions,
    "rollup": lambda raw: len(raw.get("array") or ()) if raw else 0,
}


def _option(raw: Any) -> Value:
    return OptionValue(raw["id"], raw["name"]) if raw else None


def _options(raw: Any) -> Value:
    return tuple(OptionValue(option["id"], option["name"]) for option in raw or ())


def _date(raw: Any) -> Value:
    return DateValue(raw["start"], raw.get("end"), raw.get("time_zone")) if raw else None


def _person(raw: Any) -> PersonValue:
    return PersonValue(NotionId(raw["id"]), raw.get("name"), (raw.get("person") or {}).get("email"))


def _people(raw: Any) -> Value:
    return tuple(_person(person) for person in raw or ())


def _files(raw: Any) -> Value:
    return tuple(_file(file) for file in raw or ())


def _file(raw: Any) -> FileValue:
    kind = raw.get("type", "")
    address = (raw.get(kind) or {}).get("url")
    return FileValue(raw.get("name", ""), _text(address), external=kind != "file")


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def _computed_value(raw: Any) -> Value:
    """Return a formula's or rollup's value: `{type, <type>: value}`, or an array of such."""
    if not raw:
        return None
    kind = raw["type"]
    if kind == "array":
        return tuple(read_value(item) for item in raw["array"])
    if kind in {"unsupported", "incomplete"}:  # Notion's own words for "not computed"
        return UnknownValue(kind)
    value: Value = raw.get(kind)
    if isinstance(value, str):
        return repair_surrogates(value)
    return _date(value) if kind == "date" else value


def _unique_id(raw: Any) -> Value:
    return UniqueIdValue(raw.get("number"), raw.get("prefix")) if raw else None


def _place(raw: Any) -> Value:
    """Return a place as text: its name, else its address, else its coordinates."""
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
    "formula": _computed_value,
    "rollup": _computed_value,
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
    """Return the `properties` of a page's body; `key_of` returns how to name a property."""
    json = {}
    for held in values:
        json[key_of(held.id)] = {held.type: write_value(held.type, held.value)}
    return json


def write_value(kind: str, value: Value) -> Any:
    """Return the JSON that sets a property of that type to a value."""
    assert kind not in READ_ONLY_TYPES, f"only Notion writes {kind}"
    assert not isinstance(value, UnknownValue), f"the value of {kind} is unknown"
    match value:
        case str() if kind in {"title", "rich_text"}:
            return rich_text(value)
        case str():
            return value or None
        case OptionValue():
            return _option_json(value)
        case DateValue():
            return _date_json(value)
        case RelationValue(ids):
            return [{"id": page_id} for page_id in ids]
        case tuple():
            return [_item_json(item) for item in value]
        case _:
            return value


def _date_json(value: DateValue) -> dict[str, Any]:
    json = {"start": value.start}
    if value.end:
        json["end"] = value.end
    if value.time_zone:
        json["time_zone"] = value.time_zone
    return json


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
    """Return the files of a block, and whether it contains other blocks of the same body."""
    expect(json, "block")
    kind = json["type"]
    content = json.get(kind) or {}
    # An image, a PDF ... is a file itself; a callout may have one as its icon.
    files = [content, content.get("icon") or {}]
    urls = [_text(file["file"].get("url")) for file in files if file.get("type") == "file"]
    has_body = bool(json.get("has_children")) and kind not in _PAGES_OF_THEIR_OWN
    return BodyBlock(NotionId(json["id"]), tuple(urls), has_body=has_body)


def read_markdown(json: Json) -> PageMarkdown:
    """Return the body of a page."""
    unknown_ids = json.get("unknown_block_ids") or ()
    return PageMarkdown(
        markdown=repair_surrogates(json["markdown"]),
        truncated=bool(json.get("truncated")),
        unknown_block_ids=tuple(NotionId(block_id) for block_id in unknown_ids),
    )
