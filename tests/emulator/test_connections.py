"""Further connections: what they may do, and what of the workspace they may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.store.access import required_capabilities
from tests.conftest import client_of

from .conftest import Notion, text

Json = dict[str, Any]


class Connecting:
    """Make clients of further connections."""

    def __init__(self, workspace: LocalWorkspace, stack: ExitStack) -> None:
        self._workspace, self._stack = workspace, stack

    def __call__(
        self, *capabilities: str, shared: tuple[str, ...] = (), name: str = "reader"
    ) -> Notion:
        token = self._workspace.connect(name, capabilities, shared)
        client = self._stack.enter_context(client_of(self._workspace))
        client.headers["Authorization"] = f"Bearer {token}"
        return Notion(client, self._workspace.root_page_id)


@pytest.fixture
def connecting(workspace: LocalWorkspace) -> Iterator[Connecting]:
    """Make clients of further connections."""
    with ExitStack() as stack:
        yield Connecting(workspace, stack)


def page_on(notion: Notion, parent: str, title: str = "Page") -> str:
    body = {"parent": {"page_id": parent}, "properties": {"title": {"title": text(title)}}}
    return str(notion.post("/pages", **body)["id"])


@pytest.mark.parametrize(
    ("method", "path", "capabilities"),
    [
        ("GET", "/v1/users/me", set()),
        ("GET", "/v1/users", {"read_users"}),
        ("GET", "/v1/pages/x", {"read"}),
        ("POST", "/v1/data_sources/x/query", {"read"}),
        ("POST", "/v1/search", {"read"}),
        ("POST", "/v1/views/x/queries", {"read"}),
        ("DELETE", "/v1/views/x/queries/y", {"read"}),
        ("POST", "/v1/pages", {"insert"}),
        ("POST", "/v1/databases", {"insert"}),
        ("PATCH", "/v1/blocks/x/children", {"insert"}),
        ("POST", "/v1/file_uploads/x/send", {"insert"}),
        ("POST", "/v1/views", {"insert", "update"}),
        ("PATCH", "/v1/pages/x", {"update"}),
        ("POST", "/v1/pages/x/move", {"update"}),
        ("PATCH", "/v1/pages/x/markdown", {"update"}),
        ("DELETE", "/v1/blocks/x", {"update"}),
        ("GET", "/v1/comments", {"read_comments"}),
        ("POST", "/v1/comments", {"insert_comments"}),
    ],
)
def test_capability_that_a_request_needs(method: str, path: str, capabilities: set[str]) -> None:
    assert required_capabilities(method, path) == capabilities


def test_reader_reads_and_nothing_else(connecting: Connecting, notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "One")
    reader = connecting("read")
    assert reader.get(f"/pages/{row['id']}")["id"] == row["id"]
    assert reader.post(f"/data_sources/{source}/query")["results"]
    for method, path in (
        ("PATCH", f"/pages/{row['id']}"),
        ("POST", "/pages"),
        ("GET", "/users"),
        ("GET", "/comments"),
    ):
        error = reader.refused(method, path)
        assert (error["status"], error["code"]) == (403, "restricted_resource")
        assert error["message"] == "Insufficient permissions for this endpoint."


def test_each_connection_is_a_separate_bot(connecting: Connecting, notion: Notion) -> None:
    writer = connecting("read", "insert", "read_users", name="writer")
    me = writer.get("/users/me")
    assert (me["name"], me["type"]) == ("writer", "bot")
    made = writer.get(f"/pages/{page_on(writer, notion.root)}")
    assert made["created_by"]["id"] == me["id"] != notion.get("/users/me")["id"]
    bots = {
        user["id"]: user["bot"] for user in notion.get("/users")["results"] if user["type"] == "bot"
    }
    assert bots == {me["id"]: {}, notion.get("/users/me")["id"]: notion.get("/users/me")["bot"]}


def test_email_addresses_are_a_capability(connecting: Connecting) -> None:
    def people(reader: Notion) -> list[Json]:
        return [
            user["person"] for user in reader.get("/users")["results"] if user["type"] == "person"
        ]

    assert people(connecting("read_users")) == [{}]
    assert people(connecting("read_users", "read_emails", name="mailer")) == [
        {"email": "pm@example.com"}
    ]


def test_what_is_not_shared_is_not_found(connecting: Connecting, notion: Notion) -> None:
    shared, hidden = page_on(notion, notion.root, "Shared"), page_on(notion, notion.root, "Hidden")
    source = notion.database("Hidden too")
    row = notion.row(source, "Row")
    database, view = (
        row["parent"]["database_id"],
        notion.get("/views", data_source_id=source)["results"][0]["id"],
    )
    comment = notion.post("/comments", parent={"page_id": hidden}, rich_text=text("?"))["id"]
    reader = connecting("read", "update", "insert", "read_comments", shared=(shared,))
    assert reader.get(f"/pages/{shared}")["parent"] == {"type": "page_id", "page_id": notion.root}
    paths = [
        f"/pages/{hidden}",
        f"/pages/{notion.root}",
        f"/pages/{row['id']}",
        f"/databases/{database}",
    ]
    paths += [
        f"/data_sources/{source}",
        f"/views/{view}",
        f"/blocks/{hidden}",
        f"/blocks/{hidden}/children",
    ]
    paths += [
        f"/pages/{hidden}/markdown",
        f"/pages/{hidden}/properties/title",
        f"/comments/{comment}",
    ]
    paths += [f"/comments?block_id={hidden}", f"/views?database_id={database}"]
    for path in paths:
        error = reader.refused("GET", path)
        assert (error["status"], error["code"]) == (404, "object_not_found"), path
        assert 'shared with your integration "reader".' in error["message"]
        assert error["additional_data"] == {"integration_id": reader.get("/users/me")["id"]}
    for method, path in (("POST", f"/data_sources/{source}/query"), ("PATCH", f"/pages/{hidden}")):
        assert reader.refused(method, path)["status"] == 404
    assert reader.refused("POST", "/pages", parent={"page_id": hidden})["status"] == 404
    assert [hit["id"] for hit in reader.post("/search")["results"]] == [shared]


def test_sharing_is_inherited_by_all_below(connecting: Connecting, notion: Notion) -> None:
    top = page_on(notion, notion.root)
    middle = page_on(notion, top)
    made = notion.post("/databases", parent={"page_id": middle}, title=text("Deep"))
    source = made["data_sources"][0]["id"]
    row = notion.row(source, "Row")
    child = page_on(notion, row["id"])
    appended = notion.patch(
        f"/blocks/{child}/children", children=[{"paragraph": {"rich_text": text("Words")}}]
    )
    block = appended["results"][0]["id"]
    reader = connecting("read", "update", shared=(top,))
    for path in (
        f"/databases/{made['id']}",
        f"/data_sources/{source}",
        f"/pages/{child}",
        f"/blocks/{block}",
    ):
        reader.get(path)
    reader.patch(f"/blocks/{block}", paragraph={"rich_text": text("Other words")})
    assert reader.refused("GET", f"/pages/{notion.root}")["status"] == 404


def test_a_single_row_can_be_shared_and_changed(connecting: Connecting, notion: Notion) -> None:
    source = notion.database(Done={"checkbox": {}})
    row, other = notion.row(source, "Mine"), notion.row(source, "Not mine")
    writer = connecting("read", "update", shared=(row["id"],))
    changed = writer.patch(f"/pages/{row['id']}", properties={"Done": {"checkbox": True}})
    assert changed["parent"]["data_source_id"] == source
    assert writer.refused("GET", f"/data_sources/{source}")["status"] == 404
    assert writer.refused("GET", f"/pages/{other['id']}")["status"] == 404


def test_moving_away_ends_the_sharing(connecting: Connecting, notion: Notion) -> None:
    shared, outside = page_on(notion, notion.root), page_on(notion, notion.root)
    inner = page_on(notion, shared)
    reader = connecting("read", shared=(shared,))
    reader.get(f"/pages/{inner}")
    notion.post(f"/pages/{inner}/move", parent={"page_id": outside})
    assert reader.refused("GET", f"/pages/{inner}")["status"] == 404


def test_connection_of_the_same_name_is_changed(
    workspace: LocalWorkspace, connecting: Connecting
) -> None:
    reader = connecting("read")
    assert reader.refused("GET", "/users")["status"] == 403
    token = workspace.connect("reader", ["read", "read_users"])
    assert reader.client.headers["Authorization"] == f"Bearer {token}"
    reader.get("/users")


def test_faulty_connections_are_refused(workspace: LocalWorkspace) -> None:
    for capabilities, shared in (
        (["fly"], []),
        (["read"], ["7855b161-f63e-4683-b7c7-8ca6e97ee266"]),
    ):
        with pytest.raises(ApiError):
            workspace.connect("faulty", capabilities, shared)


def test_connections_outlive_a_reset(
    workspace: LocalWorkspace, connecting: Connecting, notion: Notion
) -> None:
    reader = connecting("read")
    notion.database()
    workspace.reset()
    assert reader.get(f"/pages/{workspace.root_page_id}")["id"] == workspace.root_page_id


def test_unknown_tokens_are_still_refused(
    workspace: LocalWorkspace, connecting: Connecting
) -> None:
    connecting("read")
    with client_of(workspace) as client:
        for value in ("Bearer ", "Bearer ntn_wrong", "Basic x"):
            client.headers["Authorization"] = value
            response: httpx.Response = client.get("/users/me")
            assert response.status_code == 401
