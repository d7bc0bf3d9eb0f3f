"""File uploads of the local workspace (notion-api.md 2.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock
from tests.conftest import client_of

Json = dict[str, Any]


@pytest.fixture
def api(workspace: LocalWorkspace) -> Iterator[httpx.Client]:
    """A client of the version at which uploads were recorded."""
    with client_of(workspace, "2025-09-03") as client:
        yield client


def create(api: httpx.Client, **body: Any) -> Json:
    response = api.post("/file_uploads", json=body)
    assert response.status_code == 200, response.text
    upload: Json = response.json()
    return upload


def send(api: httpx.Client, upload: Json, data: bytes = b"hello", **form: str) -> httpx.Response:
    files = {"file": ("a.txt", data, "text/plain")}
    return api.post(f"/file_uploads/{upload['id']}/send", files=files, data=form)


def test_a_file_in_one_part(api: httpx.Client) -> None:
    upload = create(api, filename="a.txt")
    assert (upload["status"], upload["content_type"], upload["content_length"]) == (
        "pending",
        "text/plain",
        None,
    )
    assert upload["upload_url"] == f"http://local/v1/file_uploads/{upload['id']}/send"
    sent = send(api, upload).json()
    assert (sent["status"], sent["content_length"]) == ("uploaded", 5)
    assert "upload_url" not in sent
    again = send(api, upload).json()
    assert (again["status"], again["code"]) == (400, "validation_error")


def test_a_file_in_parts(api: httpx.Client) -> None:
    upload = create(api, mode="multi_part", filename="a.bin", number_of_parts=2)
    assert send(api, upload, b"ab", part_number="1").json()["number_of_parts"] == {
        "total": 2,
        "sent": 1,
    }
    assert api.post(f"/file_uploads/{upload['id']}/complete").status_code == 400
    send(api, upload, b"c", part_number="2")
    done = api.post(f"/file_uploads/{upload['id']}/complete").json()
    assert (done["status"], done["content_length"]) == ("uploaded", 3)
    assert (
        send(
            api, create(api, mode="multi_part", filename="b", number_of_parts=1), part_number="2"
        ).status_code
        == 400
    )


def test_an_upload_expires_after_an_hour(api: httpx.Client, clock: ManualClock) -> None:
    upload = create(api, filename="a.txt")
    clock.advance(hours=1)
    assert api.get(f"/file_uploads/{upload['id']}").json()["status"] == "expired"
    assert send(api, upload).status_code == 400


def test_what_was_sent_and_not_attached_expires_too(
    api: httpx.Client, workspace: LocalWorkspace, clock: ManualClock
) -> None:
    """Recorded: the length stays, and there is no expiry time any more."""
    forgotten, used = create(api, filename="a.txt"), create(api, filename="b.txt")
    send(api, forgotten)
    send(api, used)
    body = {"children": [{"file": {"file_upload": {"id": used["id"]}}}]}
    assert api.patch(f"/blocks/{workspace.root_page_id}/children", json=body).status_code == 200
    clock.advance(hours=1)
    expired = api.get(f"/file_uploads/{forgotten['id']}").json()
    assert (expired["status"], expired["expiry_time"], expired["content_length"]) == (
        "expired",
        None,
        5,
    )
    assert ids(api, status="expired") == [forgotten["id"]]
    assert api.get(f"/file_uploads/{used['id']}").json()["status"] == "uploaded"
    body = {"children": [{"file": {"file_upload": {"id": forgotten["id"]}}}]}
    assert api.patch(f"/blocks/{workspace.root_page_id}/children", json=body).status_code == 400


def test_a_file_is_imported_a_moment_later(
    api: httpx.Client, workspace: LocalWorkspace, clock: ManualClock
) -> None:
    upload = create(
        api, mode="external_url", filename="a.pdf", external_url="https://example.com/a.pdf"
    )
    assert (upload["status"], upload["content_length"]) == ("pending", None)
    assert "file_import_result" not in upload
    clock.advance(seconds=2)
    imported = api.get(f"/file_uploads/{upload['id']}").json()
    assert (imported["status"], imported["file_import_result"]["type"]) == ("uploaded", "success")
    assert ids(api, status="uploaded") == [upload["id"]]
    body = {"children": [{"pdf": {"file_upload": {"id": upload["id"]}}}]}
    (block,) = api.patch(f"/blocks/{workspace.root_page_id}/children", json=body).json()["results"]
    with httpx.Client(transport=httpx.WSGITransport(app=workspace.app)) as anybody:
        content = anybody.get(block["pdf"]["file"]["url"]).content
    assert len(content) == imported["content_length"]
    clock.advance(hours=2)
    assert api.get(f"/file_uploads/{upload['id']}").json()["status"] == "uploaded"


def test_the_list_is_newest_first_and_can_be_narrowed(api: httpx.Client) -> None:
    first, second = create(api, filename="1.txt"), create(api, filename="2.txt")
    send(api, first)
    assert ids(api) == [second["id"], first["id"]]
    assert ids(api, status="uploaded") == [first["id"]]
    assert api.get("/file_uploads", params={"status": "new"}).status_code == 400


def ids(api: httpx.Client, **query: str) -> list[str]:
    return [upload["id"] for upload in api.get("/file_uploads", params=query).json()["results"]]


def test_an_uploaded_file_is_attached_to_a_block(
    api: httpx.Client, workspace: LocalWorkspace
) -> None:
    upload = create(api, filename="plan.png")
    body = {"children": [{"image": {"file_upload": {"id": upload["id"]}}}]}
    url = f"/blocks/{workspace.root_page_id}/children"
    assert "has not been uploaded" in api.patch(url, json=body).json()["message"]
    send(api, upload)
    (block,) = api.patch(url, json=body).json()["results"]
    assert block["image"]["type"] == "file"
    assert block["image"]["file"]["expiry_time"].endswith("Z")


def attached(api: httpx.Client, page_id: str, name: str, data: bytes) -> str:
    """Attaches a file to a page and returns the block's address."""
    upload = create(api, filename=name)
    send(api, upload, data)
    body = {"children": [{"file": {"file_upload": {"id": upload["id"]}}}]}
    (block,) = api.patch(f"/blocks/{page_id}/children", json=body).json()["results"]
    return f"/blocks/{block['id']}"


