"""A view's filters and sorts in words, so that nobody wonders where the other rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notion_pm.emulator.query.dates import RELATIVE_DATES
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.content_records import View
from notion_pm.emulator.views import view_filters

Json = Mapping[str, Any]

_JOINTS = {"and": " and ", "or": " or "}


def filter_text(view: View, schema: Schema) -> str:
    """Say which rows a view shows: `Status is New or Status is Triaged`; nothing where it shows all."""
    parts = view_filters.conditions(view.filter, view.quick_filters, schema)
    return " and ".join(_condition(part, schema, inner=len(parts) > 1) for part in parts)


def sort_text(view: View, schema: Schema) -> str:
    """Say how a view sorts its rows: `Priority ascending, RICE descending`."""
    sorts = view_filters.serialize_sorts(view.sorts, schema) or []
    return ", ".join(
        f"{sort.get('property') or _words(sort['timestamp'])} {sort['direction']}" for sort in sorts
    )


def _condition(part: Json, schema: Schema, *, inner: bool) -> str:
    for joint, word in _JOINTS.items():
        if joint in part:
            if joint == "or" and (same := _same(part[joint])):
                return _condition(same, schema, inner=inner)
            text = word.join(_condition(each, schema, inner=True) for each in part[joint])
            return f"({text})" if inner and len(part[joint]) > 1 else text
    name = part.get("property") or _words(part["timestamp"])
    tests: Any = next(
        (value for key, value in part.items() if key not in ("property", "type", "timestamp")), {}
    )
    return f"{name} {_test(tests, schema)}"


def _same(parts: Sequence[Json]) -> Json | None:
    """Join alternatives that differ only in the option they ask for into one that asks for any of them."""
    tests = [
        next(((key, value) for key, value in part.items() if key in ("status", "select")), None)
        for part in parts
    ]
    names = {part.get("property") for part in parts}
    if len(names) != 1 or not all(test and list(test[1]) == ["equals"] for test in tests):
        return None
    wanted = [test[1]["equals"] for test in tests if test]
    return {"property": names.pop(), "status": {"equals": wanted}}


def _test(test: Any, schema: Schema) -> str:
    """Say an operator and its operand; formulas and rollups hold the test one level deeper."""
    operator, operand = next(iter(test.items()), ("", None))
    if isinstance(operand, dict) and operand:
        return (
            f"({_words(operator)}) {_test(operand, schema)}"
            if operator in _QUANTIFIERS
            else _test(operand, schema)
        )
    words = _WORDS.get(operator, _words(operator))
    if operand is None or operand == {} or operator in ("is_empty", "is_not_empty"):
        return words
    return f"{words} {_operand(operand, schema)}"


_QUANTIFIERS = ("any", "none", "every")
_WORDS = {
    "equals": "is",
    "does_not_equal": "is not",
    "greater_than": ">",
    "less_than": "<",
    "greater_than_or_equal_to": "≥",
    "less_than_or_equal_to": "≤",
}


def _operand(operand: Any, schema: Schema) -> str:
    if isinstance(operand, bool):
        return "ticked" if operand else "not ticked"
    if isinstance(operand, list):
        named = [_operand(each, schema) for each in operand]
        return " or ".join(part for part in (", ".join(named[:-1]), *named[-1:]) if part)
    text = str(operand)
    return _words(text) if text in RELATIVE_DATES else _option_names(schema).get(text, text)


def _option_names(schema: Schema) -> dict[str, str]:
    options = (option for prop in schema.values() for option in prop.config.get("options") or ())
    return {option["id"]: option["name"] for option in options}


def _words(word: str) -> str:
    return word.replace("_", " ")
