"""Conditions on rows that were read: what Notion's API cannot be asked (`filtering`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from notion_pm.conditions.api_filters import TRUE
from notion_pm.conditions.text_form import Condition
from notion_pm.exporting.formats.cells import iso, text
from notion_pm.exporting.table import Cell, Item
from notion_pm.model.condition import day_of
from notion_pm.model.page import DateValue


@dataclass(frozen=True, slots=True)
class RowTest:
    """A condition on the rows of a table, and the day that is today in it."""

    condition: Condition
    today: date

    @property
    def column(self) -> str:
        """The column that it is about, as a person calls it."""
        return self.condition.column

    def passes(self, cell: Cell) -> bool:
        """Whether a cell of that column satisfies it."""
        return holds(self.condition, cell, self.today)


def holds(condition: Condition, cell: Cell, today: date) -> bool:
    """Whether a cell satisfies a condition: any of its items, or for `!=` and `!~` none of them."""
    items: Sequence[Item | None] = cell if isinstance(cell, tuple) else [cell]
    shown = [each for each in items if each is not None and each != ""]
    if not condition.values:
        return bool(shown) == condition.is_negative
    operator = condition.operator.lstrip("!") if condition.is_negative else condition.operator
    found = any(
        _compare(item, operator, value, today) for item in shown for value in condition.values
    )
    return found != condition.is_negative


def _compare(item: Item, operator: str, value: str, today: date) -> bool:
    """Numbers as numbers where both are, days as days, all else as text without regard to case."""
    if operator == "~":
        return value.casefold() in text(item).casefold()
    left, right = _comparable(item, value, today)
    if operator.endswith("=") and left == right:
        return True
    return operator != "=" and bool(left > right if operator.startswith(">") else left < right)


def _comparable(item: Item, value: str, today: date) -> tuple[Any, Any]:
    try:
        match item:
            case bool():
                return item, value.casefold() in TRUE
            case int() | float():
                return item, float(value)
            case DateValue():
                return iso(item.start, item.time_zone)[: len("2026-12-01")], day_of(value, today)
    except ValueError:
        pass  # a value of another kind: compared as they read
    return text(item).casefold(), value.casefold()
