"""Conditions as filters of Notion's API (notion-api.md 3.6), so that only rows that satisfy them are read.

What the API cannot be asked (people by their names, formulas, whose type is not known beforehand) is decided on the
rows that were read (`row_tests`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from notion_pm.conditions.text_form import Condition
from notion_pm.errors import UsageError
from notion_pm.model.condition import day_of
from notion_pm.model.ids import is_id, parse_notion_id
from notion_pm.model.property_types import (
    DATE_TYPES,
    EMPTY_FILTER_TYPES,
    NUMBER_TYPES,
    PERSON_TYPES,
    TEXT_TYPES,
)
from notion_pm.model.schema import OptionsConfig, Property, RollupConfig
from notion_pm.text import did_you_mean

Json = Mapping[str, Any]

_EQUALS = {"=": "equals", "!=": "does_not_equal"}
_CONTAINS = {"=": "contains", "!=": "does_not_contain"}
_TEXT = {**_EQUALS, "~": "contains", "!~": "does_not_contain"}
_NUMBER = {
    **_EQUALS, ">": "greater_than", "<": "less_than", ">=": "greater_than_or_equal_to", "<=": "less_than_or_equal_to",
}  # fmt: skip
_DATE = {"=": "equals", "<": "before", ">": "after", "<=": "on_or_before", ">=": "on_or_after"}
_OPERATORS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(TEXT_TYPES, _TEXT),
    **dict.fromkeys(NUMBER_TYPES, _NUMBER),
    **dict.fromkeys(DATE_TYPES, _DATE),
    **dict.fromkeys(("select", "status", "checkbox"), _EQUALS),
    **dict.fromkeys((PERSON_TYPES | {"multi_select", "relation"}), _CONTAINS),
    "files": {},
}
_NUMBER_ROLLUPS = (
    "count", "unique", "empty", "not_empty", "percent", "sum", "average", "median", "min", "max", "range", "checked",
    "unchecked",
)  # fmt: skip
_DATE_ROLLUPS = ("earliest_date", "latest_date")
TRUE = frozenset({"yes", "true", "1", "checked"})
_FALSE = frozenset({"no", "false", "0", "unchecked"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What values mean where they are typed: the day that is today, and the template's names for options.

    `options`: `status.shipped` -> the option's id; `keys`: property id -> template key.
    """

    today: date
    keys: Mapping[str, str]
    options: Mapping[str, str]

    def value(self, found: Property, value: str) -> Any:
        """Return a typed value as the API takes it.

        Raises UsageError when the property cannot hold it.
        """
        match found.type:
            case "select" | "status" | "multi_select":
                return self._option(found, value)
            case "number" | "unique_id":
                return _number(
                    found, value.rpartition("-")[2] if found.type == "unique_id" else value
                )
            case "date" | "created_time" | "last_edited_time":
                return self._day(found, value)
            case "checkbox":
                return _truth(found, value)
            case "relation" | "people" | "created_by" | "last_edited_by":
                return parse_notion_id(value)
            case _:
                return value

    def _option(self, found: Property, value: str) -> str:
        options = found.config.options if isinstance(found.config, OptionsConfig) else ()
        of_template = self.options.get(f"{self.keys.get(found.id)}.{value}")
        for each in options:
            if of_template == each.id or value.casefold() == each.name.casefold():
                return each.name
        known = [each.name for each in options]
        raise UsageError(
            f"{found.name} has no option {value!r}.",
            f"{did_you_mean(value, known)} Options: {', '.join(known)}. Each condition has its own --where.".strip(),
        )

    def _day(self, found: Property, value: str) -> str:
        try:
            return day_of(value, self.today)
        except ValueError:
            raise UsageError(
                f"{value!r} is no day to compare {found.name} with.",
                "Write 2026-12-01, today, 14 days ago, in 14 days.",
            ) from None


def as_filters(condition: Condition, found: Property, dialect: Dialect) -> list[Json] | None:
    """Return filters that must all hold; None when the API cannot tell.

    Raises UsageError when the property cannot be compared so.
    """
    if not condition.values:
        return _emptiness(condition, found)
    wrap = _rollup(found) if isinstance(found.config, RollupConfig) else _plain(found)
    if wrap is None or (found.type in PERSON_TYPES and not all(map(is_id, condition.values))):
        return None
    kind, wrapped = wrap
    operator = _operator(condition, found, kind)
    typed = Property(found.id, found.name, kind, found.config)
    tests = [wrapped({operator: dialect.value(typed, each)}) for each in condition.values]
    return tests if condition.is_negative or len(tests) == 1 else [{"or": tests}]


_Wrap = Callable[[Json], Json]


def _plain(found: Property) -> tuple[str, _Wrap] | None:
    known = found.type in _OPERATORS and found.type != "files"
    return (found.type, lambda test: {"property": found.id, found.type: test}) if known else None


def _rollup(found: Property) -> tuple[str, _Wrap] | None:
    """A rollup that is surely a number or a date; others show values of other pages, and are compared by their text."""
    assert isinstance(found.config, RollupConfig)
    for kind, functions in (("number", _NUMBER_ROLLUPS), ("date", _DATE_ROLLUPS)):
        if found.config.function.startswith(functions):
            return kind, lambda test: {"property": found.id, "rollup": {kind: test}}  # noqa: B023 - returned at once
    return None


def _emptiness(condition: Condition, found: Property) -> list[Json] | None:
    if found.type not in EMPTY_FILTER_TYPES:
        return None
    return [
        {
            "property": found.id,
            found.type: {"is_not_empty" if condition.is_negative else "is_empty": True},
        }
    ]


def _operator(condition: Condition, found: Property, kind: str) -> str:
    known = _OPERATORS[kind]
    if condition.operator not in known:
        named = kind.replace("_", " ")
        raise UsageError(
            f"`{condition}`: {found.name} is a {named}, and knows no {condition.operator}.",
            f"A {named} takes {', '.join(known)}.",
        )
    return known[condition.operator]


def _number(found: Property, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):  # `inf` and `nan` are floats of Python's, and no numbers of JSON
        raise UsageError(
            f"{value!r} is no number to compare {found.name} with.", "Write it like 3 or 0.5."
        )
    return number


def _truth(found: Property, value: str) -> bool:
    if value.casefold() not in TRUE | _FALSE:
        raise UsageError(
            f"{found.name} is a checkbox: {value!r} is neither yes nor no.", "Write yes or no."
        )
    return value.casefold() in TRUE
