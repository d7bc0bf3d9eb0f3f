"""Functions of lists. Functions that evaluate a formula for each item are in forms.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from notion_pm.emulator.formulas.effort import MOST_CHARACTERS, spend
from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.library import function
from notion_pm.emulator.formulas.types import (
    ANY,
    BOOLEAN,
    NUMBER,
    TEXT,
    FormulaType,
    common_of,
    list_of,
)
from notion_pm.emulator.formulas.values import Value, are_equal, as_text, is_empty


def _item_type(types: Sequence[FormulaType]) -> FormulaType:
    return types[0].item or ANY


def _same_list_type(types: Sequence[FormulaType]) -> FormulaType:
    return types[0] if types[0].kind == "list" else list_of(ANY)


def _concat_type(types: Sequence[FormulaType]) -> FormulaType:
    result = common_of(types)
    return result if result.kind == "list" else list_of(ANY)


def _flat_type(types: Sequence[FormulaType]) -> FormulaType:
    item = _item_type(types)
    return item if item.kind == "list" else list_of(item)


@function("at", "list", "number", returns=_item_type)
def at(items: list[Value], position: float) -> Value:
    # A negative position counts from the end, as in Python.
    index = int(position)
    return items[index] if -len(items) <= index < len(items) else None


@function("first", "list", returns=_item_type)
def first(items: list[Value]) -> Value:
    return items[0] if items else None


@function("last", "list", returns=_item_type)
def last(items: list[Value]) -> Value:
    return items[-1] if items else None


@function("slice", "list", "number", "number?", returns=_same_list_type)
def part(items: list[Value], start: float, end: float | None = None) -> list[Value]:
    return items[int(start) : None if end is None else int(end)]


@function("concat", "list", "list*", returns=_concat_type)
def concat(*lists: list[Value]) -> list[Value]:
    return list(chain.from_iterable(lists))


@function("reverse", "list", returns=_same_list_type)
def backwards(items: list[Value]) -> list[Value]:
    return items[::-1]


@function("join", "list", "text?", returns=TEXT)
def join(items: list[Value], separator: str = ",") -> str:
    spend(len(items))
    # Checked before the text exists: a short formula could ask for gigabytes.
    if len(separator) * len(items) > MOST_CHARACTERS:
        raise FormulaError(f"The text would have more than {MOST_CHARACTERS} characters.")
    return separator.join(map(as_text, items))


@function("unique", "list", returns=_same_list_type)
def unique(items: list[Value]) -> list[Value]:
    kept: list[Value] = []
    for item in items:
        spend(len(kept))
        # Quadratic, because values are not hashable; the work is counted above.
        if not any(are_equal(item, other) for other in kept):
            kept.append(item)
    return kept


@function("includes", "list", "any", returns=BOOLEAN)
def includes(items: list[Value], sought: Value) -> bool:
    spend(len(items))
    return any(are_equal(item, sought) for item in items)


@function("flat", "list", returns=_flat_type)
def flat(items: list[Value]) -> list[Value]:
    spend(sum(len(item) for item in items if isinstance(item, list)))
    # One level only: lists in the items' items stay.
    result: list[Value] = []
    for item in items:
        result += item if isinstance(item, list) else [item]
    return result


@function("count", "list", returns=NUMBER)
def count(items: list[Value]) -> float:
    return sum(not is_empty(item) for item in items)
