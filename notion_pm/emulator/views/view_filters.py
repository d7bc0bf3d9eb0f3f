"""Filters and sorts of views: checked as queries are, kept by property id, shown by the property's present name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from notion_pm.emulator import query
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.schema.properties import Schema, find_property

Json = dict[str, Any]
_Rename = Callable[[str], str | None]


def read_filter(value: Any, schema: Schema, path: str = "body.filter") -> Json | None:
    """Return a filter with property ids; raises 400 where a query would refuse it."""
    if value is None:
        return None
    query.parse_filter(value, query.Properties.of_schema(schema.values()), path)
    return _rename_properties(value, _id_in(schema))


def read_sorts(value: Any, schema: Schema) -> list[Json] | None:
    """Return sorts with property ids; raises 400 where a query would refuse them."""
    if value is None:
        return None
    query.parse_sorts(value, query.Properties.of_schema(schema.values()))
    return [sort for sort in (_rename_properties(sort, _id_in(schema)) for sort in value) if sort]


def refuse_timestamp_sorts(value: Any) -> None:
    """Refuse sorts that an update does not take: they go by properties only."""
    for index, sort in enumerate(value if isinstance(value, list) else ()):
        if isinstance(sort, dict) and "timestamp" in sort:
            raise body_error(f"body.sorts[{index}].property", "defined")


def read_quick_filters(value: Any, schema: Schema, old: Mapping[str, Any] | None) -> Json | None:
    """Return quick filters merged into the old ones, key by key; null takes one away, or all of them."""
    if value is None:
        return None
    sent = checks.an_object(value, "body.quick_filters")
    merged = {**(old or {})}
    for key, condition in sent.items():
        path = f"body.quick_filters.{key}"
        found = find_property(schema, key)
        whole = {
            "property": key,
            **(checks.an_object(condition, path) if condition is not None else {}),
        }
        if condition is not None:
            read_filter(whole, schema, path)
        merged[found.id if found else key] = condition
    return {key: condition for key, condition in merged.items() if condition is not None} or None


def serialize_filter(stored: Json | None, schema: Schema) -> Json | None:
    """Return a filter as responses show it, without conditions on properties that are no more."""
    return None if stored is None else _rename_properties(stored, _name_in(schema))


def serialize_sorts(stored: list[Json] | None, schema: Schema) -> list[Json] | None:
    """Return sorts as responses show them."""
    if stored is None:
        return None
    return [
        sort for sort in (_rename_properties(sort, _name_in(schema)) for sort in stored) if sort
    ]


def serialize_quick_filters(stored: Json | None, schema: Schema) -> Json | None:
    """Return quick filters by the names of their properties."""
    if stored is None:
        return None
    return {schema[key].name: condition for key, condition in stored.items() if key in schema}


def conditions(stored: Json | None, quick_filters: Json | None, schema: Schema) -> list[Json]:
    """Return the filters that a view's rows have to pass: its own, and each of its quick filters."""
    quick = [{"property": key, **condition} for key, condition in (quick_filters or {}).items()]
    shown = (serialize_filter(part, schema) for part in (stored, *quick))
    return [part for part in shown if part]


def _id_in(schema: Schema) -> _Rename:
    def rename(key: str) -> str | None:
        found = find_property(schema, key)
        return found.id if found else None

    return rename


def _name_in(schema: Schema) -> _Rename:
    return lambda key: schema[key].name if key in schema else None


def _rename_properties(part: Json, rename: _Rename) -> Json | None:
    """Give a filter's or sort's properties other names; a part whose property has none is left out."""
    for joint in ("and", "or"):
        if joint in part:
            parts = [
                each
                for each in (_rename_properties(inner, rename) for inner in part[joint])
                if each
            ]
            return {joint: parts} if parts else None
    if "property" not in part:
        return part
    name = rename(part["property"])
    return None if name is None else {**part, "property": name}
