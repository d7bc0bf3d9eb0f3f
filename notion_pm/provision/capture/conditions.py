"""Filters of Notion's API as conditions of a template: the way back of `planning.where`.

Only what a template says to the letter is taken; a filter that is half understood would show other pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from notion_pm.conditions.notion_filters import COMPARISONS
from notion_pm.model.condition import Condition, Where
from notion_pm.model.page import OptionValue
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.schema import Property
from notion_pm.provision.capture.naming import NamedDatabase
from notion_pm.provision.capture.not_representable import Unsayable

Json = Mapping[str, Any]
_FIELDS = {
    **{operator: field for field, operator in COMPARISONS.items()},
    "equals": "is",
    "does_not_equal": "not",
    "does_not_contain": "not",
    "is_empty": "empty",
    "is_not_empty": "empty",
}
_TURNED = frozenset({"is_not_empty"})


def as_where(of: NamedDatabase, filter: Json | None) -> Where:
    """Return a filter as conditions. Raises Unsayable when the template language cannot say it."""
    stated: dict[str, dict[str, Any]] = {}
    for part in _conjuncts(filter):
        key, field, value = _any_of(of, part["or"]) if "or" in part else _test(of, part)
        known = stated.setdefault(key, {})
        if field == "not" and field in known:
            known[field] = [*known[field], *value]
        elif field in known:
            raise Unsayable(f"it tests {key} twice in one way")
        else:
            known[field] = value
    return {key: _condition(fields) for key, fields in stated.items()}


def as_quick(of: NamedDatabase, quick_filters: Json | None) -> Where:
    """Return quick filters as conditions: one test a property, of one value or several."""
    stated: Where = {}
    for reference, by_type in (quick_filters or {}).items():
        ((kind, test),) = by_type.items()
        ((operator, value),) = test.items()
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        tests = [_test(of, {"property": reference, kind: {operator: each}}) for each in values]
        stated |= {tests[0][0]: _condition({tests[0][1]: _joined([each[2] for each in tests])})}
    return stated


def _conjuncts(filter: Json | None) -> Sequence[Json]:
    if not filter:
        return ()
    parts: Sequence[Json] = filter.get("and") or [filter]
    if any("and" in each for each in parts):
        raise Unsayable("its conditions are nested")
    return parts


def _any_of(of: NamedDatabase, parts: Sequence[Json]) -> tuple[str, str, Any]:
    """One property that equals any of some values is all that a template knows of alternatives."""
    if any("or" in each or "and" in each for each in parts):
        raise Unsayable("its conditions are nested")
    tests = [_test(of, each) for each in parts]
    if {each[:2] for each in tests} != {(tests[0][0], "is")}:
        raise Unsayable("it offers alternatives of different properties")
    return tests[0][0], "is", _joined([each[2] for each in tests])


def _joined(values: Sequence[Any]) -> Any:
    return (
        [each for value in values for each in value] if isinstance(values[0], list) else values[0]
    )


def _test(of: NamedDatabase, part: Json) -> tuple[str, str, Any]:
    """Return a single test: the property's key, the condition's field, and the value."""
    prop = of.property(part.get("property", ""))
    if prop is None:
        raise Unsayable("it tests something that is no property of the database")
    test = part.get(prop.type)
    if not isinstance(test, Mapping) or len(test) != 1:
        raise Unsayable(f"templates cannot test {prop.name!r}, which is a {prop.type}, in that way")
    ((operator, value),) = test.items()
    field = "is" if (prop.type, operator) == ("multi_select", "contains") else _FIELDS.get(operator)
    if field is None:
        raise Unsayable(f"templates do not know `{operator}`")
    if field in {"is", "not"}:
        return of.property_key(prop.id), field, [_named(of, prop, value)]
    return of.property_key(prop.id), field, (operator not in _TURNED) if field == "empty" else value


def _named(of: NamedDatabase, prop: Property, value: Any) -> Any:
    if prop.type not in OPTION_TYPES:
        return value
    key = of.option_key(prop.id, OptionValue("", value)) if isinstance(value, str) else None
    if key is None:
        raise Unsayable(f"it names {value!r}, which is no option of {prop.name!r}")
    return key


def _condition(fields: Json) -> Condition:
    try:
        return Condition.model_validate(dict(fields))
    except ValidationError as error:
        raise Unsayable(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
