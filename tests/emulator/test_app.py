"""The envelope of every exchange: token, version, ids of requests, error bodies (recorded;
notion-api.md 5).
"""

from __future__ import annotations

import uuid

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from tests.conftest import client_of

from .conftest import Notion

MISSING = "7855b161-f63e-4683-b7c7-8ca6e97ee266"


def test_wrong_token_is_refused_before_anything_else(workspace: LocalWorkspace) -> None:
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(transport=transport, base_url="http://local/v1") as client:
        for headers in (
            {},
            {"Authorization": "Bearer ntn_wrong"},
            {"Authorization": workspace.token},
        ):
            response = client.get("/users/me", headers=headers)
            assert response.status_code == 401
            assert response.json()["message"] == "API token is invalid."


def test_version_header_is_needed_and_must_be_known(workspace: LocalWorkspace) -> None:
    with client_of(workspace, version="") as client:
        missing = client.get("/users/me")
    assert (missing.status_code, missing.json()["code"]) == (400, "missing_version")
    with client_of(workspace, version="2031-01-01") as client:
        unknown = client.get("/users/me")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "validation_error")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/invalid"), ("DELETE", "/users/me"), ("PUT", "/pages"), ("GET", "/blocks//children")],
)
def test_unknown_path_or_method_is_an_invalid_url(notion: Notion, method: str, path: str) -> None:
    error = notion.refused(method, path)
    assert (error["status"], error["code"], error["message"]) == (
        400,
        "invalid_request_url",
        "Invalid request URL.",
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"'])
def test_body_that_is_no_object_is_invalid_json(api: httpx.Client, body: bytes) -> None:
    response = api.post("/search", content=body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_json")


def test_every_object_carries_the_id_of_its_request(api: httpx.Client) -> None:
    response = api.get("/users/me")
    assert response.json()["request_id"] == response.headers["x-notion-request-id"]
    assert uuid.UUID(response.json()["request_id"])


def test_path_ids_are_checked(notion: Notion) -> None:
    # The variant bits count, dashes do not, and the all-zero id is merely unknown (recorded).
    error = notion.refused("GET", "/pages/12345678-1234-1234-1234-123456789abc")
    assert error["message"] == (
        "path failed validation: path.page_id should be a valid uuid, "
        'instead was `"12345678-1234-1234-1234-123456789abc"`.'
    )
    assert notion.refused("GET", f"/pages/{uuid.UUID(int=0)}")["status"] == 404
    assert notion.get(f"/pages/{notion.root.replace('-', '')}")["id"] == notion.root


def test_missing_object_names_the_integration(notion: Notion) -> None:
    me = notion.get("/users/me")
    error = notion.refused("GET", f"/databases/{MISSING}")
    assert (error["status"], error["code"]) == (404, "object_not_found")
    assert f"Could not find database with ID: {MISSING}." in error["message"]
    assert me["name"] in error["message"]
    assert error["additional_data"] == {"integration_id": me["id"]}


def test_older_version_also_has_archived(workspace: LocalWorkspace, notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source)
    paths = (
        f"/pages/{row['id']}",
        f"/data_sources/{source}",
        f"/databases/{row['parent']['database_id']}",
    )
    with client_of(workspace, version="2025-09-03") as client:
        older = [client.get(path).json() for path in paths]
    assert [body["archived"] for body in older] == [False] * 3
    assert all("archived" not in notion.get(path) for path in paths)


def test_users(notion: Notion) -> None:
    me = notion.get("/users/me")
    everyone = notion.get("/users", page_size=100)
    assert (everyone["type"], everyone["user"]) == ("user", {})
    assert {user["type"] for user in everyone["results"]} == {"person", "bot"}
    assert notion.get(f"/users/{me['id']}")["bot"]["owner"] == {
        "type": "workspace",
        "workspace": True,
    }
    first = notion.get("/users", page_size=1)
    rest = notion.get("/users", start_cursor=first["next_cursor"])
    assert first["results"] + rest["results"] == everyone["results"]


def test_custom_emojis_are_empty(notion: Notion) -> None:
    assert notion.get("/custom_emojis")["results"] == []


def test_templates_list_has_no_envelope(notion: Notion) -> None:
    answer = notion.get(f"/data_sources/{notion.database()}/templates")
    assert answer == {"templates": [], "has_more": False, "next_cursor": None}


def test_a_database_is_no_page_and_a_page_no_database(notion: Notion) -> None:
    database = notion.get(f"/data_sources/{notion.database()}")["parent"]["database_id"]
    for kind, held, notion_id in (
        ("page", "database", database),
        ("database", "page", notion.root),
    ):
        error = notion.refused("GET", f"/{kind}s/{notion_id}")
        assert (error["status"], error["code"]) == (400, "validation_error")
        assert error["message"].startswith(f"Provided ID {notion_id} is a {held}, not a {kind}.")
