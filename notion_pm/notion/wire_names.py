"""Filters, sorts and settings of views with their properties called otherwise: by name instead of by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Mapping[str, Any]


def with_keys(part: Json, key_of: Callable[[str], str]) -> dict[str, Any]:
    """Return a filter, a sort or a view's configuration with its properties called as `key_of` has it."""
    return {key: _renamed(key, value, key_of) for key, value in part.items()}


def _renamed(key: str, value: Any, key_of: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return with_keys(value, key_of)
    if isinstance(value, list | tuple):
        return [_renamed("", each, key_of) for each in value]
    names_a_property = key == "property" or key.endswith(
        ("property_id", "toggle_column_id", "map_by")
    )
    return key_of(value) if names_a_property and isinstance(value, str) else value
