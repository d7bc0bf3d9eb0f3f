"""Requests with random content get the API's own errors, and nothing invalid is stored."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.emulator import open_workspace
from tests.conftest import client_of

from .conftest import Json, Notion, text

JUNK: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**30,
        "",
        "x",
        "\0",
        "😀",
        "a" * 2500,
        [],
        {},
        [None],
        [[]],
        [{}],
    ),
    *(
        {"type": "x"},
        {"id": 1},
        {"name": None},
        {"start": "x"},
        {"equals": None},
        [{"name": "x"}],
        [{"id": "x"}],
    ),
    *(
        [{"text": {"content": None}}],
        [{"type": "mention", "mention": {}}],
        {"external": {}},
        {"property": []},
    ),
)


class Request(NamedTuple):
    method: str
    path: str
    body: Json


class World(NamedTuple):
    """A workspace, and one good request for each of its endpoints that take a body."""

    client: httpx.Client
    requests: tuple[Request, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    workspace = open_workspace(Path(tmp_path_factory.mktemp("junk"), "workspace.sqlite"))
    with client_of(workspace) as client:
        yield World(client, tuple(good_requests(Notion(client, workspace.root_page_id))))
    workspace.close()


def good_requests(notion: Notion) -> Iterator[Request]:
    target = notion.database("Targets", Score={"number": {}})
    relation = {
        "data_source_id": target,
        "type": "dual_property",
        "dual_property": {"synced_property_name": "Back"},
    }
    rollup = {"relation_property_name": "Link", "rollup_property_name": "Score", "function": "sum"}
    schema = {
        "Name": {"title": {}},
        "Note": {"rich_text": {}},
        "Size": {"number": {"format": "euro"}},
        "Stage": {"status": {"options": [{"name": "Idea", "color": "gray", "group": "To-do"}]}},
        "Tags": {"multi_select": {"options": [{"name": "a", "color": "red", "description": "A"}]}},
        "Due": {"date": {}},
        "Key": {"unique_id": {"prefix": "K"}},
        "Link": {"relation": relation},
        "Sum": {"rollup": rollup},
        "Half": {"formula": {"expression": 'prop("Size") / 2'}},
    }
    parent = {"type": "page_id", "page_id": notion.root}
    source = notion.database(
        "Known", **{name: each for name, each in schema.items() if name != "Name"}
    )
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    row = notion.row(source, "Row")["id"]
    values = {
        "Name": {
            "title": [
                {
                    "text": {"content": "A", "link": {"url": "https://example.com"}},
                    "annotations": {},
                }
            ]
        },
        "Note": {
            "rich_text": [
                {"type": "mention", "mention": {"type": "date", "date": {"start": "2026-01-01"}}}
            ]
        },
        "Size": {"number": 1},
        "Stage": {"status": {"name": "Idea"}},
        "Tags": {"multi_select": [{"name": "a"}]},
        "Due": {"date": {"start": "2026-01-01", "end": None, "time_zone": None}},
        "Link": {"relation": [{"id": notion.row(target, "T")["id"]}]},
    }
    block = {
        "type": "paragraph",
        "paragraph": {"rich_text": text("x"), "color": "red", "children": [{"divider": {}}]},
    }
    look: Json = {
        "icon": {"type": "emoji", "emoji": "🎯"},
        "cover": {"external": {"url": "https://example.com/a.png"}},
    }
    number = {"property": "Size", "number": {"greater_than": 1}}
    filtered: Json = {
        "filter": {
            "and": [number, {"or": [{"property": "Due", "date": {"past_week": {}}}, number]}]
        },
        "sorts": [{"property": "Size", "direction": "ascending"}],
    }
    table = {
        "type": "table",
        "properties": [{"property_id": "Size", "width": 100}],
        "wrap_cells": True,
    }
    view = notion.get("/views", database_id=database)["results"][0]["id"]
    yield Request(
        "POST",
        "/databases",
        {"parent": parent, "initial_data_source": {"properties": schema}, **look},
    )
    yield Request(
        "PATCH", f"/databases/{database}", {"title": text("x"), "description": text("y"), **look}
    )
    new_source = {
        "parent": {"type": "database_id", "database_id": database},
        "properties": {"Name": {"title": {}}},
    }
    yield Request("POST", "/data_sources", {**new_source, "title": text("x")})
    yield Request(
        "PATCH",
        f"/data_sources/{source}",
        {"properties": {"Size": {"number": {}}, "Other": {"date": {}}}},
    )
    yield Request("POST", f"/data_sources/{source}/query", {**filtered, "page_size": 5})
    yield Request(
        "POST",
        "/pages",
        {"parent": {"data_source_id": source}, "properties": values, "children": [block]},
    )
    yield Request("PATCH", f"/pages/{row}", {"properties": values, "is_locked": False, **look})
    yield Request("POST", f"/pages/{row}/move", {"parent": parent})
    insertion = {"type": "insert_content", "insert_content": {"content": "x"}}
    yield Request("PATCH", f"/pages/{row}/markdown", insertion)
    yield Request(
        "PATCH", f"/blocks/{row}/children", {"children": [block], "position": {"type": "start"}}
    )
    yield Request(
        "POST", "/search", {"query": "x", "sort": {"direction": "ascending"}, "page_size": 5}
    )
    named = {"database_id": database, "data_source_id": source, "name": "V", "type": "table"}
    yield Request("POST", "/views", {**named, "configuration": table, **filtered})
    yield Request(
        "PATCH",
        f"/views/{view}",
        {"name": "V", "configuration": table, "quick_filters": {}, **filtered},
    )
    yield Request("POST", f"/views/{view}/queries", {"page_size": 5})
    yield Request("POST", "/comments", {"parent": {"page_id": row}, "rich_text": text("x")})
    yield Request(
        "POST", "/file_uploads", {"mode": "multi_part", "filename": "a.txt", "number_of_parts": 2}
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of everything inside a body."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def replaced(body: Json, path: tuple[Any, ...], value: Any) -> Json:
    changed = copy.deepcopy(body)
    *way, last = path
    holder: Any = changed
    for key in way:
        holder = holder[key]
    holder[last] = value
    return changed


def test_the_requests_are_good(world: World) -> None:
    for method, path, body in world.requests:
        response = world.client.request(method, path, json=body)
        assert response.status_code == 200, f"{method} {path}: {response.text}"


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_request_is_an_unexpected_error(world: World, data: st.DataObject) -> None:
    method, path, body = data.draw(st.sampled_from(world.requests))
    place = data.draw(st.sampled_from(list(places(body))))
    junk = replaced(body, place, data.draw(st.sampled_from(JUNK)))
    response = world.client.request(method, path, json=junk)
    answer = response.json()
    assert response.status_code in (200, 400, 404), f"{method} {path} {place}: {response.text}"
    assert answer["object"] == "error" or response.status_code == 200
    assert answer["request_id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        (
            "POST",
            "/search",
            {"nonsense": 1},
            "body.nonsense should be not present, instead was `1`.",
        ),
        ("POST", "/search", {"query": 1}, "body.query should be a string, instead was `1`."),
        (
            "POST",
            "/search",
            {"query": "x", "page_size": 101},
            "body.page_size should be ≤ `100`, instead was `101`.",
        ),
        ("POST", "/search", {"page_size": -1}, "body.page_size should be ≥ `1`, instead was `-1`."),
        (
            "POST",
            "/search",
            {"page_size": "x"},
            'body.page_size should be a number, instead was `"x"`.',
        ),
        (
            "POST",
            "/search",
            {"page_size": False},
            "body.page_size should be a number, instead was `false`.",
        ),
        (
            "POST",
            "/databases",
            {"parent": {"type": "x", "page_id": "x"}},
            'body.parent.type should be `"page_id"`',
        ),
        ("POST", "/databases", {"parent": 1}, "body.parent should be an object, instead was `1`."),
        ("POST", "/pages", {}, "body.parent should be defined, instead was `undefined`."),
        (
            "POST",
            "/pages",
            {"parent": {}},
            "body.parent.page_id should be defined, instead was `undefined`.",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    notion: Notion, method: str, path: str, body: Json, message: str
) -> None:
    error = notion.refused(method, path, **body)
    assert (error["status"], error["code"]) == (400, "validation_error")
    assert message in error["message"]


@pytest.mark.parametrize("properties", [0, False, "", [], "x", 1])
def test_properties_are_an_object(notion: Notion, properties: Any) -> None:
    source = notion.database()
    for method, path in (("POST", "/pages"), ("PATCH", f"/data_sources/{source}")):
        parent = {"parent": {"data_source_id": source}} if method == "POST" else {}
        error = notion.refused(method, path, properties=properties, **parent)
        assert "body.properties should be an object, instead was" in error["message"]


def test_a_page_size_of_zero_is_the_default(notion: Notion) -> None:
    source = notion.database()
    for number in range(3):
        notion.row(source, str(number))
    assert len(notion.post(f"/data_sources/{source}/query", page_size=0)["results"]) == 3


def test_a_body_may_be_empty_and_must_not_be_huge(api: httpx.Client) -> None:
    assert api.post("/search").status_code == 200
    huge = api.post("/search", json={"query": "x" * 600_000})
    assert (huge.status_code, huge.json()["code"]) == (400, "validation_error")


def test_ids_may_lack_their_dashes_everywhere(notion: Notion) -> None:
    source = notion.database()
    bare = source.replace("-", "")
    made = notion.post("/pages", parent={"data_source_id": bare}, properties={})
    assert made["parent"]["data_source_id"] == source
    assert notion.post(f"/data_sources/{bare}/query")["results"][0]["id"] == made["id"]


@pytest.mark.parametrize("name", ["Größe", "ⓐ", "😀"])
def test_paths_may_hold_any_character(notion: Notion, name: str) -> None:
    schema: Json = {name: {"number": {}}}
    row = notion.row(notion.database("Named", **schema), "Row", **{name: {"number": 1}})
    assert notion.get(f"/pages/{row['id']}/properties/{name}")["number"] == 1
    error = notion.refused("GET", f"/pages/{name}")
    assert (
        error["message"]
        == f'path failed validation: path.page_id should be a valid uuid, instead was `"{name}"`.'
    )


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"query":' + b"[" * 980 + b"]" * 980 + b"}"])
def test_deeply_nested_bodies_are_refused(api: httpx.Client, body: bytes) -> None:
    assert api.post("/search", content=body).status_code == 400
