"""Blocks of the local workspace: appended, listed, changed, thrown away (notion-api.md 2.4 and
4.2).
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock
from tests.conftest import client_of

Json = dict[str, Any]


def paragraph(content: str, **more: Any) -> Json:
    return {"paragraph": {"rich_text": [{"text": {"content": content}}], **more}}


def append(api: httpx.Client, parent: str, *children: Json, **more: Any) -> list[Json]:
    response = api.patch(f"/blocks/{parent}/children", json={"children": list(children), **more})
    assert response.status_code == 200, response.text
    results: list[Json] = response.json()["results"]
    return results


def children(api: httpx.Client, parent: str) -> list[Json]:
    results: list[Json] = api.get(f"/blocks/{parent}/children").json()["results"]
    return results


def texts(blocks: list[Json]) -> list[str]:
    return [
        "".join(item["plain_text"] for item in block[block["type"]]["rich_text"])
        for block in blocks
    ]


def refusal(response: httpx.Response) -> str:
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "validation_error")
    message: str = body["message"]
    return message


@pytest.fixture
def page(api: httpx.Client, workspace: LocalWorkspace) -> str:
    body = {
        "parent": {"page_id": workspace.root_page_id},
        "properties": {"title": {"title": [{"text": {"content": "Page"}}]}},
    }
    page_id: str = api.post("/pages", json=body).json()["id"]
    return page_id


def test_append_returns_the_new_blocks_in_full(api: httpx.Client, page: str) -> None:
    (block,) = append(api, page, paragraph("Hello"))
    assert block["paragraph"] == {
        "rich_text": [
            {
                "type": "text",
                "text": {"content": "Hello", "link": None},
                "annotations": {
                    **dict.fromkeys(
                        ("bold", "italic", "strikethrough", "underline", "code"), False
                    ),
                    "color": "default",
                },
                "plain_text": "Hello",
                "href": None,
            }
        ],
        "icon": None,
        "color": "default",
    }
    assert block["parent"] == {"type": "page_id", "page_id": page}
    assert (block["has_children"], block["in_trash"]) == (False, False)
    assert "archived" not in block


def test_older_version_calls_the_trash_archived(workspace: LocalWorkspace, page: str) -> None:
    with client_of(workspace, "2025-09-03") as api:
        (block,) = append(api, page, paragraph("Hello"))
        assert block["archived"] is False
        assert (
            api.patch(f"/blocks/{block['id']}", json={"archived": True}).json()["in_trash"] is True
        )


def test_positions(api: httpx.Client, page: str) -> None:
    first, second = append(api, page, paragraph("1"), paragraph("2"))
    after = {"type": "after_block", "after_block": {"id": first["id"]}}
    assert texts(append(api, page, paragraph("1a"), paragraph("1b"), position=after)) == [
        "1a",
        "1b",
        "2",
    ]
    assert texts(append(api, page, paragraph("0"), position={"type": "start"})) == [
        "0",
        "1",
        "1a",
        "1b",
        "2",
    ]
    assert texts(append(api, page, paragraph("3"), position={"type": "end"})) == ["3"]
    assert texts(children(api, page)) == ["0", "1", "1a", "1b", "2", "3"]
    assert second["id"] in [block["id"] for block in children(api, page)]


def test_many_insertions_at_one_place_keep_their_order(api: httpx.Client, page: str) -> None:
    first, _ = append(api, page, paragraph("first"), paragraph("last"))
    after = {"type": "after_block", "after_block": {"id": first["id"]}}
    for number in range(60):
        append(api, page, paragraph(str(number)), position=after)
    assert texts(children(api, page)) == ["first", *map(str, reversed(range(60))), "last"]


def test_after_is_replaced_by_position_in_2026(
    workspace: LocalWorkspace, api: httpx.Client, page: str
) -> None:
    (block,) = append(api, page, paragraph("1"))
    append(api, page, paragraph("3"))
    body = {"children": [paragraph("2")], "after": block["id"]}
    message = refusal(api.patch(f"/blocks/{page}/children", json=body))
    assert message.startswith("body failed validation: body.after should be not present")
    with client_of(workspace, "2025-09-03") as older:
        older.patch(f"/blocks/{page}/children", json=body)
    assert texts(children(api, page)) == ["1", "2", "3"]


def test_position_after_a_stranger_is_refused(
    api: httpx.Client, workspace: LocalWorkspace, page: str
) -> None:
    position = {"type": "after_block", "after_block": {"id": workspace.root_page_id}}
    body = {"children": [paragraph("x")], "position": position}
    assert "is not a child" in refusal(api.patch(f"/blocks/{page}/children", json=body))


def test_nested_children_and_paging(api: httpx.Client, page: str) -> None:
    (toggle,) = append(
        api, page, {"toggle": {"rich_text": [], "children": [paragraph(str(n)) for n in range(5)]}}
    )
    assert toggle["has_children"] is True
    assert "children" not in toggle["toggle"]
    first = api.get(f"/blocks/{toggle['id']}/children?page_size=2").json()
    assert (texts(first["results"]), first["has_more"]) == (["0", "1"], True)
    rest = api.get(
        f"/blocks/{toggle['id']}/children", params={"start_cursor": first["next_cursor"]}
    ).json()
    assert (texts(rest["results"]), rest["next_cursor"], rest["type"]) == (
        ["2", "3", "4"],
        None,
        "block",
    )
    assert rest["results"][0]["parent"] == {"type": "block_id", "block_id": toggle["id"]}


def test_child_pages_and_databases_are_among_the_blocks(api: httpx.Client, page: str) -> None:
    append(api, page, paragraph("before"))
    title = [{"text": {"content": "Sub"}}]
    sub = api.post(
        "/pages", json={"parent": {"page_id": page}, "properties": {"title": {"title": title}}}
    ).json()["id"]
    database = api.post(
        "/databases", json={"parent": {"type": "page_id", "page_id": page}, "title": title}
    ).json()["id"]
    append(api, page, paragraph("after"))
    found = children(api, page)
    assert [block["type"] for block in found] == [
        "paragraph",
        "child_page",
        "child_database",
        "paragraph",
    ]
    assert [block["id"] for block in found[1:3]] == [sub, database]
    assert found[1]["child_page"] == {"title": "Sub"}
    append(api, sub, paragraph("inside"))
    assert children(api, page)[1]["has_children"] is True


def test_delete_and_restore(api: httpx.Client, page: str) -> None:
    (block,) = append(api, page, paragraph("1"))
    deleted = api.delete(f"/blocks/{block['id']}").json()
    assert (deleted["id"], deleted["in_trash"]) == (block["id"], True)
    assert children(api, page) == []
    assert api.get(f"/blocks/{block['id']}").json()["in_trash"] is True
    update = api.patch(f"/blocks/{block['id']}", json=paragraph("2"))
    assert (
        refusal(update)
        == "Can't edit block that is archived. You must unarchive the block before editing."
    )
    assert api.patch(f"/blocks/{block['id']}", json={"in_trash": False}).json()["in_trash"] is False
    assert texts(children(api, page)) == ["1"]


def test_a_page_is_deleted_as_the_block_it_is(api: httpx.Client, page: str) -> None:
    deleted = api.delete(f"/blocks/{page}").json()
    assert (deleted["object"], deleted["type"], deleted["in_trash"]) == (
        "block",
        "child_page",
        True,
    )
    assert deleted["child_page"] == {"title": "Page"}
    assert api.get(f"/pages/{page}").json()["in_trash"] is True
    assert "archived" in refusal(
        api.patch(f"/blocks/{page}/children", json={"children": [paragraph("x")]})
    )


def test_blocks_inside_something_in_the_trash_cannot_be_edited(
    api: httpx.Client, page: str
) -> None:
    (toggle,) = append(api, page, {"toggle": {"rich_text": [], "children": [paragraph("in")]}})
    (inner,) = children(api, toggle["id"])
    api.delete(f"/blocks/{toggle['id']}")
    assert "archived" in refusal(api.patch(f"/blocks/{inner['id']}", json=paragraph("x")))


def test_update_changes_what_is_named_and_keeps_the_rest(
    api: httpx.Client, page: str, clock: ManualClock
) -> None:
    (todo,) = append(
        api,
        page,
        {"to_do": {"rich_text": [{"text": {"content": "Do"}}], "checked": False, "color": "red"}},
    )
    clock.advance(minutes=5)
    changed = api.patch(f"/blocks/{todo['id']}", json={"to_do": {"checked": True}}).json()
    assert (changed["to_do"]["checked"], changed["to_do"]["color"], texts([changed])) == (
        True,
        "red",
        ["Do"],
    )
    assert changed["last_edited_time"] > todo["last_edited_time"]
    assert api.get(f"/pages/{page}").json()["last_edited_time"] == changed["last_edited_time"]


def test_the_type_of_a_block_stays(api: httpx.Client, page: str) -> None:
    (block,) = append(api, page, {"heading_1": {"rich_text": []}})
    assert refusal(api.patch(f"/blocks/{block['id']}", json=paragraph("x"))) == (
        "Expected block type heading_1 in request body."
    )


def test_a_callout_gets_an_icon_by_itself(api: httpx.Client, page: str) -> None:
    (callout,) = append(api, page, {"callout": {"rich_text": []}})
    assert callout["callout"]["icon"] == {"type": "emoji", "emoji": "💡"}


def test_file_blocks_take_their_names_from_the_url(api: httpx.Client, page: str) -> None:
    url = "https://example.com/a/robots.txt"
    (file,) = append(api, page, {"file": {"external": {"url": url}}})
    assert file["file"] == {
        "caption": [],
        "type": "external",
        "external": {"url": url},
        "name": "robots.txt",
    }
    renamed = api.patch(f"/blocks/{file['id']}", json={"file": {"name": "my_robots"}}).json()
    assert renamed["file"]["name"] == "my_robots.txt"


EVERY_TYPE: list[Json] = [
    {"paragraph": {"rich_text": []}},
    *({f"heading_{level}": {"rich_text": []}} for level in (1, 2, 3, 4)),
    *(
        {kind: {"rich_text": []}}
        for kind in ("bulleted_list_item", "numbered_list_item", "quote", "to_do", "toggle")
    ),
    {"callout": {"rich_text": [], "icon": {"emoji": "💡"}}},
    {"template": {"rich_text": []}},
    {"code": {"rich_text": [], "language": "python"}},
    {"equation": {"expression": "x"}},
    *({kind: {}} for kind in ("divider", "breadcrumb", "table_of_contents")),
    {"synced_block": {"synced_from": None, "children": [paragraph("x")]}},
    *({kind: {"url": "https://example.com"}} for kind in ("bookmark", "embed")),
    *(
        {kind: {"external": {"url": "https://example.com/f"}}}
        for kind in ("image", "video", "pdf", "file", "audio")
    ),
    {"table": {"table_width": 1, "children": [{"table_row": {"cells": [[]]}}]}},
    {"column_list": {"children": [{"column": {"children": [paragraph("x")]}}] * 2}},
    {"tab": {"children": [paragraph("x")]}},
]


@pytest.mark.parametrize("block", EVERY_TYPE, ids=lambda block: next(iter(block)))
def test_every_type_can_be_made_and_read(api: httpx.Client, page: str, block: Json) -> None:
    (made,) = append(api, page, block)
    assert made["type"] == next(iter(block))
    assert api.get(f"/blocks/{made['id']}").json()[made["type"]] == made[made["type"]]


def row(*cells: str) -> Json:
    return {"table_row": {"cells": [[{"text": {"content": cell}}] for cell in cells]}}


def test_rows_of_a_table_fit_its_width(api: httpx.Client, page: str) -> None:
    (table,) = append(api, page, {"table": {"table_width": 2, "children": [row("a", "b")]}})
    (second,) = append(api, table["id"], row("c", "d"))
    assert len(children(api, table["id"])) == 2
    narrow = row("x")
    assert "must match" in refusal(
        api.patch(f"/blocks/{table['id']}/children", json={"children": [narrow]})
    )
    assert "must match" in refusal(api.patch(f"/blocks/{second['id']}", json=narrow))
    assert api.patch(f"/blocks/{second['id']}", json=row("e", "f")).status_code == 200
    body = {"children": [paragraph("x")]}
    assert "table_row should be defined" in refusal(
        api.patch(f"/blocks/{table['id']}/children", json=body)
    )
    assert "table_width" in refusal(
        api.patch(f"/blocks/{table['id']}", json={"table": {"table_width": 3}})
    )
    changed = api.patch(
        f"/blocks/{table['id']}", json={"table": {"has_column_header": True}}
    ).json()
    assert changed["table"] == {
        "table_width": 2,
        "has_column_header": True,
        "has_row_header": False,
    }


def test_links_to_pages(api: httpx.Client, page: str) -> None:
    (link,) = append(api, page, {"link_to_page": {"type": "page_id", "page_id": page}})
    assert link["link_to_page"] == {"type": "page_id", "page_id": page}
    body = {"children": [{"link_to_page": {"type": "page_id"}}]}
    assert "link_to_page.page_id should be defined" in refusal(
        api.patch(f"/blocks/{page}/children", json=body)
    )


def test_children_are_not_part_of_an_update(api: httpx.Client, page: str) -> None:
    (toggle,) = append(api, page, {"toggle": {"rich_text": []}})
    body = {"toggle": {"rich_text": [], "children": [paragraph("x")]}}
    assert "body.toggle.children should be not present" in refusal(
        api.patch(f"/blocks/{toggle['id']}", json=body)
    )


def test_of_a_page_only_the_trash_mark_is_changed_here(api: httpx.Client, page: str) -> None:
    assert "not supported" in refusal(
        api.patch(f"/blocks/{page}", json={"child_page": {"title": "New"}})
    )
    assert api.patch(f"/blocks/{page}", json={"in_trash": True}).json()["in_trash"] is True
    assert api.patch(f"/blocks/{page}", json={"in_trash": False}).json()["type"] == "child_page"
    assert api.get(f"/pages/{page}").json()["in_trash"] is False


def test_a_database_can_be_trashed_as_a_block(api: httpx.Client, page: str) -> None:
    body = {
        "parent": {"type": "page_id", "page_id": page},
        "title": [{"text": {"content": "Rows"}}],
    }
    database = api.post("/databases", json=body).json()["id"]
    assert api.delete(f"/blocks/{database}").json()["child_database"] == {"title": "Rows"}
    assert children(api, page) == []
    assert api.patch(f"/blocks/{database}", json={"in_trash": False}).json()["in_trash"] is False
    assert api.get(f"/databases/{database}").json()["in_trash"] is False


def test_a_row_of_a_data_source_is_a_block_of_it(api: httpx.Client, page: str) -> None:
    body = {
        "parent": {"type": "page_id", "page_id": page},
        "initial_data_source": {"properties": {"Name": {"title": {}}}},
    }
    source = api.post("/databases", json=body).json()["data_sources"][0]["id"]
    parent = {"type": "data_source_id", "data_source_id": source}
    page_row = api.post("/pages", json={"parent": parent, "properties": {}}).json()["id"]
    append(api, page_row, paragraph("body"))
    block = api.get(f"/blocks/{page_row}").json()
    assert (block["type"], block["has_children"]) == ("child_page", True)
    assert block["parent"]["data_source_id"] == source
    assert api.delete(f"/blocks/{page_row}").json()["in_trash"] is True


def test_a_copy_of_a_synced_block_shows_its_original(api: httpx.Client, page: str) -> None:
    (original,) = append(
        api, page, {"synced_block": {"synced_from": None, "children": [paragraph("shared")]}}
    )
    (copy,) = append(
        api,
        page,
        {"synced_block": {"synced_from": {"type": "block_id", "block_id": original["id"]}}},
    )
    assert copy["has_children"] is True
    assert texts(children(api, copy["id"])) == ["shared"]
    append(api, copy["id"], paragraph("more"))
    assert texts(children(api, original["id"])) == ["shared", "more"]


TOO_DEEP = paragraph(
    "1", children=[paragraph("2", children=[paragraph("3", children=[paragraph("4")])])]
)
REFUSED: list[tuple[Json, str]] = [
    (
        {"children": [paragraph("x")] * 101},
        "body.children.length should be ≤ `100`, instead was `101`.",
    ),
    ({}, "body.children should be defined, instead was `undefined`."),
    (
        {"children": [paragraph("x" * 2001)]},
        "text.content.length should be ≤ `2000`, instead was `2001`.",
    ),
    (
        {"children": [TOO_DEEP]},
        "body.children[0].paragraph.children[0].paragraph.children[0].paragraph.children should be",
    ),
    ({"children": [{"paragraph": {}}]}, "body.children[0].paragraph.rich_text should be defined"),
    (
        {"children": [{"paragraph": {"rich_text": [], "level": 1}}]},
        "body.children[0].paragraph.level should be not present",
    ),
    (
        {"children": [{"object": "block"}]},
        "Fix one:\nbody.children[0].embed should be defined, instead was `undefined`.",
    ),
    ({"children": [{"child_page": {"title": "x"}}]}, "Fix one:"),
    (
        {"children": [{"code": {"rich_text": [], "language": "klingon"}}]},
        "body.children[0].code.language should be",
    ),
    (
        {"children": [{"table": {"table_width": 2}}]},
        "body.children[0].table.children should be defined",
    ),
    (
        {"children": [{"table": {"table_width": 2, "children": [{"table_row": {"cells": [[]]}}]}}]},
        "Number of cells in table row must match the table width of the parent table",
    ),
    (
        {"children": [{"table_row": {"cells": [[]]}}]},
        "body.children[0].table_row should be not present",
    ),
    (
        {"children": [{"column_list": {"children": []}}]},
        "body.children[0].column_list.children.length should be ≥ `2`",
    ),
    (
        {"children": [{"divider": {"children": []}}]},
        "body.children[0].divider.children should be not present",
    ),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_append_refuses(api: httpx.Client, page: str, body: Json, message: str) -> None:
    assert message in refusal(api.patch(f"/blocks/{page}/children", json=body))


def test_a_payload_holds_at_most_a_thousand_blocks(api: httpx.Client, page: str) -> None:
    many = [paragraph("x", children=[paragraph("y")] * 10)] * 92
    message = refusal(api.patch(f"/blocks/{page}/children", json={"children": many}))
    assert (
        message
        == "body failed validation: body.children.length should be ≤ `1000`, instead was `1012`."
    )


def test_blocks_that_hold_no_others(api: httpx.Client, page: str) -> None:
    divider, heading = append(api, page, {"divider": {}}, {"heading_1": {"rich_text": []}})
    for block in (divider, heading):
        response = api.patch(f"/blocks/{block['id']}/children", json={"children": [paragraph("x")]})
        assert refusal(response) == "Block does not support children."


def test_unknown_and_malformed_ids(api: httpx.Client) -> None:
    missing = api.get("/blocks/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "object_not_found")
    assert missing.json()["message"].startswith("Could not find block with ID: 00000000-")
    assert refusal(api.get("/blocks/nonsense")).startswith(
        "path failed validation: path.block_id should be a valid uuid"
    )
