"""The grouping of a view's rows: one shape for each type of property (notion-api.md 2.6)."""

from __future__ import annotations

from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.views.view_shapes import (
    Shape,
    a_property,
    boolean,
    choice,
    number,
    one_number_of,
    record,
)

_SORT = record({"type": choice("manual", "ascending", "descending")})
_BY_STATUS = choice("group", "option")
_BY_DATE = choice("relative", "day", "week", "month", "year")
_BY_TEXT = choice("exact", "alphabet_prefix")
_RANGES: dict[str, Shape] = {"range_start": number, "range_end": number, "range_size": number}
_WEEK: dict[str, Shape] = {"start_day_of_week": one_number_of(0, 1)}

_PLAIN = ("select", "multi_select", "created_by", "last_edited_by", "relation", "checkbox")
_DATES = ("date", "created_time", "last_edited_time")
_TEXTS = ("title", "url", "email", "phone_number")
# The property type, the required settings, and the optional ones.
_Rule = tuple[str, dict[str, Shape], dict[str, Shape]]
# By the `type` of the grouping.
_RULES: dict[str, _Rule] = {
    **{kind: (kind, {}, {}) for kind in _PLAIN},
    "person": ("people", {}, {}),
    "status": ("status", {"group_by": _BY_STATUS}, {}),
    **{kind: (kind, {"group_by": _BY_DATE}, _WEEK) for kind in _DATES},
    "text": ("rich_text", {"group_by": _BY_TEXT}, {}),
    **{kind: (kind, {"group_by": _BY_TEXT}, {}) for kind in _TEXTS},
    "number": ("number", {}, _RANGES),
}
_FORMULA_RESULTS = ("date", "text", "number", "checkbox")
GROUPABLE = {property_type: kind for kind, (property_type, _, _) in _RULES.items()}


def group_by(schema: Schema, value: Any, path: str) -> dict[str, Any]:
    """Return a grouping. Its shape depends on the type of its property."""
    sent = checks.an_object(value, path)
    kind = checks.one_of(checks.require(sent, "type", path), (*_RULES, "formula"), f"{path}.type")
    shape = _formula_shape() if kind == "formula" else _shape(kind)
    return dict(shape(schema, sent, path))


def _shape(kind: str) -> Shape:
    property_type, required, optional = _RULES[kind]
    always: dict[str, Shape] = {
        "type": choice(kind),
        "property_id": a_property(property_type),
        "sort": _SORT,
    }
    return record({**always, **required}, {"hide_empty_groups": boolean, **optional})


def _formula_shape() -> Shape:
    required: dict[str, Shape] = {
        "type": choice("formula"),
        "property_id": a_property("formula"),
        "group_by": _read_formula_result,
    }
    return record(required, {"hide_empty_groups": boolean})


def _read_formula_result(schema: Schema, value: Any, path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kind = checks.one_of(checks.require(sent, "type", path), _FORMULA_RESULTS, f"{path}.type")
    _, required, optional = _RULES[kind]
    shape = record({"type": choice(kind), "sort": _SORT, **required}, optional)
    return dict(shape(schema, sent, path))


def default_group_by(schema: Schema) -> dict[str, Any] | None:
    """Return the grouping of a new board without one: by its first status or select, as in the app.

    Return None if the schema has no such property.
    """
    for property_type in ("status", "select", "multi_select", "people"):
        for prop in schema.values():
            if prop.type == property_type:
                grouping: dict[str, Any] = {
                    "type": GROUPABLE[property_type],
                    "property_id": prop.name,
                    "sort": {"type": "manual"},
                }
                if property_type == "status":
                    grouping["group_by"] = "option"
                return group_by(schema, grouping, "body.configuration.group_by")
    return None
