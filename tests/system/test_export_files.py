"""Attached files in an export: the local workspace's own, and what storages answer when a link is too old."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import requests
import responses
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import FileNotFetched, LinkExpired
from notion_pm.gateway.files import fetch, new_session
from notion_pm.workflows.attachments import is_signed, place_of
from tests.conftest import client_of

SIGNED = "https://files.example.com/a/plan.pdf?X-Amz-Signature=1"


def upload(api: httpx.Client, name: str, content: bytes) -> str:
    made = api.post("file_uploads", json={"filename": name, "content_type": "text/plain"}).json()
    sent = api.post(f"file_uploads/{made['id']}/send", files={"file": (name, content, "text/plain")})
    assert sent.status_code == 200, sent.text
    return str(made["id"])


def uploaded(upload_id: str, name: str) -> dict[str, object]:
    return {"type": "file_upload", "name": name, "file_upload": {"id": upload_id}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workspace with two specs: one has two files of one name, a link and a picture in its body."""
    workspace = open_workspace(tmp_path / "workspace.sqlite")
    with client_of(workspace) as api:
        _fill(workspace, api)
    workspace.close()
    return tmp_path / "workspace.sqlite"


def _fill(workspace: LocalWorkspace, api: httpx.Client) -> None:
    parent = {"type": "page_id", "page_id": workspace.root_page_id}
    body = {
        "parent": parent,
        "title": [{"text": {"content": "Specs"}}],
        "initial_data_source": {"properties": {"Name": {"title": {}}, "Files": {"files": {}}}},
    }
    source = api.post("databases", json=body).json()["data_sources"][0]["id"]
    files = [
        uploaded(upload(api, "plan.txt", b"first"), "plan.txt"),
        uploaded(upload(api, "plan.txt", b"second"), "plan.txt"),
        {"type": "external", "name": "elsewhere", "external": {"url": "https://example.com/x.pdf"}},
    ]
    picture = {"type": "file_upload", "file_upload": {"id": upload(api, "../pic.txt", b"picture")}}
    for title, attached in (("Limits: a/b", files), ("Plain", [])):
        page = api.post(
            "pages",
            json={
                "parent": {"data_source_id": source},
                "properties": {"Name": {"title": [{"text": {"content": title}}]}, "Files": {"files": attached}},
                "children": [{"type": "image", "image": picture}] if attached else [],
            },
        )
        assert page.status_code == 200, page.text


def export(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(file), "export", "Specs", "--with-files", *arguments])


def test_files_lie_beside_the_table_and_cells_lead_to_them(file: Path, tmp_path: Path) -> None:
    assert export(file, "-o", str(tmp_path / "out.csv")).exit_code == 0
    folder = tmp_path / "out-files"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "limits-a-b-plan.txt": b"first",
        "limits-a-b-plan-2.txt": b"second",
    }
    written = (tmp_path / "out.csv").read_text()
    assert "out-files/limits-a-b-plan.txt; out-files/limits-a-b-plan-2.txt; https://example.com/x.pdf" in written


def test_a_folder_of_markdown_has_its_files_and_its_pictures(file: Path, tmp_path: Path) -> None:
    assert export(file, "--format", "markdown", "-o", str(tmp_path / "specs")).exit_code == 0
    document = (tmp_path / "specs" / "limits-a-b.md").read_text()
    assert "](files/limits-a-b-pic.txt)" in document
    assert "url: files/limits-a-b-plan.txt" in document
    assert (tmp_path / "specs" / "files" / "limits-a-b-pic.txt").read_bytes() == b"picture"
    assert "signature=" not in document


def test_files_need_a_place(file: Path) -> None:
    done = export(file, "-o", "-")
    assert done.exit_code == 1
    assert "needs a place" in done.stderr


def test_an_address_that_expired_meanwhile_is_signed_anew(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[str] = []

    def fetch_late(session: requests.Session, url: str, path: Path) -> None:
        if place_of(url) not in late:
            late.append(place_of(url))
            raise LinkExpired(url)
        fetch(session, url, path)

    monkeypatch.setattr("notion_pm.cli.downloading.fetch", fetch_late)
    assert export(file, "--format", "markdown", "-o", str(tmp_path / "specs")).exit_code == 0
    assert len(late) == 3
    assert len([*(tmp_path / "specs" / "files").iterdir()]) == 3


def test_a_file_that_cannot_be_had_stops_the_export(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(session: requests.Session, url: str, path: Path) -> None:
        raise FileNotFetched("plan.txt", "status 404")

    monkeypatch.setattr("notion_pm.cli.downloading.fetch", gone)
    done = export(file, "-o", str(tmp_path / "out.csv"))
    assert done.exit_code == 1
    assert "'plan.txt' cannot be downloaded: status 404" in done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "out-files").exists()


@responses.activate
def test_a_file_is_fetched_without_a_token(tmp_path: Path) -> None:
    responses.get(SIGNED, body=b"content")
    fetch(new_session(), SIGNED, tmp_path / "plan.pdf")
    assert (tmp_path / "plan.pdf").read_bytes() == b"content"
    assert "Authorization" not in responses.calls[0].request.headers


@pytest.mark.parametrize(("status", "error"), [(403, LinkExpired), (404, FileNotFetched), (410, FileNotFetched)])
@responses.activate
def test_what_storages_refuse(tmp_path: Path, status: int, error: type[Exception]) -> None:
    responses.get(SIGNED, status=status)
    with pytest.raises(error):
        fetch(new_session(), SIGNED, tmp_path / "plan.pdf")


@responses.activate
def test_a_lost_connection_is_told_by_the_name_of_the_file_alone(tmp_path: Path) -> None:
    responses.get(SIGNED, body=requests.ConnectionError("no route to https://files.example.com/?X-Amz-Signature=1"))
    with pytest.raises(FileNotFetched, match=r"'plan.pdf' cannot be downloaded: ConnectionError\."):
        fetch(new_session(), SIGNED, tmp_path / "plan.pdf")


def test_only_signed_addresses_are_files_that_notion_stores() -> None:
    assert is_signed(SIGNED)
    assert not is_signed("https://example.com/plan.pdf")
    assert not is_signed("file:///etc/passwd?signature=1")
