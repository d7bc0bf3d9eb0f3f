"""Views of templates in the API's JSON: conditions as filters, order, visible properties,
groups."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm.provision.plan import fingerprint
from notion_pm.template.view_json import ViewJson, view_json
from tests.support.template_worlds import load

_PROPERTIES: dict[str, Any] = {
    "name": {"type": "title", "title": "Name"},
    "status": {
        "type": "status",
        "title": "Status",
        "options": [
            {"key": "idea", "name": "Idea"},
            {"key": "spec", "name": "Spec"},
            {"key": "done", "name": "Done", "group": "complete"},
        ],
    },
    "tags": {"type": "multi_select", "title": "Tags", "options": [{"key": "x", "name": "X"}]},
    "size": {"type": "number", "title": "Size"},
    "due": {"type": "date", "title": "Due"},
    "owner": {"type": "people", "title": "Owner"},
    "link": {"type": "url", "title": "Link"},
}


def _view(**view: Any) -> ViewJson:
    database = {
        "title": "T",
        "properties": _PROPERTIES,
        "views": {"v": {"title": "V", "type": "table", **view}},
    }
    template = load({"databases": {"t": database}}).template
    ids = {key: f"id-{key}" for key in _PROPERTIES}
    return view_json(template, "t", "v", ids, lambda key, option: option.title())


@pytest.mark.parametrize(
    ("where", "filter_json"),
    [
        ({}, None),
        ({"status": "idea"}, {"property": "id-status", "status": {"equals": "Idea"}}),
        (
            {"status": ["idea", "spec"]},
            {
                "or": [
                    {"property": "id-status", "status": {"equals": "Idea"}},
                    {"property": "id-status", "status": {"equals": "Spec"}},
                ]
            },
        ),
        ({"status": {"category": "done"}}, {"property": "id-status", "status": {"equals": "Done"}}),
        ({"tags": "x"}, {"property": "id-tags", "multi_select": {"contains": "X"}}),
        (
            {"tags": {"not": "x"}},
            {"property": "id-tags", "multi_select": {"does_not_contain": "X"}},
        ),
        ({"owner": {"empty": False}}, {"property": "id-owner", "people": {"is_not_empty": True}}),
        ({"link": {"contains": "git"}}, {"property": "id-link", "url": {"contains": "git"}}),
        (
            {"size": {"at_least": 3, "less_than": 8}, "due": {"before": "today"}},
            {
                "and": [
                    {"property": "id-size", "number": {"greater_than_or_equal_to": 3.0}},
                    {"property": "id-size", "number": {"less_than": 8.0}},
                    {"property": "id-due", "date": {"before": "today"}},
                ]
            },
        ),
    ],
)
def test_conditions_become_filters(
    where: dict[str, Any], filter_json: dict[str, Any] | None
) -> None:
    assert _view(where=where).filter == filter_json


@pytest.mark.parametrize(
    ("quick", "filters"),
    [
        ({"status": "idea"}, {"id-status": {"status": {"equals": "Idea"}}}),
        ({"status": {"category": "todo"}}, {"id-status": {"status": {"equals": ["Idea", "Spec"]}}}),
        (
            {"status": {"not": ["idea", "done"]}},
            {"id-status": {"status": {"does_not_equal": ["Idea", "Done"]}}},
        ),
        (
            {"tags": "x", "owner": {"empty": True}},
            {
                "id-tags": {"multi_select": {"contains": "X"}},
                "id-owner": {"people": {"is_empty": True}},
            },
        ),
    ],
)
def test_quick_filters_go_by_property(quick: dict[str, Any], filters: dict[str, Any]) -> None:
    assert _view(quick=quick).quick_filters == filters


def test_sorts_and_visible_properties_keep_their_order() -> None:
    view = _view(sort=[{"due": "descending"}, {"name": "ascending"}], show=["due", "name"])
    assert view.sorts == (
        {"property": "id-due", "direction": "descending"},
        {"property": "id-name", "direction": "ascending"},
    )
    assert view.configuration is not None
    shown = view.configuration["properties"]
    assert [each["property_id"] for each in shown if each["visible"]] == ["id-due", "id-name"]
    assert {each["property_id"] for each in shown} == {f"id-{key}" for key in _PROPERTIES}


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("status", {"type": "status", "group_by": "option"}),
        ("owner", {"type": "person"}),
        ("due", {"type": "date", "group_by": "month"}),
    ],
)
def test_a_board_is_grouped_as_its_property_asks(key: str, group: dict[str, Any]) -> None:
    grouped = {**group, "property_id": f"id-{key}", "sort": {"type": "manual"}}
    assert _view(type="board", group_by=key).configuration == {"type": "board", "group_by": grouped}


def test_a_timeline_has_its_dates() -> None:
    assert _view(type="timeline", date="due", end_date="due").configuration == {
        "type": "timeline",
        "date_property_id": "id-due",
        "end_date_property_id": "id-due",
    }


@pytest.mark.parametrize(
    ("view", "configuration"),
    [
        ({"chart": "number"}, {"value": {"aggregator": "count"}}),
        (
            {"chart": "number", "measure": {"sum": "size"}},
            {"value": {"aggregator": "sum", "property_id": "id-size"}},
        ),
        (
            {
                "chart": "bar",
                "group_by": "tags",
                "stack_by": "owner",
                "measure": {"average": "size"},
            },
            {
                "x_axis": {
                    "type": "multi_select",
                    "property_id": "id-tags",
                    "sort": {"type": "manual"},
                },
                "stack_by": {
                    "type": "person",
                    "property_id": "id-owner",
                    "sort": {"type": "manual"},
                },
                "y_axis": {"aggregator": "average", "property_id": "id-size"},
            },
        ),
        (
            {"chart": "bar", "group_by": "name"},
            {
                "x_axis": {
                    "type": "title",
                    "property_id": "id-name",
                    "sort": {"type": "manual"},
                    "group_by": "exact",
                },
                "y_axis": {"aggregator": "count"},
            },
        ),
    ],
)
def test_a_chart_has_axes_or_a_single_value(
    view: dict[str, Any], configuration: dict[str, Any]
) -> None:
    assert _view(type="chart", **view).configuration == {
        "type": "chart",
        "chart_type": view["chart"],
        **configuration,
    }


def test_cards_and_forms() -> None:
    gallery = {"type": "gallery", "cover": {"type": "page_content"}}
    assert _view(type="gallery", cover="page_content").configuration == gallery
    assert _view(type="form", anonymous=True).configuration == {
        "type": "form",
        "anonymous_submissions": True,
    }


def test_the_options_of_a_category_are_part_of_the_fingerprint() -> None:
    def mark(category: str) -> str:
        status = {**_PROPERTIES["status"]}
        status["options"] = [
            *_PROPERTIES["status"]["options"],
            {"key": "new", "name": "New", "category": category},
        ]
        view = {"title": "V", "type": "list", "where": {"status": {"category": "doing"}}}
        database = {
            "title": "T",
            "properties": {**_PROPERTIES, "status": status},
            "views": {"v": view},
        }
        return fingerprint.of_view(load({"databases": {"t": database}}).template, "t", "v")

    assert mark("doing") != mark("done")
