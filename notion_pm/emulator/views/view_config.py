"""The configuration of a view, by its type (notion-api.md 2.6).

It is an object with a `type` and settings. Stored settings name properties by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store import ids
from notion_pm.emulator.views.view_grouping import default_group_by, group_by
from notion_pm.emulator.views.view_shapes import (
    Shape,
    a_property,
    array,
    boolean,
    choice,
    nullable,
    number,
    record,
    text,
    width,
)

Json = dict[str, Any]

TYPES = (
    "table",
    "board",
    "list",
    "calendar",
    "timeline",
    "gallery",
    "form",
    "chart",
    "map",
    "dashboard",
)
_STORED_DATES = ("date", "created_time", "last_edited_time")
_DATED = (*_STORED_DATES, "formula", "rollup")
_HEIGHT = nullable(choice("small", "medium", "large", "extra_large"))
_FLAG = nullable(boolean)

_PROPERTIES = nullable(
    array(
        record(
            {"property_id": a_property()},
            {
                "visible": boolean,
                "width": width,
                "wrap": boolean,
                "status_show_as": choice("select", "checkbox"),
                "card_property_width_mode": choice("full_line", "inline"),
                "date_format": choice(
                    "full",
                    "short",
                    "month_day_year",
                    "day_month_year",
                    "year_month_day",
                    "relative",
                ),
                "time_format": choice("12_hour", "24_hour", "hidden"),
            },
        )
    )
)
_SUBTASKS = record(
    {},
    {
        "property_id": a_property("relation"),
        "display_mode": choice("show", "hidden", "flattened", "disabled"),
        "filter_scope": choice("parents", "parents_and_subitems", "subitems"),
        "toggle_column_id": a_property(),
    },
)
_CARDS: dict[str, Shape] = {
    "cover": nullable(
        record(
            {"type": choice("page_cover", "page_content", "property")},
            {"property_id": a_property("files")},
        )
    ),
    "cover_size": nullable(choice("small", "medium", "large")),
    "cover_aspect": nullable(choice("contain", "cover")),
    "card_layout": nullable(choice("list", "compact")),
    "properties": _PROPERTIES,
}
_AGGREGATORS = choice(
    "count",
    "count_values",
    "sum",
    "average",
    "median",
    "min",
    "max",
    "range",
    "unique",
    "empty",
    "not_empty",
    "percent_empty",
    "percent_not_empty",
    "checked",
    "unchecked",
    "percent_checked",
    "percent_unchecked",
    "earliest_date",
    "latest_date",
    "date_range",
)
_LINE_COLORS = choice(
    "gray", "lightgray", "brown", "yellow", "orange", "green", "blue", "purple", "pink", "red"
)
_COLOR_THEMES = choice(
    "gray",
    "blue",
    "yellow",
    "green",
    "purple",
    "teal",
    "orange",
    "pink",
    "red",
    "auto",
    "colorful",
)
_CHART_FLAGS = (
    "color_by_value",
    "cumulative",
    "hide_empty_groups",
    "hide_line_fill_area",
    "hide_title",
    "show_data_labels",
    "smooth_line",
)
_CHART: dict[str, Shape] = {
    "x_axis": nullable(group_by),
    "y_axis": nullable(record({"aggregator": _AGGREGATORS}, {"property_id": a_property()})),
    "x_axis_property_id": nullable(a_property()),
    "y_axis_property_id": nullable(a_property()),
    "y_axis_min": nullable(number),
    "y_axis_max": nullable(number),
    "value": nullable(record({"aggregator": _AGGREGATORS}, {"property_id": a_property()})),
    "stack_by": nullable(group_by),
    "sort": nullable(
        choice("manual", "x_ascending", "x_descending", "y_ascending", "y_descending")
    ),
    "color_theme": nullable(_COLOR_THEMES),
    "height": _HEIGHT,
    "caption": nullable(text),
    "axis_labels": nullable(choice("none", "x_axis", "y_axis", "both")),
    "grid_lines": nullable(choice("none", "horizontal", "vertical", "both")),
    "group_style": nullable(choice("normal", "percent", "side_by_side")),
    "legend_position": nullable(choice("off", "bottom", "side")),
    "donut_labels": nullable(choice("none", "value", "name", "name_and_value")),
    "reference_lines": nullable(
        array(
            record(
                {
                    "value": number,
                    "label": text,
                    "color": _LINE_COLORS,
                    "dash_style": choice("solid", "dash"),
                },
                {"id": text},
            )
        )
    ),
    **dict.fromkeys(_CHART_FLAGS, _FLAG),
}
_TIMELINE: dict[str, Shape] = {
    "end_date_property_id": nullable(a_property(*_DATED)),
    "properties": _PROPERTIES,
    "show_table": _FLAG,
    "table_properties": _PROPERTIES,
    "preference": nullable(
        record(
            {
                "zoom_level": choice(
                    "hours", "day", "week", "bi_week", "month", "quarter", "year", "5_years"
                )
            },
            {"center_timestamp": number},
        )
    ),
    "arrows_by": nullable(record({}, {"property_id": nullable(a_property("relation"))})),
    "color_by": _FLAG,
}
_TABLE: dict[str, Shape] = {
    "properties": _PROPERTIES,
    "group_by": nullable(group_by),
    "subtasks": nullable(_SUBTASKS),
    "wrap_cells": boolean,
    "frozen_column_index": number,
    "show_vertical_lines": boolean,
}
# For each type of view: the required and the optional settings. A dashboard has none.
_SHAPES: dict[str, tuple[dict[str, Shape], dict[str, Shape]]] = {
    "table": ({}, _TABLE),
    "board": ({"group_by": group_by}, {"sub_group_by": nullable(group_by), **_CARDS}),
    "list": ({}, {"properties": _PROPERTIES}),
    "calendar": (
        {"date_property_id": a_property(*_DATED)},
        {
            "properties": _PROPERTIES,
            "view_range": nullable(choice("week", "month")),
            "show_weekends": _FLAG,
        },
    ),
    "timeline": ({"date_property_id": a_property(*_DATED)}, _TIMELINE),
    "gallery": ({}, _CARDS),
    "form": (
        {},
        {
            "is_form_closed": _FLAG,
            "anonymous_submissions": _FLAG,
            "submission_permissions": nullable(
                choice("none", "comment_only", "reader", "read_and_write", "editor")
            ),
        },
    ),
    "chart": ({"chart_type": choice("column", "bar", "line", "donut", "number")}, _CHART),
    "map": (
        {},
        {"height": _HEIGHT, "map_by": nullable(a_property("place")), "properties": _PROPERTIES},
    ),
}
# The ends of the names of settings that hold the id of a property.
_ID_SETTINGS = ("property_id", "toggle_column_id", "map_by")
# Settings with an id, and the settings with which responses also give the name.
_NAME_SETTINGS = {
    "property_id": "property_name",
    "date_property_id": "date_property_name",
    "end_date_property_id": "end_date_property_name",
    "map_by": "map_by_property_name",
}
# Responses give no names inside these settings.
_WITHOUT_NAMES = frozenset(("cover", "value", "y_axis", "subtasks", "arrows_by"))


def read(kind: str, sent: Any, schema: Schema, path: str = "body.configuration") -> Json:
    """Return a configuration. Raises 400 if it does not fit the type of the view."""
    # The rows of a dashboard are read-only: widgets are added as views (notion-api.md 2.6).
    if kind == "dashboard":
        raise body_error(path, "not present", sent)
    config = checks.an_object(sent, path)
    checks.one_of(checks.require(config, "type", path), (kind,), f"{path}.type")
    required, optional = _SHAPES[kind]
    shape = record({"type": choice(kind), **required}, optional)
    return dict(shape(schema, config, path))


def merge(old: Mapping[str, Any], changes: Mapping[str, Any]) -> Json:
    """Return a configuration after an update: null removes a setting, other keys replace it."""
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def default(kind: str, schema: Schema) -> Json:
    """Return the configuration of a view that a request creates without one.

    Raises 400 if it needs a property, and the schema has none of the right type.
    """
    if kind == "board":
        return {"type": kind, "group_by": _require_found(default_group_by(schema), "group_by")}
    if kind in ("calendar", "timeline"):
        dates = [prop for prop in schema.values() if prop.type in _STORED_DATES]
        date_id = ids.encode_property_id(dates[0].id) if dates else None
        return {"type": kind, "date_property_id": _require_found(date_id, "date_property_id")}
    if kind == "chart":
        return {"type": kind, "chart_type": "column"}
    return {"type": kind}


def _require_found(value: Any, key: str) -> Any:
    if value is None:
        raise body_error(f"body.configuration.{key}", "defined")
    return value


def serialize(config: Mapping[str, Any], schema: Schema) -> Json:
    """Return a configuration as responses show it.

    It has names in addition to ids, and no settings of deleted properties. Unlike in schemas, the
    ids are decoded (scripts that import views say so; nothing is recorded).
    """
    names = {ids.encode_property_id(prop.id): prop.name for prop in schema.values()}
    body = _with_names(config, names, gives_names=True)
    return {key: value for key, value in body.items() if value is not None}


def _with_names(config: Mapping[str, Any], names: Mapping[str, str], *, gives_names: bool) -> Json:
    body: Json = {}
    for key, value in config.items():
        if isinstance(value, dict):
            gives_names_inside = key not in _WITHOUT_NAMES
            body[key] = None
            if _is_live(value, names):
                body[key] = _with_names(value, names, gives_names=gives_names_inside)
        elif isinstance(value, list):
            live_items = [item for item in value if _is_live(item, names)]
            body[key] = [_with_names(item, names, gives_names=gives_names) for item in live_items]
        elif value in names and key.endswith(_ID_SETTINGS):
            body[key] = ids.decode_property_id(value)
        else:
            body[key] = value
        if gives_names and key in _NAME_SETTINGS and value in names:
            body[_NAME_SETTINGS[key]] = names[value]
    return body


def _is_live(setting: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Return whether the property of a setting still exists. A setting may have none."""
    return setting.get("property_id") is None or setting["property_id"] in names
