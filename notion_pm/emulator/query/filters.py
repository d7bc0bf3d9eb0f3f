"""Read the `filter` of a query or a view into a tree of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ApiError, body_error, validation_error
from notion_pm.emulator.query import operands
from notion_pm.emulator.query.operators import (
    FILTER_KEYS,
    FORMULA_KINDS,
    KINDS,
    QUANTIFIERS,
    ROLLUP_ITEM_KINDS,
    ROLLUP_KINDS,
    Kind,
    Quantifier,
    fits,
)
from notion_pm.emulator.query.properties import Properties, Property

MAX_DEPTH = 2  # levels of groups (notion-api.md 3.6)
TIMESTAMPS = ("created_time", "last_edited_time")


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The created or edited time of a page, as in `{"timestamp": "created_time", ...}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Test:
    """One operator with its operand, for one kind of value."""

    kind: Kind
    operator: str
    operand: operands.Operand


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of a property or timestamp. With a quantifier it tests the items of a rollup."""

    target: Property | Timestamp
    test: Test
    quantifier: Quantifier | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by `and` or `or`."""

    operator: Literal["and", "or"]
    parts: tuple[Filter, ...]


Filter = Condition | Group


def parse_filter(body: Any, properties: Properties, path: str = "body.filter") -> Filter:
    """Return the tree of a filter. Raises ApiError (400) for a filter that the API refuses."""
    return _parse(body, properties, path, depth=0)


def _parse(body: Any, properties: Properties, path: str, depth: int) -> Filter:
    checks.an_object(body, path)
    joints = [key for key in ("and", "or") if key in body]
    if joints:
        return _parse_group(body, joints, properties, path, depth)
    if "timestamp" in body:
        return _parse_timestamp(body, path)
    return _parse_property(body, properties, path)


def _parse_group(
    body: Mapping[str, Any], joints: list[str], properties: Properties, path: str, depth: int
) -> Group:
    # With both `and` and `or` in one object, the other one is refused as an unknown key.
    operator: Literal["and", "or"] = "and" if joints[0] == "and" else "or"
    checks.check_keys(body, {operator}, path)
    # Two levels of `and` and `or`, as in the types (notion-api.md 3.6).
    if depth >= MAX_DEPTH:
        raise body_error(f"{path}.{operator}", "not present", body[operator])
    members = checks.an_array(body[operator], f"{path}.{operator}")
    parts = [
        _parse(part, properties, f"{path}.{operator}[{index}]", depth + 1)
        for index, part in enumerate(members)
    ]
    return Group(operator, tuple(parts))


def _parse_timestamp(body: Mapping[str, Any], path: str) -> Condition:
    name = body["timestamp"]
    checks.one_of(name, TIMESTAMPS, f"{path}.timestamp")
    checks.check_keys(body, {"timestamp", "type", name}, path)
    test = _parse_test("date", checks.require(body, name, path), f"{path}.{name}")
    return Condition(Timestamp(name), test)


def _parse_property(body: Mapping[str, Any], properties: Properties, path: str) -> Condition:
    keys = [key for key in FILTER_KEYS if key in body]
    if not keys:
        raise _no_key(path)
    key = keys[0]
    checks.check_keys(body, {"property", "type", key}, path)
    name = checks.a_string(checks.require(body, "property", path), f"{path}.property")
    target = properties.find(name)
    if target is None:
        raise validation_error(f"Could not find property with name or id: {name}")
    if not fits(key, target.type):
        raise _mismatch(target.type, key)
    return _parse_condition(target, key, body[key], f"{path}.{key}")


def _parse_condition(target: Property, key: str, body: Any, path: str) -> Condition:
    if key == "formula":
        if behaviour().formula_filters == "refused":
            raise validation_error(
                f"Unknown type of formula: {target.name}. "
                "Formulas made by the API cannot be filtered."
            )
        return Condition(target, _parse_inner(FORMULA_KINDS, body, path))
    if key == "rollup":
        return _parse_rollup(target, body, path)
    test = _parse_test(KINDS[key], body, path)
    operand = operands.resolve_options(target, test.operand)
    return Condition(target, Test(test.kind, test.operator, operand))


def _parse_rollup(target: Property, body: Any, path: str) -> Condition:
    # A rollup of a list is filtered by its items, all others by their result.
    for quantifier in QUANTIFIERS:
        if quantifier in checks.an_object(body, path):
            test = _parse_inner(ROLLUP_ITEM_KINDS, body[quantifier], f"{path}.{quantifier}")
            return Condition(target, test, quantifier)
    return Condition(target, _parse_inner(ROLLUP_KINDS, body, path))


def _parse_inner(kinds: Mapping[str, Kind], body: Any, path: str) -> Test:
    checks.an_object(body, path)
    key = next((key for key in kinds if key in body), None)
    if key is None:
        raise operands.all_missing(f"{path}.{key}" for key in kinds)
    checks.check_keys(body, {key}, path)
    return _parse_test(kinds[key], body[key], f"{path}.{key}")


def _parse_test(kind: Kind, body: Any, path: str) -> Test:
    operator, operand = operands.parse(kind, body, path)
    return Test(kind, operator, operand)


def _no_key(path: str) -> ApiError:
    return operands.all_missing(f"{path}.{key}" for key in ("or", "and", *FILTER_KEYS))


def _mismatch(property_type: str, filter_key: str) -> ApiError:
    return validation_error(
        "The property type in the database does not match the property type of the filter "
        f"provided: database property {property_type} does not match filter {filter_key}"
    )
