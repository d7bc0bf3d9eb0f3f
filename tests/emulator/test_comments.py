"""Comments of the local workspace (notion-api.md 2.7)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace

Json = dict[str, Any]


def text(content: str) -> list[Json]:
    return [{"text": {"content": content}}]


@pytest.fixture
def on_page(workspace: LocalWorkspace) -> Json:
    return {"parent": {"page_id": workspace.root_page_id}}


def test_a_comment_opens_a_discussion(api: httpx.Client, on_page: Json) -> None:
    comment = api.post("/comments", json={**on_page, "rich_text": text("Why?")}).json()
    assert comment["parent"] == {"type": "page_id", **on_page["parent"]}
    assert comment["rich_text"][0]["plain_text"] == "Why?"
    assert comment["display_name"] == {"type": "integration", "resolved_name": "notion-pm local"}
    reply = api.post(
        "/comments", json={"discussion_id": comment["discussion_id"], "rich_text": text("So.")}
    ).json()
    assert (reply["discussion_id"], reply["parent"]) == (
        comment["discussion_id"],
        comment["parent"],
    )
    listed = api.get("/comments", params={"block_id": on_page["parent"]["page_id"]}).json()
    assert [each["id"] for each in listed["results"]] == [comment["id"], reply["id"]]
    assert (listed["type"], listed["comment"]) == ("comment", {})


def test_comments_on_a_block_are_its_own(api: httpx.Client, on_page: Json) -> None:
    page_id = on_page["parent"]["page_id"]
    body = {"children": [{"paragraph": {"rich_text": text("x")}}]}
    (block,) = api.patch(f"/blocks/{page_id}/children", json=body).json()["results"]
    api.post("/comments", json={"parent": {"block_id": block["id"]}, "rich_text": text("here")})
    assert len(api.get("/comments", params={"block_id": block["id"]}).json()["results"]) == 1
    assert api.get("/comments", params={"block_id": page_id}).json()["results"] == []


def test_markdown_is_read_as_rich_text(api: httpx.Client, on_page: Json) -> None:
    comment = api.post("/comments", json={**on_page, "markdown": "**Bold** and\nmore"}).json()
    assert [(item["plain_text"], item["annotations"]["bold"]) for item in comment["rich_text"]] == [
        ("Bold", True),
        (" and\nmore", False),
    ]


def test_update_and_delete(api: httpx.Client, on_page: Json) -> None:
    comment = api.post("/comments", json={**on_page, "rich_text": text("a")}).json()
    url = f"/comments/{comment['id']}"
    assert api.patch(url, json={"rich_text": text("b")}).json()["rich_text"][0]["plain_text"] == "b"
    assert api.get(url).json()["rich_text"][0]["plain_text"] == "b"
    assert api.delete(url).json()["id"] == comment["id"]
    assert api.get(url).json()["code"] == "object_not_found"
    assert (
        api.get("/comments", params={"block_id": on_page["parent"]["page_id"]}).json()["results"]
        == []
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"rich_text": []}, "Exactly one of parent or discussion_id"),
        ({"parent": {}, "rich_text": []}, "body.parent.page_id should be defined"),
        (
            {"parent": {"page_id": "x"}, "rich_text": []},
            "body.parent.page_id should be a valid uuid",
        ),
        ({"rich_text": text("a"), "text": 1}, "body.text should be not present"),
    ],
)
def test_what_create_refuses(api: httpx.Client, body: Json, message: str) -> None:
    refused = api.post("/comments", json=body).json()
    assert refused["code"] == "validation_error"
    assert message in refused["message"]


def test_a_comment_needs_its_text_once(api: httpx.Client, on_page: Json) -> None:
    for more in ({}, {"rich_text": text("a"), "markdown": "a"}):
        assert (
            "Exactly one of rich_text or markdown"
            in api.post("/comments", json={**on_page, **more}).json()["message"]
        )


def test_a_custom_display_name_and_an_attachment(api: httpx.Client, on_page: Json) -> None:
    upload = api.post(
        "/file_uploads", json={"filename": "a.png", "content_type": "image/png"}
    ).json()["id"]
    api.post(f"/file_uploads/{upload}/send", files={"file": ("a.png", b"png", "image/png")})
    body = {
        **on_page,
        "rich_text": text("see"),
        "display_name": {"type": "custom", "custom": {"name": "Robot"}},
        "attachments": [{"file_upload_id": upload}],
    }
    comment = api.post("/comments", json=body).json()
    assert comment["display_name"] == {"type": "custom", "resolved_name": "Robot"}
    assert comment["attachments"][0]["category"] == "image"
