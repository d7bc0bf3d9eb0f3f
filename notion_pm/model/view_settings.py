"""Settings of views, with the ids of properties as the rest of the program knows them.

Notion gives the ids in a view's configuration decoded (`hMa{`), unlike everywhere else, and journals of earlier
versions of notion-pm hold whole views in that form. Every view passes through here when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.model.property_ids import as_received, reference_as_received

Json = Mapping[str, Any]

_NAMES_A_PROPERTY = ("property_id", "toggle_column_id", "map_by")
"""How the settings end, or are called, that name a property by its id: `property_id`, `date_property_id` ..."""


def configuration_as_received(configuration: Json) -> dict[str, Any]:
    """Return the configuration of a view with the ids of properties as schemas give them."""
    return {key: _setting(key, value) for key, value in configuration.items()}


def _setting(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return configuration_as_received(value)
    if isinstance(value, list | tuple):
        return [_setting("", item) for item in value]
    if isinstance(value, str) and key.endswith(_NAMES_A_PROPERTY):
        return as_received(value)
    return value


def conditions_as_received(part: Json) -> dict[str, Any]:
    """Return a filter or a sort with the ids of properties as schemas give them; names stay."""
    found: dict[str, Any] = {}
    for key, value in part.items():
        if key in {"and", "or"}:
            found[key] = [conditions_as_received(each) for each in value]
        elif key == "property":
            found[key] = reference_as_received(value)
        else:
            found[key] = value
    return found


def quick_filters_as_received(quick_filters: Json) -> dict[str, Any]:
    """Return quick filters, which are by property, with the ids as schemas give them; names stay."""
    return {reference_as_received(key): condition for key, condition in quick_filters.items()}
