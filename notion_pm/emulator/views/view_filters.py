"""Filters and sorts of views.

They are checked like those of queries, stored with property ids, and shown with the current names.
"""

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
    """Return a filter with property ids. Raises 400 if a query would refuse it."""
    if value is None:
        return None
    query.parse_filter(value, query.Properties.of_schema(schema.values()), path)
    return _rename_properties(value, _id_in(schema))


def read_sorts(value: Any, schema: Schema) -> list[Json] | None:
    """Return sorts with property ids. Raises 400 if a query would refuse them."""
    if value is None:
        return None
    query.parse_sorts(value, query.Properties.of_schema(schema.values()))
    return _rename_sorts(value, _id_in(schema))


# The types of the update request have no timestamp (notion-api.md 2.6).
def refuse_timestamp_sorts(value: Any) -> None:
    """Refuse sorts by timestamp in an update, which accepts only sorts by property."""
    if not isinstance(value, list):
        return
    for index, sort in enumerate(value):
        if isinstance(sort, dict) and "timestamp" in sort:
            raise body_error(f"body.sorts[{index}].property", "defined")


def read_quick_filters(value: Any, schema: Schema, old: Mapping[str, Any] | None) -> Json | None:
    """Return the old quick filters with the changes of a request, by property id.

    Null removes one of them, or as `value` all of them.
    """
    if value is None:
        return None
    sent = checks.an_object(value, "body.quick_filters")
    merged = dict(old or {})
    for key, condition in sent.items():
        path = f"body.quick_filters.{key}"
        prop = find_property(schema, key)
        stored_key = prop.id if prop else key
        if condition is None:
            merged.pop(stored_key, None)
            continue
        read_filter({"property": key, **checks.an_object(condition, path)}, schema, path)
        merged[stored_key] = condition
    return merged or None


def serialize_filter(stored: Json | None, schema: Schema) -> Json | None:
    """Return a filter as responses show it, without conditions on deleted properties."""
    return None if stored is None else _rename_properties(stored, _name_in(schema))


def serialize_sorts(stored: list[Json] | None, schema: Schema) -> list[Json] | None:
    """Return sorts as responses show them, without those by deleted properties."""
    if stored is None:
        return None
    return _rename_sorts(stored, _name_in(schema))


def serialize_quick_filters(stored: Json | None, schema: Schema) -> Json | None:
    """Return quick filters as responses show them, by the names of their properties."""
    if stored is None:
        return None
    return {schema[key].name: condition for key, condition in stored.items() if key in schema}


def conditions(stored: Json | None, quick_filters: Json | None, schema: Schema) -> list[Json]:
    """Return the filters that the rows of a view must pass: its own, and its quick filters."""
    filters = [] if stored is None else [stored]
    for key, condition in (quick_filters or {}).items():
        filters.append({"property": key, **condition})
    shown = [serialize_filter(part, schema) for part in filters]
    return [part for part in shown if part]


def _id_in(schema: Schema) -> _Rename:
    def rename(key: str) -> str | None:
        found = find_property(schema, key)
        return found.id if found else None

    return rename


def _name_in(schema: Schema) -> _Rename:
    return lambda key: schema[key].name if key in schema else None


def _rename_sorts(sorts: list[Json], rename: _Rename) -> list[Json]:
    renamed = [_rename_properties(sort, rename) for sort in sorts]
    return [sort for sort in renamed if sort]


def _rename_properties(part: Json, rename: _Rename) -> Json | None:
    """Return a filter or sort with other property names.

    Parts with a property that has no other name are left out. Return None if nothing is left.
    """
    for joint in ("and", "or"):
        if joint in part:
            renamed = [_rename_properties(inner, rename) for inner in part[joint]]
            parts = [inner for inner in renamed if inner]
            return {joint: parts} if parts else None
    if "property" not in part:  # by timestamp
        return part
    name = rename(part["property"])
    return None if name is None else {**part, "property": name}
