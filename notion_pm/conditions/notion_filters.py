"""Conditions of views and exports: do they fit the properties, and what are they as a filter of Notion's API?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from notion_pm.errors import TemplateProblem, YamlPath
from notion_pm.model.condition import Condition, Where
from notion_pm.model.property_lookup import is_open, options_of, property_keys, property_type
from notion_pm.model.property_types import (
    DATE_TYPES,
    EMPTY_FILTER_TYPES,
    NUMBER_TYPES,
    OPTION_TYPES,
    TEXT_TYPES,
)
from notion_pm.model.template import OptionSpec, Template

_EQUALS = TEXT_TYPES | NUMBER_TYPES | OPTION_TYPES | {"checkbox"}
_TYPES_OF_FIELD: dict[str, frozenset[str]] = {
    "is_": _EQUALS,
    "not_": _EQUALS,
    "category": frozenset({"status"}),
    "contains": TEXT_TYPES,
    "empty": EMPTY_FILTER_TYPES | DATE_TYPES,
    "at_least": NUMBER_TYPES,
    "at_most": NUMBER_TYPES,
    "more_than": NUMBER_TYPES,
    "less_than": NUMBER_TYPES,
    "before": DATE_TYPES,
    "after": DATE_TYPES,
}
_CATEGORIES = ("todo", "doing", "done", "dropped")
COMPARISONS = {
    "contains": "contains",
    "at_least": "greater_than_or_equal_to",
    "at_most": "less_than_or_equal_to",
    "more_than": "greater_than",
    "less_than": "less_than",
    "before": "before",
    "after": "after",
}
Json = dict[str, Any]
OptionName = Callable[[str, str], str]
"""Takes the keys of a property and of its option; returns the option's name in Notion."""


def check_where(
    template: Template, database: str, path: YamlPath, where: Where
) -> Iterator[TemplateProblem]:
    """Find the conditions that Notion could not filter by."""
    for key, condition in where.items():
        kind = property_type(template, database, key)
        if kind is None:
            yield TemplateProblem.unknown(
                (*path, key), f"property of {database}", key, property_keys(template, database)
            )
            continue
        for field in condition.model_fields_set:
            if kind not in _TYPES_OF_FIELD.get(field, frozenset()):
                name = field.rstrip("_")
                yield TemplateProblem(
                    (*path, key), f"`{name}` does not go with `{key}`, which is a {kind}."
                )
        for field in ("before", "after"):
            if " " in (getattr(condition, field) or ""):
                yield TemplateProblem(
                    (*path, key),
                    f"only rules know `{getattr(condition, field)}`.",
                    "Write a date, or today.",
                )
        yield from _check_options(template, database, (*path, key), key, condition)


def _check_options(
    template: Template, database: str, path: YamlPath, key: str, condition: Condition
) -> Iterator[TemplateProblem]:
    options = [each.key for each in options_of(template, database, key)]
    closed = options and not is_open(template, database, key)
    for value in (*(condition.is_ or ()), *(condition.not_ or ())) if closed else ():
        if str(value) not in options:
            yield TemplateProblem.unknown(path, "option", str(value), options)
    for category in condition.category or ():
        if category not in _CATEGORIES:
            yield TemplateProblem.unknown(path, "category", category, _CATEGORIES)


def check_quick(
    template: Template, database: str, path: YamlPath, quick: Where
) -> Iterator[TemplateProblem]:
    """Find the conditions that cannot be quick filters: Notion takes one test a property."""
    yield from check_where(template, database, path, quick)
    for key, condition in quick.items():
        kind = property_type(template, database, key)
        values = condition.is_ or condition.not_ or ()
        if len(condition.stated) != 1:
            yield TemplateProblem(
                (*path, key), "a quick filter is one test.", "Put what always holds into `where`."
            )
        elif len(values) > 1 and kind not in OPTION_TYPES:
            yield TemplateProblem(
                (*path, key), f"a quick filter takes one value of a {kind}.", "Choose one."
            )
        elif condition.category and not _of_category(template, database, key, condition):
            yield TemplateProblem((*path, key), f"no option of `{key}` is in that category.")


def as_quick_filters(
    template: Template,
    database: str,
    quick: Where,
    property_ids: dict[str, str],
    option_name: OptionName,
) -> Json:
    """Return quick filters as the API takes them: by property, and several values of one test as an array."""
    return {
        property_ids[key]: _one_test(
            property_type(template, database, key) or "",
            list(_parts(template, database, key, condition, property_ids[key], option_name)),
        )
        for key, condition in quick.items()
    }


def _one_test(kind: str, parts: list[Json]) -> Json:
    tests = [test[kind] for part in parts for test in part.get("or", [part])]
    operator = next(iter(tests[0]))
    values = [test[operator] for test in tests]
    return {kind: {operator: values if len(values) > 1 else values[0]}}


def as_filter(
    template: Template,
    database: str,
    where: Where,
    property_ids: dict[str, str],
    option_name: OptionName,
) -> Json | None:
    """Return a condition as the API's filter, with property ids; None when it lets everything through."""
    parts = [
        part
        for key, condition in where.items()
        for part in _parts(template, database, key, condition, property_ids[key], option_name)
    ]
    return None if not parts else parts[0] if len(parts) == 1 else {"and": parts}


def _parts(
    template: Template,
    database: str,
    key: str,
    condition: Condition,
    property_id: str,
    option_name: OptionName,
) -> Iterator[Json]:
    kind = property_type(template, database, key) or ""

    def test(operator: str, value: Any) -> Json:
        return {"property": property_id, kind: {operator: value}}

    def shown(value: Any) -> Any:
        return option_name(key, str(value)) if options_of(template, database, key) else value

    holds = "contains" if kind == "multi_select" else "equals"
    lacks = "does_not_contain" if kind == "multi_select" else "does_not_equal"
    if condition.is_ is not None:
        yield _any([test(holds, shown(value)) for value in condition.is_])
    if condition.category is not None:
        yield _any(
            [
                test("equals", shown(each.key))
                for each in _of_category(template, database, key, condition)
            ]
        )
    for value in condition.not_ or ():
        yield test(lacks, shown(value))
    if condition.empty is not None:
        yield test("is_empty" if condition.empty else "is_not_empty", value=True)
    for field, operator in COMPARISONS.items():
        if getattr(condition, field) is not None:
            yield test(operator, getattr(condition, field))


def _of_category(
    template: Template, database: str, key: str, condition: Condition
) -> list[OptionSpec]:
    return [
        each
        for each in options_of(template, database, key)
        if each.meaning in (condition.category or ())
    ]


def _any(tests: list[Json]) -> Json:
    return tests[0] if len(tests) == 1 else {"or": tests}
