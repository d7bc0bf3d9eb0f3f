"""Views of the local workspace and their queries (notion-api.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock

Json = dict[str, Any]

OPTIONS = {"options": [{"name": "New"}, {"name": "Done"}]}
SCHEMA = {
    "Name": {"title": {}},
    "Stage": {"select": OPTIONS},
    "Status": {"status": {}},
    "Due": {"date": {}},
    "Score": {"number": {}},
    "Note": {"rich_text": {}},
}
MANUAL = {"type": "manual"}


@dataclass(frozen=True)
class Table:
    """A database with one data source, and its property ids by name."""

    database: str
    source: str
    ids: Mapping[str, str]


@pytest.fixture
def table(api: httpx.Client, workspace: LocalWorkspace) -> Table:
    body = {
        "parent": {"type": "page_id", "page_id": workspace.root_page_id},
        "title": [{"text": {"content": "Features"}}],
        "initial_data_source": {"properties": SCHEMA},
    }
    database = api.post("/databases", json=body).json()
    source = database["data_sources"][0]["id"]
    properties = api.get(f"/data_sources/{source}").json()["properties"]
    return Table(database["id"], source, {name: each["id"] for name, each in properties.items()})


def create(api: httpx.Client, table: Table, kind: str = "table", **body: Any) -> Json:
    response = post(api, table, kind, **body)
    assert response.status_code == 200, response.text
    view: Json = response.json()
    return view


def post(api: httpx.Client, table: Table, kind: str = "table", **body: Any) -> httpx.Response:
    holder = {} if body.keys() & {"view_id", "create_database"} else {"database_id": table.database}
    return api.post(
        "/views",
        json={"data_source_id": table.source, "name": "View", "type": kind, **holder, **body},
    )


def refusal(response: httpx.Response) -> str:
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "validation_error"), response.text
    message: str = body["message"]
    return message


def tabs(api: httpx.Client, table: Table) -> list[str]:
    return [
        view["id"]
        for view in api.get("/views", params={"database_id": table.database}).json()["results"]
    ]


def test_a_new_database_has_one_table_view(api: httpx.Client, table: Table) -> None:
    listed = api.get("/views", params={"database_id": table.database}).json()
    assert (listed["type"], listed["has_more"], list(listed["results"][0])) == (
        "view",
        False,
        ["object", "id"],
    )
    (view_id,) = tabs(api, table)
    view = api.get(f"/views/{view_id}").json()
    assert (view["name"], view["type"], view["configuration"]) == (
        "Default view",
        "table",
        {"type": "table"},
    )
    assert (view["filter"], view["sorts"], view["quick_filters"]) == (None, None, None)
    assert view["parent"] == {"type": "database_id", "database_id": table.database}
    assert view["url"].endswith(f"{table.database.replace('-', '')}?v={view_id.replace('-', '')}")
    assert "dashboard_view_id" not in view
    assert view["created_time"].endswith("+00:00")


def test_a_second_data_source_has_its_own_view(api: httpx.Client, table: Table) -> None:
    body = {
        "parent": {"type": "database_id", "database_id": table.database},
        "properties": {"Name": {"title": {}}},
    }
    source = api.post("/data_sources", json=body).json()["id"]
    assert len(tabs(api, table)) == 2
    assert len(api.get("/views", params={"data_source_id": source}).json()["results"]) == 1


def test_positions_in_the_tab_bar(api: httpx.Client, table: Table) -> None:
    (default,) = tabs(api, table)
    last = create(api, table)["id"]
    first = create(api, table, position={"type": "start"})["id"]
    second = create(api, table, position={"type": "after_view", "view_id": first})["id"]
    assert tabs(api, table) == [first, second, default, last]


def configurations(ids: Mapping[str, str]) -> dict[str, Json]:
    return {
        "table": {
            "wrap_cells": True,
            "properties": [{"property_id": ids["Score"], "visible": False, "width": 200}],
        },
        "board": {
            "group_by": {"type": "select", "property_id": ids["Stage"], "sort": MANUAL},
            "cover_size": "small",
        },
        "list": {"properties": [{"property_id": "title"}]},
        "calendar": {"date_property_id": ids["Due"], "view_range": "week"},
        "timeline": {"date_property_id": ids["Due"], "preference": {"zoom_level": "month"}},
        "gallery": {"cover": {"type": "page_cover"}, "card_layout": "compact"},
        "form": {"is_form_closed": True, "submission_permissions": "none"},
        "chart": {
            "chart_type": "bar",
            "x_axis": {"type": "select", "property_id": ids["Stage"], "sort": MANUAL},
        },
        "map": {"height": "large"},
    }


@pytest.mark.parametrize("kind", configurations(dict.fromkeys(SCHEMA, "")))
def test_every_type_keeps_its_configuration(api: httpx.Client, table: Table, kind: str) -> None:
    sent = {"type": kind, **configurations(table.ids)[kind]}
    view = create(api, table, kind, configuration=sent)
    assert without_names(view["configuration"]) == shown_ids(sent)
    assert api.get(f"/views/{view['id']}").json() | {"request_id": ""} == view | {"request_id": ""}


def without_names(value: Any) -> Any:
    if isinstance(value, list):
        return [without_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_names(each) for key, each in value.items() if not key.endswith("property_name")
    }


def shown_ids(value: Any) -> Any:
    """Return settings as views show them: with decoded ids."""
    if isinstance(value, list):
        return [shown_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: unquote(each) if key.endswith("property_id") else shown_ids(each)
        for key, each in value.items()
    }


def test_properties_are_named_by_id_or_name_and_shown_by_id(
    api: httpx.Client, table: Table
) -> None:
    config = {
        "type": "board",
        "group_by": {
            "type": "status",
            "property_id": "Status",
            "group_by": "option",
            "sort": MANUAL,
        },
        "properties": [{"property_id": "Score", "visible": True}],
    }
    shown = create(api, table, "board", configuration=config)["configuration"]
    assert shown["group_by"]["property_id"] == unquote(table.ids["Status"])
    assert shown["group_by"]["property_name"] == "Status"
    score = {"property_id": unquote(table.ids["Score"]), "visible": True, "property_name": "Score"}
    assert shown["properties"] == [score]


REFUSED_CONFIGURATIONS: list[tuple[str, Json, str]] = [
    ("board", {}, "body.configuration.group_by should be defined"),
    ("calendar", {}, "body.configuration.date_property_id should be defined"),
    ("timeline", {"date_property_id": "Score"}, "is of type number, expected date"),
    ("chart", {}, "body.configuration.chart_type should be defined"),
    (
        "table",
        {"group_by": {"type": "select", "property_id": "Stage"}},
        "body.configuration.group_by.sort should be",
    ),
    (
        "table",
        {"properties": [{"property_id": "Nope"}]},
        "Could not find property with name or id: Nope",
    ),
    (
        "table",
        {"properties": [{"property_id": "Score", "width": 10}]},
        "width should be ≥ `32`, instead was `10`.",
    ),
    ("table", {"table": {}}, "body.configuration.table should be not present"),
    ("list", {"type": "table"}, 'body.configuration.type should be `"list"`'),
]


@pytest.mark.parametrize(("kind", "config", "message"), REFUSED_CONFIGURATIONS)
def test_configurations_that_do_not_fit(
    api: httpx.Client, table: Table, kind: str, config: Json, message: str
) -> None:
    assert message in refusal(post(api, table, kind, configuration={"type": kind, **config}))


GROUPINGS: list[tuple[Json, Json]] = [
    ({"select": OPTIONS}, {"type": "select"}),
    ({"status": {}}, {"type": "status", "group_by": "group"}),
    ({"people": {}}, {"type": "person"}),
    ({"date": {}}, {"type": "date", "group_by": "week", "start_day_of_week": 1}),
    ({"rich_text": {}}, {"type": "text", "group_by": "alphabet_prefix"}),
    ({"number": {}}, {"type": "number", "range_start": 0, "range_end": 100, "range_size": 10}),
    ({"checkbox": {}}, {"type": "checkbox", "hide_empty_groups": True}),
]


@pytest.mark.parametrize(("schema", "grouping"), GROUPINGS)
def test_groupings_follow_the_type_of_the_property(
    api: httpx.Client, table: Table, schema: Json, grouping: Json
) -> None:
    api.patch(f"/data_sources/{table.source}", json={"properties": {"By": schema}})
    group_by = {**grouping, "property_id": "By", "sort": MANUAL}
    shown = create(api, table, "board", configuration={"type": "board", "group_by": group_by})[
        "configuration"
    ]
    assert without_names(shown["group_by"]) == group_by | {
        "property_id": shown["group_by"]["property_id"]
    }
    other = {**group_by, "property_id": "Name"}
    assert "is of type title" in refusal(
        post(api, table, "board", configuration={"type": "board", "group_by": other})
    )


def test_formulas_are_grouped_by_their_result(api: httpx.Client, table: Table) -> None:
    formula = {"By": {"formula": {"expression": 'prop("Score") * 2'}}}
    assert (
        api.patch(f"/data_sources/{table.source}", json={"properties": formula}).status_code == 200
    )
    inner = {"type": "number", "range_size": 5, "sort": MANUAL}
    group_by = {"type": "formula", "property_id": "By", "group_by": inner}
    shown = create(api, table, "board", configuration={"type": "board", "group_by": group_by})[
        "configuration"
    ]
    assert shown["group_by"]["group_by"] == inner


def test_settings_of_deleted_properties_disappear(api: httpx.Client, table: Table) -> None:
    properties = [
        {"property_id": "Score", "visible": True},
        {"property_id": "Note", "visible": False},
    ]
    group_by = {"type": "number", "property_id": "Score", "sort": MANUAL}
    view = create(
        api, table, configuration={"type": "table", "properties": properties, "group_by": group_by}
    )
    api.patch(f"/data_sources/{table.source}", json={"properties": {"Score": None}})
    config = api.get(f"/views/{view['id']}").json()["configuration"]
    assert [entry["property_name"] for entry in config["properties"]] == ["Note"]
    assert "group_by" not in config


def test_what_dashboards_refuse(api: httpx.Client, table: Table) -> None:
    dashboard, plain = create(api, table, "dashboard")["id"], create(api, table)["id"]
    assert "dashboard views only" in refusal(post(api, table, view_id=plain))
    assert "cannot be a widget" in refusal(post(api, table, "dashboard", view_id=dashboard))
    row = {"type": "existing_row", "row_index": 0}
    assert "row_index should be" in refusal(post(api, table, view_id=dashboard, placement=row))
    create(api, table, view_id=dashboard)
    for _ in range(3):
        create(api, table, view_id=dashboard, placement=row)
    assert "at most 4 widgets" in refusal(post(api, table, view_id=dashboard, placement=row))
    assert "no rows of its own" in refusal(api.post(f"/views/{dashboard}/queries", json={}))
    assert "configuration should be not present" in refusal(
        post(api, table, "dashboard", configuration={"type": "dashboard"})
    )


def test_a_board_without_configuration_groups_by_the_status(
    api: httpx.Client, table: Table
) -> None:
    assert create(api, table, "board")["configuration"]["group_by"]["property_id"] == unquote(
        table.ids["Status"]
    )


def test_filters_and_sorts_follow_renames_and_deletions(api: httpx.Client, table: Table) -> None:
    stage, score = (
        {"property": "Stage", "select": {"equals": "New"}},
        {"property": "Score", "number": {"equals": 1}},
    )
    sorts = [
        {"property": "Score", "direction": "descending"},
        {"timestamp": "created_time", "direction": "ascending"},
    ]
    quick = {"Status": {"status": {"equals": "Done"}}}
    view = create(api, table, filter={"and": [stage, score]}, sorts=sorts, quick_filters=quick)
    assert (view["filter"], view["sorts"], view["quick_filters"]) == (
        {"and": [stage, score]},
        sorts,
        quick,
    )
    change = {"properties": {"Stage": {"name": "Phase"}, "Score": None}}
    assert api.patch(f"/data_sources/{table.source}", json=change).status_code == 200
    shown = api.get(f"/views/{view['id']}").json()
    assert shown["filter"] == {"and": [{**stage, "property": "Phase"}]}
    assert shown["sorts"] == sorts[1:]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"filter": {"property": "Nope", "number": {"equals": 1}}},
            "Could not find property with name or id: Nope",
        ),
        (
            {"sorts": [{"property": "Nope", "direction": "ascending"}]},
            "Could not find sort property with name or id: Nope",
        ),
        ({"quick_filters": {"Score": {"rich_text": {"equals": "1"}}}}, "does not match"),
        ({"view_id": "393abc1e-edcd-8162-9cea-000cc5ac5ec7", "database_id": "x"}, "Exactly one of"),
        ({"placement": {"type": "new_row"}}, "body.placement should be not present"),
        ({"type": "wall"}, "body.type should be"),
    ],
)
def test_what_create_refuses(api: httpx.Client, table: Table, body: Json, message: str) -> None:
    holder = {
        "data_source_id": table.source,
        "database_id": table.database,
        "name": "View",
        "type": "table",
    }
    assert message in refusal(api.post("/views", json={**holder, **body}))


def test_update_merges_configuration_and_quick_filters(
    api: httpx.Client, table: Table, clock: ManualClock
) -> None:
    quick = {"Stage": {"select": {"equals": "New"}}, "Score": {"number": {"equals": 1}}}
    view = create(
        api, table, configuration={"type": "table", "wrap_cells": True}, quick_filters=quick
    )
    clock.advance(seconds=3)
    change = {
        "name": "Renamed",
        "configuration": {"type": "table", "group_by": None, "frozen_column_index": 1},
        "quick_filters": {"Score": None, "Status": {"status": {"equals": "Done"}}},
        "filter": {"property": "Score", "number": {"is_empty": True}},
    }
    changed = api.patch(f"/views/{view['id']}", json=change).json()
    assert (changed["name"], changed["filter"]) == ("Renamed", change["filter"])
    assert changed["configuration"] == {
        "type": "table",
        "wrap_cells": True,
        "frozen_column_index": 1,
    }
    assert list(changed["quick_filters"]) == ["Stage", "Status"]
    assert changed["last_edited_time"] > changed["created_time"]
    cleared = api.patch(f"/views/{view['id']}", json={"filter": None, "quick_filters": None}).json()
    assert (cleared["filter"], cleared["quick_filters"], cleared["name"]) == (None, None, "Renamed")


def test_update_takes_neither_another_type_nor_timestamp_sorts(
    api: httpx.Client, table: Table
) -> None:
    view = create(api, table)["id"]
    assert "body.type should be not present" in refusal(
        api.patch(f"/views/{view}", json={"type": "board"})
    )
    sorts = [{"timestamp": "created_time", "direction": "ascending"}]
    assert "body.sorts[0].property should be defined" in refusal(
        api.patch(f"/views/{view}", json={"sorts": sorts})
    )


def test_the_last_view_stays(api: httpx.Client, table: Table) -> None:
    (default,) = tabs(api, table)
    assert "last view" in refusal(api.delete(f"/views/{default}"))
    other = create(api, table)["id"]
    deleted = api.delete(f"/views/{default}").json()
    assert {key: deleted[key] for key in ("object", "id", "type")} == {
        "object": "view",
        "id": default,
        "type": "table",
    }
    assert deleted.keys() == {"object", "id", "parent", "type", "request_id"}
    assert tabs(api, table) == [other]
    assert api.get(f"/views/{default}").status_code == 404


def test_dashboards_hold_widgets_in_rows(api: httpx.Client, table: Table) -> None:
    dashboard = create(api, table, "dashboard")
    assert (dashboard["data_source_id"], dashboard["configuration"]) == (
        None,
        {"type": "dashboard", "rows": []},
    )
    first = create(api, table, view_id=dashboard["id"])
    beside = {"type": "existing_row", "row_index": 0}
    second = create(api, table, "chart", view_id=dashboard["id"], placement=beside)
    assert second["dashboard_view_id"] == dashboard["id"]
    (row,) = api.get(f"/views/{dashboard['id']}").json()["configuration"]["rows"]
    assert [widget["view_id"] for widget in row["widgets"]] == [first["id"], second["id"]]
    assert first["id"] not in tabs(api, table)
    api.delete(f"/views/{first['id']}")
    api.delete(f"/views/{dashboard['id']}")
    assert api.get(f"/views/{second['id']}").status_code == 404


def test_a_linked_database_shows_another_ones_data_source(
    api: httpx.Client, workspace: LocalWorkspace, table: Table
) -> None:
    body: Json = {"children": [{"divider": {}}, {"divider": {}}]}
    first, second = api.patch(f"/blocks/{workspace.root_page_id}/children", json=body).json()[
        "results"
    ]
    where = {
        "parent": {"type": "page_id", "page_id": workspace.root_page_id},
        "position": {"type": "after_block", "block_id": first["id"]},
    }
    view = create(api, table, create_database=where)
    linked = view["parent"]["database_id"]
    assert (linked != table.database, view["data_source_id"]) == (True, table.source)
    views = api.get("/views", params={"data_source_id": table.source}).json()["results"]
    assert view["id"] in [each["id"] for each in views]
    blocks = api.get(f"/blocks/{workspace.root_page_id}/children").json()["results"]
    ids = [block["id"] for block in blocks]
    assert ids[ids.index(first["id"]) :] == [first["id"], linked, second["id"]]


def add_rows(api: httpx.Client, table: Table, *scores: int) -> list[str]:
    parent = {"type": "data_source_id", "data_source_id": table.source}
    bodies = [{"parent": parent, "properties": {"Score": {"number": score}}} for score in scores]
    return [api.post("/pages", json=body).json()["id"] for body in bodies]


def test_queries_keep_what_a_view_showed(
    api: httpx.Client, table: Table, clock: ManualClock
) -> None:
    one, two, three = add_rows(api, table, 1, 2, 3)
    view = create(
        api,
        table,
        filter={"or": [{"property": "Score", "number": {"greater_than": 1}}]},
        quick_filters={"Score": {"number": {"less_than": 9}}},
        sorts=[{"property": "Score", "direction": "descending"}],
    )["id"]
    query = api.post(f"/views/{view}/queries", json={"page_size": 1}).json()
    assert (query["object"], query["view_id"], query["total_count"]) == ("view_query", view, 2)
    assert (query["results"], query["has_more"]) == ([{"object": "page", "id": three}], True)
    add_rows(api, table, 8)
    url = f"/views/{view}/queries/{query['id']}"
    rest = api.get(url, params={"start_cursor": query["next_cursor"]}).json()
    assert (rest["results"], rest["has_more"], rest["type"]) == (
        [{"object": "page", "id": two}],
        False,
        "page",
    )
    assert one not in [page["id"] for page in api.get(url).json()["results"]]
    clock.advance(minutes=15)
    assert api.get(url).status_code == 404


def test_deleting_a_query_twice_changes_nothing(api: httpx.Client, table: Table) -> None:
    view = create(api, table)["id"]
    query = api.post(f"/views/{view}/queries", json={}).json()["id"]
    for _ in range(2):
        deleted = api.delete(f"/views/{view}/queries/{query}").json()
        assert (deleted["object"], deleted["id"], deleted["deleted"]) == ("view_query", query, True)
    assert api.get(f"/views/{view}/queries/{query}").status_code == 404
