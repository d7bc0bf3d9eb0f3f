"""Compile the conditions of a template's views and exports to filters of Notion's API.

The properties that each test fits are checked in conditions/check.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from notion_pm.conditions.api_filters import OPERATORS, FilterTarget, Json, compile_comparison
from notion_pm.model.condition import DAY_FIELDS, ORDER_FIELDS, Comparison, Condition, Where
from notion_pm.model.property_lookup import options_of, property_type
from notion_pm.model.template import Template

OptionName = Callable[[str, str], str]
"""Takes the keys of a property and of its option; returns the option's name in Notion."""

COMPARISONS: Mapping[str, str] = {
    "contains": OPERATORS["rich_text"]["~"],
    **{field: OPERATORS["number"][operator] for field, operator in ORDER_FIELDS.items()},
    **{field: OPERATORS["date"][operator] for field, operator in DAY_FIELDS.items()},
}
"""Field of a condition -> operator of Notion's API, for fields that take a single value."""


def as_filter(
    template: Template,
    database: str,
    where: Where,
    property_ids: Mapping[str, str],
    option_name: OptionName,
) -> Json | None:
    """Return conditions as a filter of the API, with property ids; None for no condition."""
    filters: list[Json] = []
    for key, condition in where.items():
        filters += _compile(template, (database, key), condition, property_ids[key], option_name)
    if not filters:
        return None
    return filters[0] if len(filters) == 1 else {"and": filters}


def as_quick_filters(
    template: Template,
    database: str,
    quick: Where,
    property_ids: Mapping[str, str],
    option_name: OptionName,
) -> Json:
    """Return quick filters as the API takes them: one test for each property (notion-api.md 2.6).

    Several values of a test are an array.
    """
    quick_filters = {}
    for key, condition in quick.items():
        kind = property_type(template, database, key) or ""
        filters = _compile(template, (database, key), condition, property_ids[key], option_name)
        tests = []
        for filter in filters:
            tests += [test[kind] for test in filter.get("or", [filter])]
        operator = next(iter(tests[0]))
        values = [test[operator] for test in tests]
        value = values if len(values) > 1 else values[0]
        quick_filters[property_ids[key]] = {kind: {operator: value}}
    return quick_filters


def _compile(
    template: Template,
    property: tuple[str, str],
    condition: Condition,
    property_id: str,
    option_name: OptionName,
) -> list[Json]:
    """Return the filters of one condition, which must all hold."""
    target = FilterTarget(property_id, property_type(template, *property) or "")
    filters: list[Json] = []
    for comparison in condition.comparisons:
        filters += compile_comparison(
            target, _with_option_names(template, property, comparison, option_name)
        )
    return filters


def _with_option_names(
    template: Template, property: tuple[str, str], comparison: Comparison, option_name: OptionName
) -> Comparison:
    """Return a comparison with the names of options instead of their keys.

    A category becomes a list of its options: Notion filters a status by option (notion-api.md 3.6).
    """
    options = options_of(template, *property)
    if not options:
        return comparison
    key = property[1]
    if comparison.operator == "category":
        members = [option for option in options if option.meaning in comparison.values]
        return Comparison("=", tuple(option_name(key, option.key) for option in members))
    if comparison.operator in ("=", "!="):
        names: list[Any] = [option_name(key, str(value)) for value in comparison.values]
        return replace(comparison, values=tuple(names))
    return comparison
