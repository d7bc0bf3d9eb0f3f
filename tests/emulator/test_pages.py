"""Pages, databases and data sources: create, update, move, trash (notion-api.md 2.1 to 2.3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock
from tests.conftest import client_of

from .conftest import Json, Notion, text

MISSING = "7855b161-f63e-4683-b7c7-8ca6e97ee266"


def children(notion: Notion, page_id: str) -> list[str]:
    return [block["id"] for block in notion.get(f"/blocks/{page_id}/children")["results"]]


def subpage(notion: Notion, title: str, **body: Any) -> Json:
    return notion.post(
        "/pages",
        parent={"page_id": notion.root},
        properties={"title": {"title": text(title)}},
        **body,
    )


def test_page_under_a_page(notion: Notion) -> None:
    page = subpage(notion, "Plans & more", icon={"emoji": "🧩"})
    assert page["parent"] == {"type": "page_id", "page_id": notion.root}
    assert page["properties"]["title"]["title"][0]["plain_text"] == "Plans & more"
    assert page["icon"] == {"type": "emoji", "emoji": "🧩"}
    assert page["url"] == f"https://app.notion.com/p/Plans-more-{page['id'].replace('-', '')}"
    again = notion.get(f"/pages/{page['id']}")
    assert {**again, "request_id": page["request_id"]} == page
    assert children(notion, notion.root) == [page["id"]]


def test_row_names_its_data_source_and_database(notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "A")
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    assert row["parent"] == {
        "type": "data_source_id",
        "data_source_id": source,
        "database_id": database,
    }
    by_database = notion.post("/pages", parent={"database_id": database}, properties={})
    assert by_database["parent"] == row["parent"]


def test_database_of_several_sources_is_no_parent(notion: Notion) -> None:
    database = notion.get(f"/data_sources/{notion.database()}")["parent"]["database_id"]
    second = notion.post(
        "/data_sources", parent={"database_id": database}, properties={"Name": {"title": {}}}
    )
    error = notion.refused("POST", "/pages", parent={"database_id": database}, properties={})
    assert error["additional_data"]["error_type"] == "multiple_data_sources_for_database"
    assert second["id"] in error["additional_data"]["child_data_source_ids"]


def test_page_content_from_children_and_from_markdown(notion: Notion) -> None:
    blocks = [{"paragraph": {"rich_text": text("Hello")}}]
    by_blocks = subpage(notion, "Blocks", children=blocks)
    by_markdown = subpage(notion, "Markdown", markdown="Hello")
    contents = [
        notion.get(f"/blocks/{page['id']}/children")["results"][0]["paragraph"]["rich_text"][0][
            "plain_text"
        ]
        for page in (by_blocks, by_markdown)
    ]
    assert contents == ["Hello", "Hello"]
    both = {"children": blocks, "markdown": "Hello"}
    error = notion.refused("POST", "/pages", parent={"page_id": notion.root}, properties={}, **both)
    assert "body.markdown should be not present" in error["message"]


def test_new_page_takes_its_place(notion: Notion) -> None:
    first, second = subpage(notion, "1")["id"], subpage(notion, "2")["id"]
    between = subpage(notion, "3", position={"type": "after_block", "after_block": {"id": first}})[
        "id"
    ]
    top = subpage(notion, "4", position={"type": "page_start"})["id"]
    last = subpage(notion, "5", position={"type": "page_end"})["id"]
    assert children(notion, notion.root) == [top, first, between, second, last]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "body failed validation: body.parent should be defined, instead was `undefined`."),
        ({"parent": {}}, "body.parent.page_id should be defined"),
        ({"parent": {"page_id": "x"}}, "body.parent.page_id should be a valid uuid"),
        ({"parent": {"workspace": True}}, "Internal integrations aren't owned by a single user"),
        ({"parent": {"page_id": MISSING}}, f"Could not find page with ID: {MISSING}."),
        (
            {"parent": {"data_source_id": MISSING}},
            f"Could not find data_source with ID: {MISSING}.",
        ),
        ({"parent": "ROOT", "colour": 1}, "body.colour should be not present, instead was `1`."),
        ({"parent": "ROOT", "properties": {"Nope": {}}}, "Nope is not a property that exists."),
        ({"parent": "ROOT", "icon": {"emoji": 3}}, "body.icon.emoji should be a string"),
        ({"parent": "ROOT", "template": {"type": "default"}}, "no such template"),
    ],
)
def test_wrong_pages_are_refused(notion: Notion, body: Json, message: str) -> None:
    if body.get("parent") == "ROOT":
        body = {**body, "parent": {"page_id": notion.root}}
    assert message in notion.refused("POST", "/pages", **body)["message"]
    assert children(notion, notion.root) == []


def test_notions_own_icons_come_back_by_name(notion: Notion) -> None:
    page = subpage(
        notion, "A", icon={"external": {"url": "https://www.notion.so/icons/snake_purple.svg"}}
    )
    assert page["icon"] == {"type": "icon", "icon": {"name": "snake", "color": "purple"}}
    cover = {
        "type": "external",
        "external": {"url": "https://www.notion.so/icons/snake_purple.svg"},
    }
    assert notion.patch(f"/pages/{page['id']}", cover=cover, icon=None)["cover"] == cover


def test_times_are_cut_to_the_minute_but_for_databases(notion: Notion, clock: ManualClock) -> None:
    clock.advance(seconds=30, milliseconds=123)
    source = notion.database()
    row = notion.row(source)
    assert row["created_time"] == row["last_edited_time"] == "2026-07-01T09:00:00.000Z"
    database = notion.get(f"/databases/{row['parent']['database_id']}")
    assert database["created_time"] == "2026-07-01T09:00:30.123+00:00"


def test_changes_move_the_time_of_the_last_edit(notion: Notion, clock: ManualClock) -> None:
    source = notion.database(Effort={"number": {}})
    row = notion.row(source, "A", Effort={"number": 1})
    clock.advance(minutes=5)
    changed = notion.patch(f"/pages/{row['id']}", properties={"Effort": {"number": 2}})
    assert changed["last_edited_time"] == "2026-07-01T09:05:00.000Z"
    assert changed["created_time"] == row["created_time"]
    assert changed["properties"]["Name"] == row["properties"]["Name"]


def test_trash_and_back(notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "A")
    assert notion.patch(f"/pages/{row['id']}", in_trash=True)["in_trash"] is True
    assert notion.post(f"/data_sources/{source}/query")["results"] == []
    error = notion.refused("PATCH", f"/pages/{row['id']}", properties={"Name": text("B")})
    assert error["message"].startswith("Can't edit block that is archived.")
    assert notion.get(f"/pages/{row['id']}")["in_trash"] is True
    assert notion.patch(f"/pages/{row['id']}", in_trash=False)["in_trash"] is False
    assert len(notion.post(f"/data_sources/{source}/query")["results"]) == 1


def test_trashed_database_takes_its_source_along(notion: Notion) -> None:
    source = notion.database()
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    notion.patch(f"/databases/{database}", in_trash=True)
    assert notion.get(f"/data_sources/{source}")["in_trash"] is True
    assert children(notion, notion.root) == []
    refused = notion.refused("POST", "/pages", parent={"data_source_id": source}, properties={})
    assert refused["message"].startswith("Can't edit block that is archived.")
    notion.patch(f"/databases/{database}", in_trash=False)
    assert notion.get(f"/data_sources/{source}")["in_trash"] is False


def test_older_version_trashes_by_archived(workspace: LocalWorkspace, notion: Notion) -> None:
    page = subpage(notion, "A")
    with client_of(workspace, version="2025-09-03") as client:
        assert (
            client.patch(f"/pages/{page['id']}", json={"archived": True}).json()["archived"] is True
        )
    assert notion.get(f"/pages/{page['id']}")["in_trash"] is True


def test_move_to_a_page_and_into_a_data_source(notion: Notion) -> None:
    source = notion.database(Effort={"number": {}})
    target = subpage(notion, "Target")
    row = notion.row(source, "A", Effort={"number": 1})
    moved = notion.post(f"/pages/{row['id']}/move", parent={"page_id": target["id"]})
    assert moved["parent"] == {"type": "page_id", "page_id": target["id"]}
    assert list(moved["properties"]) == ["title"]
    assert children(notion, target["id"]) == [row["id"]]
    back = notion.post(f"/pages/{row['id']}/move", parent={"data_source_id": source})
    assert back["properties"]["Name"]["title"][0]["plain_text"] == "A"
    assert children(notion, target["id"]) == []


def test_a_page_cannot_move_into_itself(notion: Notion) -> None:
    page = subpage(notion, "A")
    inner = notion.post("/pages", parent={"page_id": page["id"]}, properties={})
    for target in (page, inner):
        error = notion.refused(
            "POST", f"/pages/{page['id']}/move", parent={"page_id": target["id"]}
        )
        assert "into itself" in error["message"]


def test_erasing_content_leaves_child_pages(notion: Notion) -> None:
    page = subpage(notion, "A", markdown="one\n\ntwo")
    inner = notion.post("/pages", parent={"page_id": page["id"]}, properties={})
    notion.patch(f"/pages/{page['id']}", erase_content=True)
    assert children(notion, page["id"]) == [inner["id"]]


def test_adding_a_child_edits_the_page(notion: Notion) -> None:
    me = notion.get("/users/me")["id"]
    assert notion.get(f"/pages/{notion.root}")["last_edited_by"]["id"] != me
    subpage(notion, "A")
    assert notion.get(f"/pages/{notion.root}")["last_edited_by"]["id"] == me


def test_only_wanted_properties_are_sent(notion: Notion) -> None:
    source = notion.database(A={"number": {}}, B={"number": {}})
    row = notion.row(source, "x")
    wanted = [
        unquote(notion.schema(source)["A"]["id"]),
        "Name",
    ]  # the HTTP client encodes it, and only once
    for answer in (
        notion.get(f"/pages/{row['id']}", filter_properties=wanted),
        notion.client.post(
            f"/data_sources/{source}/query", params={"filter_properties": wanted}
        ).json()["results"][0],
    ):
        assert list(answer["properties"]) == ["A", "Name"]
    changed = notion.patch(
        f"/pages/{row['id']}?filter_properties=B", properties={"B": {"number": 1}}
    )
    assert list(changed["properties"]) == ["B"]
    error = notion.refused("GET", f"/pages/{row['id']}?filter_properties=Gone")
    assert error["message"] == "Could not find property with name or id: Gone"


def test_second_data_source_and_its_view(notion: Notion) -> None:
    first = notion.database("Items")
    database = notion.get(f"/data_sources/{first}")["parent"]["database_id"]
    second = notion.post(
        "/data_sources",
        parent={"database_id": database},
        title=text("People"),
        properties={"Name": {"title": {}}},
    )
    names = [source["name"] for source in notion.get(f"/databases/{database}")["data_sources"]]
    assert names == ["Items", "People"]
    assert len(notion.get("/views", data_source_id=second["id"])["results"]) == 1
    notion.patch(f"/data_sources/{second['id']}", in_trash=True)
    assert len(notion.get(f"/databases/{database}")["data_sources"]) == 1


def test_data_source_without_database_is_sent_elsewhere(notion: Notion) -> None:
    error = notion.refused("POST", "/data_sources", parent={"page_id": notion.root}, properties={})
    assert "create a database endpoint" in error["message"]


def test_database_fields_change(notion: Notion) -> None:
    database = notion.get(f"/data_sources/{notion.database()}")["parent"]["database_id"]
    changed = notion.patch(
        f"/databases/{database}",
        title=text("B"),
        icon={"emoji": "🔥"},
        is_inline=True,
        is_locked=True,
    )
    assert changed["title"][0]["plain_text"] == "B"
    assert (changed["icon"]["emoji"], changed["is_inline"], changed["is_locked"]) == (
        "🔥",
        True,
        True,
    )
    page = subpage(notion, "Elsewhere")
    assert (
        notion.patch(f"/databases/{database}", parent={"type": "page_id", "page_id": page["id"]})[
            "parent"
        ]["page_id"]
        == page["id"]
    )
    assert children(notion, page["id"]) == [database]
    for parent in ({"workspace": True}, {"block_id": page["id"]}):
        notion.refused("POST", "/databases", parent=parent)