def test_a_hosted_file_is_downloaded_without_a_token(
    api: httpx.Client, workspace: LocalWorkspace, clock: ManualClock
) -> None:
    block = attached(api, workspace.root_page_id, "my plan.txt", b"the plan")
    file = api.get(block).json()["file"]
    assert file["name"] == "my plan.txt"
    with httpx.Client(transport=httpx.WSGITransport(app=workspace.app)) as anybody:
        answer = anybody.get(file["file"]["url"])
        assert (answer.content, answer.headers["content-type"]) == (b"the plan", "text/plain")
        assert (
            anybody.get(file["file"]["url"].replace("signature=", "signature=0")).status_code == 403
        )
        clock.advance(hours=1, seconds=1)
        assert anybody.get(file["file"]["url"]).status_code == 403
        assert anybody.get(api.get(block).json()["file"]["file"]["url"]).content == b"the plan"


def test_markdown_with_a_hosted_file_can_be_written_back(
    api: httpx.Client, workspace: LocalWorkspace
) -> None:
    page = workspace.root_page_id
    block = attached(api, page, "plan (new).txt", b"the plan")
    text = api.get(f"/pages/{page}/markdown").json()["markdown"]
    assert "signature=" in text
    change = {"type": "replace_content", "replace_content": {"new_str": text + "\nMore."}}
    assert api.patch(f"/pages/{page}/markdown", json=change).status_code == 200
    kept = api.get(block).json()
    assert (kept["in_trash"], kept["file"]["type"], kept["file"]["name"]) == (
        False,
        "file",
        "plan (new).txt",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"mode": "multi_part", "number_of_parts": 2}, "body.filename should be defined"),
        ({"filename": "x" * 901}, "body.filename.length should be ≤ `900`, instead was `901`."),
        ({"mode": "multi_part", "filename": "a"}, "body.number_of_parts should be defined"),
        ({"mode": "some_parts"}, "body.mode should be"),
    ],
)
def test_what_create_refuses(api: httpx.Client, body: Json, message: str) -> None:
    assert message in api.post("/file_uploads", json=body).json()["message"]
