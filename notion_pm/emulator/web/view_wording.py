"""The filters and sorts of a view in words, to explain which rows it shows."""

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
    """Return which rows a view shows: `Status is New or Triaged`. Empty if it shows all."""
    parts = view_filters.conditions(view.filter, view.quick_filters, schema)
    return " and ".join(_condition(part, schema, inner=len(parts) > 1) for part in parts)


def sort_text(view: View, schema: Schema) -> str:
    """Return how a view sorts its rows: `Priority ascending, RICE descending`."""
    sorts = view_filters.serialize_sorts(view.sorts, schema) or []
    parts = []
    for sort in sorts:
        name = sort.get("property") or _words(sort["timestamp"])
        parts.append(f"{name} {sort['direction']}")
    return ", ".join(parts)


def _condition(part: Json, schema: Schema, *, inner: bool) -> str:
    for joint, word in _JOINTS.items():
        if joint in part:
            return _group(part[joint], joint, word, schema, inner=inner)
    name = part.get("property") or _words(part["timestamp"])
    tests: Any = {}
    for key, value in part.items():
        if key not in ("property", "type", "timestamp"):
            tests = value
            break
    return f"{name} {_test(tests, schema)}"


def _group(parts: Sequence[Json], joint: str, word: str, schema: Schema, *, inner: bool) -> str:
    if joint == "or":
        same = _same_but_option(parts)
        if same is not None:
            return _condition(same, schema, inner=inner)
    text = word.join(_condition(part, schema, inner=True) for part in parts)
    needs_brackets = inner and len(parts) > 1
    return f"({text})" if needs_brackets else text


def _same_but_option(parts: Sequence[Json]) -> Json | None:
    """Return one condition for alternatives that differ only in their option, None for others.

    Example: Status is New or Status is Triaged -> Status is New or Triaged.
    """
    names = {part.get("property") for part in parts}
    if len(names) != 1:
        return None
    options = []
    for part in parts:
        test = part.get("status") or part.get("select")
        if not test or list(test) != ["equals"]:
            return None
        options.append(test["equals"])
    return {"property": names.pop(), "status": {"equals": options}}


def _test(test: Any, schema: Schema) -> str:
    """Return an operator and its operand in words.

    In filters of formulas and rollups the test is one level deeper.
    """
    # A checked filter has exactly one operator.
    operator, operand = next(iter(test.items()), ("", None))
    if isinstance(operand, dict) and operand:
        text = _test(operand, schema)
        return f"({_words(operator)}) {text}" if operator in _QUANTIFIERS else text
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
        names = [_operand(item, schema) for item in operand]
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} or {names[-1]}"
    text = str(operand)
    return _words(text) if text in RELATIVE_DATES else _option_names(schema).get(text, text)


def _option_names(schema: Schema) -> dict[str, str]:
    names = {}
    for prop in schema.values():
        for option in prop.config.get("options") or ():
            names[option["id"]] = option["name"]
    return names


def _words(word: str) -> str:
    return word.replace("_", " ")
