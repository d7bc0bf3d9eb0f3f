"""Views in the API's JSON (notion-api.md 2.6), once the ids of properties are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.model.template import Template, ViewSpec
from notion_pm.planning.lookup import property_keys, property_type
from notion_pm.planning.where import OptionName, as_filter

Json = Mapping[str, Any]
_GROUP_TYPES = {"people": "person", "title": "title", "rich_text": "text"}
_GROUP_SETTINGS: dict[str, dict[str, Any]] = {
    "status": {"group_by": "option"},
    "date": {"group_by": "month"},
}


@dataclass(frozen=True, slots=True)
class ViewJson:
    """What the API takes of a view; a filter of None lets everything through."""

    filter: Json | None
    sorts: tuple[Json, ...]
    configuration: Json


def view_json(
    template: Template, database: str, key: str, property_ids: Mapping[str, str], option_name: OptionName
) -> ViewJson:
    """Return a view of a template in the API's JSON."""
    view = template.databases[database].views[key]
    return ViewJson(
        filter=as_filter(template, database, view.where, dict(property_ids), option_name),
        sorts=tuple(
            {"property": property_ids[each], "direction": direction}
            for sort in view.sort
            for each, direction in sort.items()
        ),
        configuration=_configuration(template, database, view, property_ids),
    )


def _configuration(
    template: Template, database: str, view: ViewSpec, property_ids: Mapping[str, str]
) -> dict[str, Any]:
    configuration: dict[str, Any] = {"type": view.type}
    if view.show:
        hidden = [key for key in property_keys(template, database) if key not in view.show]
        configuration["properties"] = [
            *({"property_id": property_ids[key], "visible": True} for key in view.show),
            *({"property_id": property_ids[key], "visible": False} for key in hidden),
        ]
    if view.group_by is not None:
        kind = property_type(template, database, view.group_by) or ""
        configuration["group_by"] = {
            "type": _GROUP_TYPES.get(kind, kind),
            "property_id": property_ids[view.group_by],
            "sort": {"type": "manual"},
            **_GROUP_SETTINGS.get(kind, {}),
        }
    if view.date is not None:
        configuration["date_property_id"] = property_ids[view.date]
    if view.end_date is not None:
        configuration["end_date_property_id"] = property_ids[view.end_date]
    return configuration
