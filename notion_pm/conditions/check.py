"""Find problems of a template's conditions: does each test fit the property that it is about?

Rules evaluate conditions in memory, views and exports let Notion filter. Both know the same tests,
except that only rules know `entered`, days like `14 days ago`, and numbers behind options.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notion_pm.conditions.api_filters import OPERATORS
from notion_pm.errors import TemplateProblem, YamlPath
from notion_pm.model.condition import DAY_FIELDS, ORDER_FIELDS, Condition, Operator, Where
from notion_pm.model.property_lookup import is_open, options_of, property_keys, property_type
from notion_pm.model.property_types import (
    COMPUTED_TYPES,
    DATE_TYPES,
    EMPTY_FILTER_TYPES,
    OPTION_TYPES,
    PERSON_TYPES,
    TEXT_TYPES,
)
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.text import suggest

Place = tuple[str | int, ...]
Problem = tuple[Place, str]
"""A place (keys and indices into the template) and what is wrong there, for a person."""

CATEGORIES = ("todo", "doing", "done", "dropped")

_UNREAD_BY_RULES = COMPUTED_TYPES | {"button", "verification", "files"}
"""Rules do not read what Notion computes: beyond 25 references it may be wrong (notion-api.md 4.2).
"""


def _types_with(operator: Operator) -> frozenset[str]:
    return frozenset(kind for kind, operators in OPERATORS.items() if operator in operators)


# Templates name no pages and people, and for dates use `before` and `after`.
_EQUALITY_TYPES = _types_with("=") - PERSON_TYPES - DATE_TYPES - {"relation"}

_TYPES_OF_FIELD: Mapping[str, frozenset[str]] = {
    "is_": _EQUALITY_TYPES,
    "not_": _EQUALITY_TYPES,
    "category": frozenset({"status"}),
    "contains": TEXT_TYPES,
    "empty": EMPTY_FILTER_TYPES | DATE_TYPES,
    **{field: _types_with(operator) - DATE_TYPES for field, operator in ORDER_FIELDS.items()},
    **dict.fromkeys(DAY_FIELDS, DATE_TYPES),
}
"""Field of a condition -> the property types whose filters know it (notion-api.md 3.6)."""


# Conditions of views and exports


def check_where(
    template: Template, database: str, path: YamlPath, where: Where
) -> Iterator[TemplateProblem]:
    """Yield the conditions by which Notion could not filter."""
    for key, condition in where.items():
        here = (*path, key)
        kind = property_type(template, database, key)
        if kind is None:
            keys = property_keys(template, database)
            yield TemplateProblem.unknown(here, f"property of {database}", key, keys)
            continue
        for field in condition.model_fields_set:
            if kind not in _TYPES_OF_FIELD.get(field, frozenset()):
                name = field.rstrip("_")
                yield TemplateProblem(
                    here, f"`{name}` cannot be used with `{key}`, which is a {kind}."
                )
        for day in (condition.before, condition.after):
            # Notion's own relative days ("one_week_ago") are other ones, and a view keeps the day
            # that it was given.
            if day is not None and " " in day:
                yield TemplateProblem(here, f"only rules know `{day}`.", "Write a date, or today.")
        yield from _view_option_problems(template, (database, key), here, condition)


def _view_option_problems(
    template: Template, property: tuple[str, str], path: YamlPath, condition: Condition
) -> Iterator[TemplateProblem]:
    options = [option.key for option in options_of(template, *property)]
    # People may add options to an `open` property, so any name may be right.
    if options and not is_open(template, *property):
        for value in (*(condition.is_ or ()), *(condition.not_ or ())):
            if str(value) not in options:
                yield TemplateProblem.unknown(path, "option", str(value), options)
    for category in condition.category or ():
        if category not in CATEGORIES:
            yield TemplateProblem.unknown(path, "category", category, CATEGORIES)


def check_quick(
    template: Template, database: str, path: YamlPath, quick: Where
) -> Iterator[TemplateProblem]:
    """Yield the conditions that cannot be quick filters: Notion takes one test for each property.

    Source: notion-api.md 2.6.
    """
    yield from check_where(template, database, path, quick)
    for key, condition in quick.items():
        here = (*path, key)
        kind = property_type(template, database, key)
        values = condition.is_ or condition.not_ or ()
        categories = condition.category or ()
        options = options_of(template, database, key)
        if len(condition.comparisons) != 1:
            yield TemplateProblem(
                here, "a quick filter is one test.", "Put what always holds into `where`."
            )
        elif len(values) > 1 and kind not in OPTION_TYPES:
            yield TemplateProblem(
                here, f"a quick filter takes one value of a {kind}.", "Choose one."
            )
        elif categories and not any(option.meaning in categories for option in options):
            yield TemplateProblem(here, f"no option of `{key}` is in that category.")


# Conditions of rules


def condition_problems(
    schema: TemplateSchema, place: Place, database: str, where: Where, *, own: bool = False
) -> Iterator[Problem]:
    """Yield the problems of a rule's conditions.

    `own`: they are about the page itself. Only these may use `entered`, because only of the page
    itself the value after the last sync is compared.
    """
    for key, condition in where.items():
        kind = schema.type(database, key)
        if kind is None:
            yield (*place, key), schema.no_such_property(database, key)
            continue
        for message in _rule_condition_problems(schema, (database, key), kind, condition):
            yield (*place, key), message
        if condition.entered is not None and not own and kind not in _UNREAD_BY_RULES:
            yield (
                (*place, key),
                "`entered` is only known of the page itself: it belongs into `when`.",
            )


def _rule_condition_problems(
    schema: TemplateSchema, property: tuple[str, str], kind: str, condition: Condition
) -> Iterator[str]:
    name = ".".join(property)
    if kind in _UNREAD_BY_RULES:
        yield f"Rules cannot read {name}: it is of type {kind}."
        return

    if condition.category is not None and kind != "status":
        yield f"Only a status has categories; {name} is of type {kind}."
    for category in condition.category or ():
        if category not in CATEGORIES:
            yield f"{category!r} is not a category. {suggest(category, CATEGORIES)}"

    values = (*(condition.is_ or ()), *(condition.not_ or ()), *(condition.entered or ()))
    if kind == "relation" and values:
        yield f"{name} is a relation: a condition can only be whether it is empty."
    options = [option.key for option in schema.options(*property)]
    if kind in OPTION_TYPES:
        for value in values:
            if value not in options:
                yield f"{name} has no option {value!r}. {suggest(str(value), options)}".strip()

    # Options may have weights: "importance at least 2".
    has_weights = any(option.weight is not None for option in schema.options(*property))
    if _has_any(condition, ORDER_FIELDS) and kind != "number" and not has_weights:
        yield f"{name} cannot be compared with a number: it is of type {kind}."
    if _has_any(condition, DAY_FIELDS) and kind not in DATE_TYPES:
        yield f"{name} cannot be compared with a date: it is of type {kind}."
    if condition.contains is not None and kind not in TEXT_TYPES:
        yield f"{name} is of type {kind}: `contains` needs a text."


def _has_any(condition: Condition, fields: Mapping[str, Operator]) -> bool:
    return any(getattr(condition, field) is not None for field in fields)
