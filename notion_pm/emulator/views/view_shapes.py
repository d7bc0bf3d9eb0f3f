"""Shapes of a view's settings: small readers that check a value and name properties by their id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.schema.properties import Schema, find_property
from notion_pm.emulator.store.ids import encode_property_id
from notion_pm.emulator.store.records import Property

Shape = Callable[[Schema, Any, str], Any]

MIN_COLUMN_WIDTH = 32  # MIN_VIEW_COLUMN_WIDTH of the official clients


def boolean(_: Schema, value: Any, path: str) -> bool:
    """Take true or false."""
    return checks.a_boolean(value, path)


def number(_: Schema, value: Any, path: str) -> float:
    """Take a number."""
    return checks.a_number(value, path)


def text(_: Schema, value: Any, path: str) -> str:
    """Take a string."""
    return checks.a_string(value, path)


def width(_: Schema, value: Any, path: str) -> float:
    """Take the width of a column."""
    checks.a_number(value, path)
    if value < MIN_COLUMN_WIDTH:
        raise validation_error(
            f"body failed validation: {path} should be ≥ `{MIN_COLUMN_WIDTH}`, instead was `{value}`."
        )
    return float(value) if isinstance(value, float) else int(value)


def choice(*words: str) -> Shape:
    """Take one word of a closed vocabulary."""

    def read(_: Schema, value: Any, path: str) -> str:
        return checks.one_of(value, words, path)

    return read


def one_number_of(*numbers: int) -> Shape:
    """Take one number of a few."""

    def read(_: Schema, value: Any, path: str) -> int:
        if value not in numbers:
            listed = " or ".join(f"`{each}`" for each in numbers)
            raise validation_error(
                f"body failed validation: {path} should be {listed}, instead was `{value}`."
            )
        return int(value)

    return read


def a_property(*types: str) -> Shape:
    """Take the id or name of a property (of these types), and give its id as responses show it."""

    def read(schema: Schema, value: Any, path: str) -> str:
        return encode_property_id(the_property(schema, value, path, types).id)

    return read


def the_property(schema: Schema, value: Any, path: str, types: tuple[str, ...] = ()) -> Property:
    """Return the property a setting names; raises 400 where there is none, or one of another type."""
    key = checks.a_string(value, path)
    found = find_property(schema, key)
    if found is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    if types and found.type not in types:
        raise validation_error(
            f"{path}: property {found.name} is of type {found.type}, expected {' or '.join(types)}."
        )
    return found


def nullable(shape: Shape) -> Shape:
    """Take null beside what the shape takes."""

    def read(schema: Schema, value: Any, path: str) -> Any:
        return None if value is None else shape(schema, value, path)

    return read


def array(shape: Shape) -> Shape:
    """Take an array of one shape."""

    def read(schema: Schema, value: Any, path: str) -> list[Any]:
        found = checks.an_array(value, path)
        return [shape(schema, item, f"{path}[{index}]") for index, item in enumerate(found)]

    return read


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Take an object of these keys and no others."""
    shapes = {**required, **(optional or {})}

    def read(schema: Schema, value: Any, path: str) -> dict[str, Any]:
        sent = checks.an_object(value, path)
        checks.check_keys(sent, shapes, path)
        for key in required:
            checks.require(sent, key, path)
        return {key: shapes[key](schema, each, f"{path}.{key}") for key, each in sent.items()}

    return read
