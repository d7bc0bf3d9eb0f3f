"""Settings of views, with property ids in the form of schemas.

In the configuration of a view Notion gives ids decoded (`hMa{`), and journals of earlier versions
of notion-pm contain whole views in that form. Every view that is read passes through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.model.property_ids import as_received, reference_as_received

Json = Mapping[str, Any]

_NAMES_A_PROPERTY = ("property_id", "toggle_column_id", "map_by")
"""The ends of the names of settings that hold a property id: `property_id`, `date_property_id` ...
"""


def configuration_as_received(configuration: Json) -> dict[str, Any]:
    """Return the configuration of a view with property ids as schemas give them."""
    return {key: _setting(key, value) for key, value in configuration.items()}


def _setting(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return configuration_as_received(value)
    if isinstance(value, list | tuple):
        # Items have no name of their own: settings of one property each, or plain words.
        return [_setting("", item) for item in value]
    # Other texts are Notion's words or names, which must stay as they are.
    if isinstance(value, str) and key.endswith(_NAMES_A_PROPERTY):
        return as_received(value)
    return value


def conditions_as_received(part: Json) -> dict[str, Any]:
    """Return a filter or sort with property ids as schemas give them; property names stay."""
    received: dict[str, Any] = {}
    for key, value in part.items():
        if key in {"and", "or"}:
            received[key] = [conditions_as_received(condition) for condition in value]
        elif key == "property":
            received[key] = reference_as_received(value)
        else:
            received[key] = value
    return received


def quick_filters_as_received(quick_filters: Json) -> dict[str, Any]:
    """Return quick filters (by property) with ids as schemas give them; property names stay."""
    return {reference_as_received(key): condition for key, condition in quick_filters.items()}
