"""Views in the API's JSON (notion-api.md 2.6), once the ids of properties are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.conditions.notion_filters import OptionName, as_filter, as_quick_filters
from notion_pm.model.property_lookup import property_keys, property_type
from notion_pm.model.template import Template, ViewSpec

Json = Mapping[str, Any]
_GROUP_TYPES = {"people": "person", "title": "title", "rich_text": "text"}
_GROUP_SETTINGS: dict[str, dict[str, Any]] = {
    "status": {"group_by": "option"},
    "date": {"group_by": "month"},
    "title": {"group_by": "exact"},
    "rich_text": {"group_by": "exact"},
}
PAGE_COVERS = frozenset({"page_cover", "page_content"})
"""What the cards of a gallery can show that is no property."""


@dataclass(frozen=True, slots=True)
class ViewJson:
    """What the API takes of a view; a filter of None lets everything through. A dashboard is configured by its widgets.

    Quick filters are by property id.
    """

    filter: Json | None
    sorts: tuple[Json, ...]
    quick_filters: Json
    configuration: Json | None


def view_json(
    template: Template,
    database: str,
    key: str,
    property_ids: Mapping[str, str],
    option_name: OptionName,
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
        quick_filters=as_quick_filters(
            template, database, view.quick, dict(property_ids), option_name
        ),
        configuration=_configuration(template, database, view, property_ids)
        if view.type != "dashboard"
        else None,
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
    if view.group_by is not None and view.type != "chart":
        configuration["group_by"] = _grouping(template, database, view.group_by, property_ids)
    if view.date is not None:
        configuration["date_property_id"] = property_ids[view.date]
    if view.end_date is not None:
        configuration["end_date_property_id"] = property_ids[view.end_date]
    if view.cover is not None:
        file = {} if view.cover in PAGE_COVERS else {"property_id": property_ids[view.cover]}
        configuration["cover"] = {"type": "property" if file else view.cover, **file}
    if view.anonymous:
        configuration["anonymous_submissions"] = True
    return configuration | (_chart(template, database, view, property_ids) if view.chart else {})


def _chart(
    template: Template, database: str, view: ViewSpec, property_ids: Mapping[str, str]
) -> dict[str, Any]:
    function, key = next(iter(view.measure.items()), ("count", None))
    measured = {"aggregator": function, **({"property_id": property_ids[key]} if key else {})}
    if view.chart == "number":
        return {"chart_type": view.chart, "value": measured}
    axes = {"x_axis": view.group_by, "stack_by": view.stack_by}
    grouped = {
        axis: _grouping(template, database, each, property_ids)
        for axis, each in axes.items()
        if each is not None
    }
    return {"chart_type": view.chart, "y_axis": measured, **grouped}


def _grouping(
    template: Template, database: str, key: str, property_ids: Mapping[str, str]
) -> dict[str, Any]:
    kind = property_type(template, database, key) or ""
    return {
        "type": _GROUP_TYPES.get(kind, kind),
        "property_id": property_ids[key],
        "sort": {"type": "manual"},
        **_GROUP_SETTINGS.get(kind, {}),
    }
