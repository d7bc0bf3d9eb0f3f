"""Convert filters of Notion's API to conditions of a template.

Only filters that a template expresses exactly are converted: half of a filter would show other
pages. The opposite direction is `conditions/template_filters.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from notion_pm.conditions.template_filters import COMPARISONS
from notion_pm.model.condition import Condition, Where
from notion_pm.model.page import OptionValue
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.schema import Property
from notion_pm.provision.capture.live import NotRepresentable
from notion_pm.provision.capture.naming import NamedDatabase

Json = Mapping[str, Any]

# The field of a condition for each operator of the API.
_FIELDS = {
    **{operator: field for field, operator in COMPARISONS.items()},
    "equals": "is",
    "does_not_equal": "not",
    "does_not_contain": "not",
    "is_empty": "empty",
    "is_not_empty": "empty",
}


@dataclass(frozen=True, slots=True)
class _Test:
    """One test of a filter: the key of the property, the field of the condition, and the value."""

    key: str
    field: str
    value: Any


def filter_to_where(database: NamedDatabase, filter: Json | None) -> Where:
    """Return a filter as conditions. Raises NotRepresentable when templates cannot express it."""
    fields_by_key: dict[str, dict[str, Any]] = {}
    for part in _parts(filter):
        test = _any_of(database, part["or"]) if "or" in part else _test(database, part)
        fields = fields_by_key.setdefault(test.key, {})
        if test.field not in fields:
            fields[test.field] = test.value
        elif test.field == "not":
            fields["not"] = [*fields["not"], *test.value]
        else:
            raise NotRepresentable(f"it tests {test.key} twice in the same way")
    return {key: _condition(fields) for key, fields in fields_by_key.items()}


def quick_filters_to_where(database: NamedDatabase, quick_filters: Json | None) -> Where:
    """Return quick filters as conditions. Each tests one property for one or several values."""
    where: Where = {}
    for reference, test_by_type in (quick_filters or {}).items():
        ((property_type, operators),) = test_by_type.items()
        ((operator, value),) = operators.items()
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        tests = []
        for single in value if is_list else [value]:
            part = {"property": reference, property_type: {operator: single}}
            tests.append(_test(database, part))
        fields = {tests[0].field: _join_values(tests)}
        where[tests[0].key] = _condition(fields)
    return where


def _parts(filter: Json | None) -> Sequence[Json]:
    """Return the parts of a filter that must all hold."""
    if not filter:
        return ()
    parts: Sequence[Json] = filter.get("and") or [filter]
    if any("and" in part for part in parts):
        raise NotRepresentable("its conditions are nested")
    return parts


def _any_of(database: NamedDatabase, parts: Sequence[Json]) -> _Test:
    """Return alternatives as one test.

    Templates have only one kind: a property that equals one of several values.
    """
    if any("or" in part or "and" in part for part in parts):
        raise NotRepresentable("its conditions are nested")
    tests = [_test(database, part) for part in parts]
    first = tests[0]
    if any(test.key != first.key or test.field != "is" for test in tests):
        raise NotRepresentable("it has alternatives on different properties")
    return _Test(first.key, "is", _join_values(tests))


def _join_values(tests: Sequence[_Test]) -> Any:
    """Return the values of tests of one field: joined when they are lists."""
    if not isinstance(tests[0].value, list):
        return tests[0].value
    values = []
    for test in tests:
        values += test.value
    return values


def _test(database: NamedDatabase, part: Json) -> _Test:
    """Return a single test of a filter."""
    prop = database.property(part.get("property", ""))
    if prop is None:
        raise NotRepresentable("it tests something that is not a property of the database")
    operators = part.get(prop.type)
    if not isinstance(operators, Mapping) or len(operators) != 1:
        raise NotRepresentable(
            f"templates cannot test {prop.name!r}, which is a {prop.type}, in this way"
        )
    ((operator, value),) = operators.items()
    is_choice = prop.type == "multi_select" and operator == "contains"
    field = "is" if is_choice else _FIELDS.get(operator)
    key = database.property_key(prop.id)
    if field is None:
        raise NotRepresentable(f"templates do not have `{operator}`")
    if field in {"is", "not"}:
        return _Test(key, field, [_value(database, prop, value)])
    if field == "empty":
        return _Test(key, field, operator == "is_empty")
    return _Test(key, field, value)


def _value(database: NamedDatabase, prop: Property, value: Any) -> Any:
    """Return a value as templates write it: an option by its key."""
    if prop.type not in OPTION_TYPES:
        return value
    key = None
    if isinstance(value, str):
        key = database.option_key(prop.id, OptionValue("", value))
    if key is None:
        raise NotRepresentable(f"it names {value!r}, which is not an option of {prop.name!r}")
    return key


def _condition(fields: Json) -> Condition:
    try:
        return Condition.model_validate(dict(fields))
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise NotRepresentable(message.removeprefix("Value error, ")) from None
