"""Evaluate filters in Python. This module defines the meaning of every operator.

sql.py compiles the same meaning for the values in the index. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from notion_pm.emulator.query import dates
from notion_pm.emulator.query.filters import Condition, Filter, Group, Test, Timestamp
from notion_pm.emulator.query.values import Comparable, Value, comparable, fold


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent the query, and when: the meaning of `me` and `today`."""

    now: datetime
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a data source. Its values by property id are complete, as `{"type": t, t: ...}`."""

    id: str
    sequence: int
    created_time: str  # as stored: fixed width, so that text order is time order
    last_edited_time: str
    values: Mapping[str, Value]

    def minute(self, name: str) -> int:
        """Return a time of the page in milliseconds, cut to the minute as in responses."""
        time = self.created_time if name == "created_time" else self.last_edited_time
        moment = dates.milliseconds(time)
        return moment - moment % dates.MINUTE


def matches(condition: Filter, row: Row, asker: Asker) -> bool:
    """Return whether the row passes the filter."""
    if isinstance(condition, Group):
        join = all if condition.operator == "and" else any
        return join(matches(part, row, asker) for part in condition.parts)
    # Compared as shown, cut to the minute. Example: `equals` a full minute must match.
    if isinstance(condition.target, Timestamp):
        return passes(condition.test, row.minute(condition.target.name), asker)
    value = row.values.get(condition.target.id) or {"type": condition.target.type}
    if condition.quantifier is not None:
        return _matches_items(condition, value, asker)
    return passes(condition.test, comparable(condition.test.kind, value), asker)


def _matches_items(condition: Condition, value: Value, asker: Asker) -> bool:
    """Evaluate a condition on the items of a rollup.

    An empty rollup passes `none`, but neither `any` nor `every` (recorded).
    """
    items = (value.get("rollup") or {}).get("array") or ()
    verdicts = [
        passes(condition.test, comparable(condition.test.kind, item), asker) for item in items
    ]
    if condition.quantifier == "every":
        return bool(verdicts) and all(verdicts)
    return any(verdicts) == (condition.quantifier == "any")


def passes(test: Test, value: Comparable, asker: Asker) -> bool:
    """Return whether a value passes a test.

    An empty value passes only `is_empty` and the `does_not_...` operators.
    """
    # An unticked checkbox is not empty: its value is False.
    empty = value is None or value == frozenset()
    if test.operator in ("is_empty", "is_not_empty"):
        return empty == (test.operator == "is_empty")
    if test.operator.startswith("does_not_"):
        return empty or not _passes_positively(test, value, asker)
    return not empty and _passes_positively(test, value, asker)


def _passes_positively(test: Test, value: Comparable, asker: Asker) -> bool:
    """Return whether a value that is not empty passes a test, without the `does_not_` of it."""
    if test.kind == "date":
        interval = dates.interval(test.operator, str(test.operand or ""), asker.now)
        return isinstance(value, int) and value in interval
    if isinstance(value, frozenset):
        return not value.isdisjoint(wanted_ids(test, asker))
    if test.kind == "text":
        return _TEXTS[test.operator](str(value), fold(str(test.operand)))
    if test.kind == "number":
        if not isinstance(value, float):
            return False
        return _NUMBERS[test.operator](value, float(test.operand))  # type: ignore[arg-type]
    return value == test.operand


def wanted_ids(test: Test, asker: Asker) -> tuple[str, ...]:
    """Return the ids that match: a value must have one of them.

    In rollups these are names of options.
    """
    if isinstance(test.operand, tuple):
        return test.operand
    if test.kind == "people" and test.operand == "me":
        return (asker.user_id,)
    return (str(test.operand),)


# `does_not_...` operators are negated by `passes`.
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda value, sought: value == sought,
    "does_not_equal": lambda value, sought: value == sought,
    "contains": lambda value, sought: sought in value,
    "does_not_contain": lambda value, sought: sought in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "equals": float.__eq__,
    "does_not_equal": float.__eq__,
    "greater_than": float.__gt__,
    "less_than": float.__lt__,
    "greater_than_or_equal_to": float.__ge__,
    "less_than_or_equal_to": float.__le__,
}
