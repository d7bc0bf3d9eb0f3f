"""The local workspace under notion-client, the Python SDK, and its helpers, in both versions of the
API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from notion_client import APIErrorCode, APIResponseError, Client, helpers, is_notion_client_error

from notion_pm.emulator import LocalWorkspace
from tests.conftest import client_of

from .conftest import Notion, text

VERSIONS = ("2025-09-03", "2026-03-11")
OLDEST = "2022-06-28"


@pytest.fixture(params=VERSIONS)
def sdk(workspace: LocalWorkspace, request: pytest.FixtureRequest) -> Iterator[Client]:
    yield from client(workspace, request.param)


def client(workspace: LocalWorkspace, version: str) -> Iterator[Client]:
    with httpx.Client(transport=httpx.WSGITransport(app=workspace.app)) as http:
        yield Client(auth=workspace.token, notion_version=version, client=http, retry=False)


@pytest.fixture
def source(notion: Notion) -> str:
    """A data source of seven rows, oldest first 0 to 6."""
    source = notion.database("Numbers", Number={"number": {}})
    for number in range(7):
        notion.row(source, str(number), Number={"number": number})
    return source


def numbers(rows: list[Any]) -> list[int]:
    return [row["properties"]["Number"]["number"] for row in rows]


def test_queries_are_paged(sdk: Any, source: str) -> None:
    rows = helpers.collect_paginated_api(sdk.data_sources.query, data_source_id=source, page_size=3)
    assert numbers(rows) == [6, 5, 4, 3, 2, 1, 0]
    assert all(
        helpers.is_full_page(row) and helpers.is_full_page_or_data_source(row) for row in rows
    )
    above = {"property": "Number", "number": {"greater_than": 4}}
    query = helpers.iterate_paginated_api(
        sdk.data_sources.query, data_source_id=source, filter=above, page_size=1
    )
    assert numbers(list(query)) == [6, 5]


def test_children_users_comments_views_and_search_are_paged(
    sdk: Any, workspace: LocalWorkspace, source: str
) -> None:
    page = sdk.pages.create(
        parent={"page_id": workspace.root_page_id},
        properties={"title": text("Many blocks")},
        children=[{"paragraph": {"rich_text": text(str(n))}} for n in range(5)],
    )
    sdk.comments.create(parent={"page_id": page["id"]}, rich_text=text("one"))
    sdk.comments.create(parent={"page_id": page["id"]}, rich_text=text("two"))
    blocks = helpers.collect_paginated_api(
        sdk.blocks.children.list, block_id=page["id"], page_size=2
    )
    assert len(blocks) == 5
    assert all(helpers.is_full_block(block) for block in blocks)
    comments = helpers.collect_paginated_api(sdk.comments.list, block_id=page["id"], page_size=1)
    assert [comment["rich_text"][0]["plain_text"] for comment in comments] == ["one", "two"]
    users = helpers.collect_paginated_api(sdk.users.list, page_size=1)
    assert {user["type"] for user in users} == {"bot", "person"}
    assert all(helpers.is_full_user(user) for user in users)
    views = helpers.collect_paginated_api(sdk.views.list, data_source_id=source, page_size=1)
    assert [helpers.is_full_view(view) for view in views] == [False]  # lists name views by id alone
    assert helpers.is_full_view(sdk.views.retrieve(view_id=views[0]["id"]))
    found = helpers.collect_paginated_api(sdk.search, query="Many blocks", page_size=1)
    assert [each["id"] for each in found] == [page["id"]]


def test_long_values_are_paged(sdk: Any, notion: Notion) -> None:
    targets = notion.database("Targets")
    relation = {
        "relation": {"data_source_id": targets, "type": "single_property", "single_property": {}}
    }
    made = [{"id": notion.row(targets, str(n))["id"]} for n in range(30)]
    row = notion.row(
        notion.database("Holders", Targets=relation), "Holder", Targets={"relation": made}
    )
    items = helpers.collect_paginated_api(
        sdk.pages.properties.retrieve,
        page_id=row["id"],
        property_id=row["properties"]["Targets"]["id"],
        page_size=7,
    )
    assert [item["relation"] for item in items] == made


def test_there_are_no_templates(sdk: Any, source: str) -> None:
    templates = helpers.collect_data_source_templates(
        sdk.data_sources.list_templates, data_source_id=source
    )
    assert templates == list(
        helpers.iterate_data_source_templates(
            sdk.data_sources.list_templates, data_source_id=source
        )
    )
    assert templates == []


def test_databases_and_data_sources_are_full(sdk: Any, source: str) -> None:
    data_source = sdk.data_sources.retrieve(data_source_id=source)
    assert helpers.is_full_data_source(data_source)
    assert helpers.is_full_database(
        sdk.databases.retrieve(database_id=data_source["parent"]["database_id"])
    )


def test_ids_are_taken_as_people_write_them(sdk: Any, source: str) -> None:
    row = sdk.data_sources.query(data_source_id=source, page_size=1)["results"][0]
    bare = row["id"].replace("-", "")
    assert helpers.extract_page_id(f"https://www.notion.so/Title-{bare}") == row["id"]
    for written in (row["id"], bare, row["id"].upper(), helpers.get_id(helpers.get_url(row["id"]))):
        assert sdk.pages.retrieve(page_id=written)["id"] == row["id"]


def test_only_wanted_properties_are_returned(sdk: Any, source: str) -> None:
    number = sdk.data_sources.retrieve(data_source_id=source)["properties"]["Number"]["id"]
    for wanted in ("Number", unquote(number)):
        row = sdk.data_sources.query(data_source_id=source, filter_properties=[wanted])["results"][
            0
        ]
        assert list(row["properties"]) == ["Number"]


def test_errors_have_distinct_codes(sdk: Any) -> None:
    with pytest.raises(APIResponseError) as refused:
        sdk.pages.retrieve(page_id="7855b161-f63e-4683-b7c7-8ca6e97ee266")
    error = refused.value
    assert is_notion_client_error(error)
    assert (error.status, error.code) == (404, APIErrorCode.ObjectNotFound)
    assert error.request_id
    with pytest.raises(APIResponseError) as unauthorized:
        sdk.users.me(auth="ntn_wrong")
    assert (unauthorized.value.status, unauthorized.value.code) == (401, APIErrorCode.Unauthorized)


def test_trash_has_the_names_of_the_version(sdk: Any, source: str) -> None:
    row = sdk.data_sources.query(data_source_id=source, page_size=1)["results"][0]
    trashed = sdk.pages.update(page_id=row["id"], in_trash=True)
    assert trashed["in_trash"]
    assert trashed.get("archived") is (True if sdk.options.notion_version == VERSIONS[0] else None)
    assert len(sdk.data_sources.query(data_source_id=source)["results"]) == 6


def test_the_version_before_data_sources_is_refused(workspace: LocalWorkspace, source: str) -> None:
    with client_of(workspace, OLDEST) as old:
        for path in (f"/data_sources/{source}", f"/pages/{workspace.root_page_id}", "/users/me"):
            refused = old.get(path)
            assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
            assert all(version in refused.json()["message"] for version in VERSIONS)
