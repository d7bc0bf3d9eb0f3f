"""Decides in Python whether a page passes a filter: the meaning of every operator, stated once.

sql.py compiles the same meaning for the values that the index holds; a test holds the two together.
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
    """Who asks and when: what `me` and `today` mean."""

    now: datetime
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A page of a data source: its values by property id, untruncated, as `{"type": t, t: ...}`."""

    id: str
    sequence: int
    created_time: str  # as stored: fixed width, so that text order is time order
    last_edited_time: str
    values: Mapping[str, Value]

    def minute(self, name: str) -> int:
        """Return `created_time` or `last_edited_time` as the API shows it, in milliseconds."""
        moment = dates.milliseconds(
            self.created_time if name == "created_time" else self.last_edited_time
        )
        return moment - moment % dates.MINUTE


def matches(condition: Filter, row: Row, asker: Asker) -> bool:
    """Return whether the row passes the filter."""
    if isinstance(condition, Group):
        join = all if condition.operator == "and" else any
        return join(matches(part, row, asker) for part in condition.parts)
    if isinstance(condition.target, Timestamp):
        return passes(condition.test, row.minute(condition.target.name), asker)
    value = row.values.get(condition.target.id) or {"type": condition.target.type}
    if condition.quantifier is not None:
        return _any_none_every(condition, value, asker)
    return passes(condition.test, comparable(condition.test.kind, value), asker)


def _any_none_every(condition: Condition, value: Value, asker: Asker) -> bool:
    """An empty rollup satisfies `none` but neither `any` nor `every` (recorded)."""
    items = (value.get("rollup") or {}).get("array") or ()
    verdicts = [
        passes(condition.test, comparable(condition.test.kind, item), asker) for item in items
    ]
    if condition.quantifier == "every":
        return bool(verdicts) and all(verdicts)
    return any(verdicts) == (condition.quantifier == "any")


def passes(test: Test, value: Comparable, asker: Asker) -> bool:
    """Return whether one value passes one test; an empty value passes `does_not_...` and `is_empty` only."""
    empty = value is None or value == frozenset()
    if test.operator in ("is_empty", "is_not_empty"):
        return empty == (test.operator == "is_empty")
    if test.operator.startswith("does_not_"):
        return empty or not _positive(test, value, asker)
    return not empty and _positive(test, value, asker)


def _positive(test: Test, value: Comparable, asker: Asker) -> bool:
    if test.kind == "date":
        return isinstance(value, int) and value in dates.interval(
            test.operator, str(test.operand or ""), asker.now
        )
    if isinstance(value, frozenset):
        return not value.isdisjoint(wanted_ids(test, asker))
    if test.kind == "text":
        return _TEXTS[test.operator](str(value), fold(str(test.operand)))
    if test.kind == "number":
        return isinstance(value, float) and _NUMBERS[test.operator](value, float(test.operand))  # type: ignore[arg-type]
    return value == test.operand


def wanted_ids(test: Test, asker: Asker) -> tuple[str, ...]:
    """Return the ids (or option names, inside rollups) of which a value must have one."""
    if isinstance(test.operand, tuple):
        return test.operand
    return (asker.user_id if test.kind == "people" and test.operand == "me" else str(test.operand),)


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
