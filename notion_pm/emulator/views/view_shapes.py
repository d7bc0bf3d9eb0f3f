"""Shapes of a view's settings.

A shape is a function that checks a value, and returns it with properties named by id. The larger
shapes are made of smaller ones.
"""

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
    """Return true or false."""
    return checks.a_boolean(value, path)


def number(_: Schema, value: Any, path: str) -> float:
    """Return a number."""
    return checks.a_number(value, path)


def text(_: Schema, value: Any, path: str) -> str:
    """Return a string."""
    return checks.a_string(value, path)


def width(_: Schema, value: Any, path: str) -> float:
    """Return the width of a column."""
    checks.a_number(value, path)
    if value < MIN_COLUMN_WIDTH:
        raise validation_error(
            f"body failed validation: {path} should be ≥ `{MIN_COLUMN_WIDTH}`, "
            f"instead was `{value}`."
        )
    return float(value) if isinstance(value, float) else int(value)


def choice(*words: str) -> Shape:
    """Return the shape of one of these words."""

    def read(_: Schema, value: Any, path: str) -> str:
        return checks.one_of(value, words, path)

    return read


def one_number_of(*numbers: int) -> Shape:
    """Return the shape of one of these numbers."""

    def read(_: Schema, value: Any, path: str) -> int:
        if value not in numbers:
            choices = " or ".join(f"`{number}`" for number in numbers)
            raise validation_error(
                f"body failed validation: {path} should be {choices}, instead was `{value}`."
            )
        return int(value)

    return read


def a_property(*types: str) -> Shape:
    """Return the shape of a property (of these types), by id or name. It reads the encoded id."""

    def read(schema: Schema, value: Any, path: str) -> str:
        return encode_property_id(the_property(schema, value, path, types).id)

    return read


def the_property(schema: Schema, value: Any, path: str, types: tuple[str, ...] = ()) -> Property:
    """Return the property of a setting. Raises 400 if it does not exist or has another type."""
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
    """Return a shape that also accepts null."""

    def read(schema: Schema, value: Any, path: str) -> Any:
        return None if value is None else shape(schema, value, path)

    return read


def array(shape: Shape) -> Shape:
    """Return the shape of an array."""

    def read(schema: Schema, value: Any, path: str) -> list[Any]:
        found = checks.an_array(value, path)
        return [shape(schema, item, f"{path}[{index}]") for index, item in enumerate(found)]

    return read


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of an object with these keys and no others."""
    shapes = {**required, **(optional or {})}

    def read(schema: Schema, value: Any, path: str) -> dict[str, Any]:
        sent = checks.an_object(value, path)
        checks.check_keys(sent, shapes, path)
        for key in required:
            checks.require(sent, key, path)
        return {key: shapes[key](schema, item, f"{path}.{key}") for key, item in sent.items()}

    return read
