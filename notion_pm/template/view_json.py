"""Views in the JSON of the API (notion-api.md 2.6), once the ids of properties are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.conditions.template_filters import OptionName, as_filter, as_quick_filters
from notion_pm.model.property_lookup import property_keys, property_type
from notion_pm.model.template import Template, ViewSpec

Json = Mapping[str, Any]

# In group_by the API has its own names for some property types.
_GROUP_TYPES = {"people": "person", "title": "title", "rich_text": "text"}
_GROUP_SETTINGS: dict[str, dict[str, Any]] = {
    "status": {"group_by": "option"},
    "date": {"group_by": "month"},
    "title": {"group_by": "exact"},
    "rich_text": {"group_by": "exact"},
}

PAGE_COVERS = frozenset({"page_cover", "page_content"})
"""What the cards of a gallery can show other than a property."""


@dataclass(frozen=True, slots=True)
class ViewJson:
    """A view as the API takes it.

    `filter`: None shows all pages. `quick_filters`: by property id. `configuration`: None for a
    dashboard, which has only widgets.
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
    """Return a view of a template in the JSON of the API."""
    view = template.databases[database].views[key]
    ids = dict(property_ids)
    sorts = []
    for order in view.sort:
        for property_key, direction in order.items():
            sorts.append({"property": ids[property_key], "direction": direction})
    configuration = None
    if view.type != "dashboard":
        configuration = _configuration(template, database, view, ids)
    return ViewJson(
        filter=as_filter(template, database, view.where, ids, option_name),
        sorts=tuple(sorts),
        quick_filters=as_quick_filters(template, database, view.quick, ids, option_name),
        configuration=configuration,
    )


def _configuration(
    template: Template, database: str, view: ViewSpec, property_ids: Mapping[str, str]
) -> dict[str, Any]:
    configuration: dict[str, Any] = {"type": view.type}
    if view.show:
        hidden = [key for key in property_keys(template, database) if key not in view.show]
        configuration["properties"] = [
            {"property_id": property_ids[key], "visible": key in view.show}
            for key in (*view.show, *hidden)
        ]
    if view.group_by is not None and view.type != "chart":
        configuration["group_by"] = _grouping(template, database, view.group_by, property_ids)
    if view.date is not None:
        configuration["date_property_id"] = property_ids[view.date]
    if view.end_date is not None:
        configuration["end_date_property_id"] = property_ids[view.end_date]
    if view.cover in PAGE_COVERS:
        configuration["cover"] = {"type": view.cover}
    elif view.cover is not None:
        configuration["cover"] = {"type": "property", "property_id": property_ids[view.cover]}
    if view.anonymous:
        configuration["anonymous_submissions"] = True
    if view.chart:
        configuration |= _chart(template, database, view, property_ids)
    return configuration


def _chart(
    template: Template, database: str, view: ViewSpec, property_ids: Mapping[str, str]
) -> dict[str, Any]:
    measure: dict[str, Any] = {"aggregator": "count"}
    for function, key in view.measure.items():  # at most one
        measure = {"aggregator": function, "property_id": property_ids[key]}
    if view.chart == "number":
        return {"chart_type": view.chart, "value": measure}
    chart = {"chart_type": view.chart, "y_axis": measure}
    if view.group_by is not None:
        chart["x_axis"] = _grouping(template, database, view.group_by, property_ids)
    if view.stack_by is not None:
        chart["stack_by"] = _grouping(template, database, view.stack_by, property_ids)
    return chart


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
