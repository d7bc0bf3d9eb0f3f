"""Compile comparisons to filters of Notion's API (notion-api.md 3.6), so that fewer rows are read.

Two callers name values differently: a command line by what people see (`compile_condition`), a
template by its keys (conditions/template_filters.py). Both use the same table of operators.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from notion_pm.conditions.text_form import FALSE, TRUE, ColumnCondition
from notion_pm.errors import UsageError
from notion_pm.model.condition import Comparison, Operator, day_of
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

Json = dict[str, Any]

_EQUALS: Mapping[Operator, str] = {"=": "equals", "!=": "does_not_equal"}
_HAS_ITEM: Mapping[Operator, str] = {"=": "contains", "!=": "does_not_contain"}
_TEXT: Mapping[Operator, str] = {**_EQUALS, "~": "contains", "!~": "does_not_contain"}
_NUMBER: Mapping[Operator, str] = {
    **_EQUALS,
    ">": "greater_than",
    "<": "less_than",
    ">=": "greater_than_or_equal_to",
    "<=": "less_than_or_equal_to",
}
_DATE: Mapping[Operator, str] = {
    "=": "equals",
    "<": "before",
    ">": "after",
    "<=": "on_or_before",
    ">=": "on_or_after",
}
OPERATORS: Mapping[str, Mapping[Operator, str]] = {
    **dict.fromkeys(TEXT_TYPES, _TEXT),
    **dict.fromkeys(NUMBER_TYPES, _NUMBER),
    **dict.fromkeys(DATE_TYPES, _DATE),
    **dict.fromkeys(("select", "status", "checkbox"), _EQUALS),
    **dict.fromkeys(PERSON_TYPES | {"multi_select", "relation"}, _HAS_ITEM),
}
"""Property type -> our operator -> Notion's. Types that are missing here cannot be compared."""

# Rollup functions whose result is certainly a number or a date. Others show values of other pages,
# and are compared as text on the rows that were read. Prefixes: `count` covers `count_values`.
_NUMBER_ROLLUPS = (
    "count", "unique", "empty", "not_empty", "percent", "sum", "average", "median", "min", "max",
    "range", "checked", "unchecked",
)  # fmt: skip
_DATE_ROLLUPS = ("earliest_date", "latest_date")


@dataclass(frozen=True, slots=True)
class FilterTarget:
    """What a filter is about: a property and the type of its values.

    `is_rollup`: `type` is the type of the rollup's result.
    """

    property_id: str
    type: str
    is_rollup: bool = False

    def test(self, operator: str, value: Any) -> Json:
        """Return a filter with a single test."""
        test = {self.type: {operator: value}}
        if self.is_rollup:
            return {"property": self.property_id, "rollup": test}
        return {"property": self.property_id, **test}


def compile_comparison(target: FilterTarget, comparison: Comparison) -> list[Json]:
    """Return filters that must all hold. The values are those that the API takes.

    Raises KeyError when the type does not know the operator.
    """
    if comparison.operator == "empty":
        return [target.test("is_empty", value=True)]
    if comparison.operator == "not_empty":
        return [target.test("is_not_empty", value=True)]
    operator = OPERATORS[target.type][comparison.operator]
    tests = [target.test(operator, value) for value in comparison.values]
    if comparison.is_negative or len(tests) == 1:
        return tests
    return [{"or": tests}]


@dataclass(frozen=True, slots=True)
class Dialect:
    """The meaning of typed values: the day that is today, and the template's names for options.

    `keys`: property id -> template key. `options`: `status.shipped` -> the option's id.
    """

    today: date
    keys: Mapping[str, str]
    options: Mapping[str, str]

    def api_value(self, property: Property, type: str, text: str) -> Any:
        """Return a typed value as the API takes it.

        `type`: of the property, or of a rollup's result. Raises UsageError when the property cannot
        hold the value.
        """
        match type:
            case "select" | "status" | "multi_select":
                return self._option_name(property, text)
            case "unique_id":
                return _number(property, text.rpartition("-")[2])  # the number of `TASK-7`
            case "number":
                return _number(property, text)
            case "date" | "created_time" | "last_edited_time":
                return self._day(property, text)
            case "checkbox":
                return _truth(property, text)
            case "relation" | "people" | "created_by" | "last_edited_by":
                return parse_notion_id(text)
            case _:
                return text

    def _option_name(self, property: Property, text: str) -> str:
        """Return the name of an option in Notion, named by its key in the template or its name."""
        options = property.config.options if isinstance(property.config, OptionsConfig) else ()
        id_by_key = self.options.get(f"{self.keys.get(property.id)}.{text}")
        for option in options:
            if id_by_key == option.id or text.casefold() == option.name.casefold():
                return option.name
        names = [option.name for option in options]
        advice = f"{did_you_mean(text, names)} Options: {', '.join(names)}."
        raise UsageError(
            f"{property.name} has no option {text!r}.",
            f"{advice} Each condition has its own --where.".strip(),
        )

    def _day(self, property: Property, text: str) -> str:
        try:
            return day_of(text, self.today)
        except ValueError:
            raise UsageError(
                f"{property.name} is a date and cannot be compared with {text!r}.",
                "Write 2026-12-01, today, 14 days ago, in 14 days.",
            ) from None


def compile_condition(
    condition: ColumnCondition, property: Property, dialect: Dialect
) -> list[Json] | None:
    """Return filters that must all hold; None when Notion cannot evaluate the condition.

    Notion cannot: people by their names, formulas, whose result type is not known beforehand, and
    empty values of types that are never empty. These are evaluated on the rows that were read.

    Raises UsageError when the property cannot be compared so.
    """
    comparison = condition.comparison
    if comparison.operator in ("empty", "not_empty"):
        if property.type not in EMPTY_FILTER_TYPES:
            return None
        return compile_comparison(FilterTarget(property.id, property.type), comparison)

    target = _filter_target(property)
    if target is None:
        return None
    texts = tuple(str(value) for value in comparison.values)
    if property.type in PERSON_TYPES and not all(map(is_id, texts)):
        return None
    _require_operator(condition, property, target.type)
    values = tuple(dialect.api_value(property, target.type, text) for text in texts)
    return compile_comparison(target, replace(comparison, values=values))


def _filter_target(property: Property) -> FilterTarget | None:
    """Return what a filter on a property is about, None when Notion cannot filter by it."""
    if isinstance(property.config, RollupConfig):
        function = property.config.function
        if function.startswith(_NUMBER_ROLLUPS):
            return FilterTarget(property.id, "number", is_rollup=True)
        if function.startswith(_DATE_ROLLUPS):
            return FilterTarget(property.id, "date", is_rollup=True)
        return None
    if property.type not in OPERATORS:
        return None
    return FilterTarget(property.id, property.type)


def _require_operator(condition: ColumnCondition, property: Property, type: str) -> None:
    known = OPERATORS[type]
    if condition.comparison.operator not in known:
        kind = type.replace("_", " ")
        raise UsageError(
            f"`{condition}`: {property.name} is a {kind} and cannot be compared with "
            f"{condition.comparison.operator}.",
            f"For a {kind}, use {', '.join(known)}.",
        )


def _number(property: Property, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):  # Python reads `inf` and `nan`; JSON has no such numbers
        raise UsageError(
            f"{property.name} is a number and cannot be compared with {text!r}.",
            "Write it like 3 or 0.5.",
        )
    return number


def _truth(property: Property, text: str) -> bool:
    if text.casefold() not in TRUE | FALSE:
        raise UsageError(
            f"{property.name} is a checkbox: {text!r} is neither yes nor no.", "Write yes or no."
        )
    return text.casefold() in TRUE
