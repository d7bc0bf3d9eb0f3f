"""Attached files in an export: which are downloaded, and what happens to the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import FileNotDownloaded, LinkExpired, TimeLimitReached
from notion_pm.exporting.attachments import place_of
from notion_pm.network import is_public
from notion_pm.notion import files, wire_page
from notion_pm.notion.files import FileFetcher
from tests.conftest import client_of
from tests.support.hostile import Answer, bomb, dripping, endless, hostile, packed, saying
from tests.support.program import Program
from tests.support.served import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOTION = "https://api.notion.com"
BUCKET = "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/plan.pdf?X-Amz-Signature=1"
LOCAL_FILE = "/files/01234567-89ab-cdef-0123-456789abcdef/plan.pdf?expires=1&signature=1"


def upload(api: httpx.Client, name: str, content: bytes) -> str:
    made = api.post("file_uploads", json={"filename": name, "content_type": "text/plain"}).json()
    sent = api.post(
        f"file_uploads/{made['id']}/send", files={"file": (name, content, "text/plain")}
    )
    assert sent.status_code == 200, sent.text
    return str(made["id"])


def uploaded(upload_id: str, name: str) -> dict[str, object]:
    return {"type": "file_upload", "name": name, "file_upload": {"id": upload_id}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workspace with two specs: one has two files of one name, a link and an image in its body."""
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
                "properties": {
                    "Name": {"title": [{"text": {"content": title}}]},
                    "Files": {"files": attached},
                },
                "children": [{"type": "image", "image": picture}] if attached else [],
            },
        )
        assert page.status_code == 200, page.text


def export(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["--local", str(file), "export", "Specs", "--with-files", *arguments]
    )


def test_files_are_beside_the_table_and_cells_link_to_them(file: Path, tmp_path: Path) -> None:
    assert export(file, "-o", str(tmp_path / "out.csv")).exit_code == 0
    folder = tmp_path / "out-files"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "limits-a-b-plan.txt": b"first",
        "limits-a-b-plan-2.txt": b"second",
    }
    written = (tmp_path / "out.csv").read_text()
    assert (
        "out-files/limits-a-b-plan.txt; out-files/limits-a-b-plan-2.txt; https://example.com/x.pdf"
        in written
    )


def test_a_folder_of_markdown_contains_its_files_and_images(file: Path, tmp_path: Path) -> None:
    assert export(file, "--format", "markdown", "-o", str(tmp_path / "specs")).exit_code == 0
    document = (tmp_path / "specs" / "limits-a-b.md").read_text()
    assert "](files/limits-a-b-pic.txt)" in document
    assert "url: files/limits-a-b-plan.txt" in document
    assert (tmp_path / "specs" / "files" / "limits-a-b-pic.txt").read_bytes() == b"picture"
    assert "signature=" not in document


def test_files_cannot_be_downloaded_to_stdout(file: Path) -> None:
    done = export(file, "-o", "-")
    assert done.exit_code == 1
    assert "needs a folder beside the data" in done.stderr


def test_an_expired_address_is_read_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[str] = []
    fetch = FileFetcher.fetch

    def fetch_late(fetcher: FileFetcher, url: str, path: Path) -> None:
        if place_of(url) not in late:
            late.append(place_of(url))
            raise LinkExpired(url)
        fetch(fetcher, url, path)

    monkeypatch.setattr(FileFetcher, "fetch", fetch_late)
    assert export(file, "--format", "markdown", "-o", str(tmp_path / "specs")).exit_code == 0
    assert len(late) == 3
    assert len([*(tmp_path / "specs" / "files").iterdir()]) == 3


def test_a_failed_download_keeps_its_link_and_is_reported(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = FileFetcher.fetch

    def gone(fetcher: FileFetcher, url: str, path: Path) -> None:
        if len(list(path.parent.iterdir())) >= 1:
            raise FileNotDownloaded("plan.txt", "its server answered with status 404")
        fetch(fetcher, url, path)

    monkeypatch.setattr(FileFetcher, "fetch", gone)
    done = export(file, "-o", str(tmp_path / "out.csv"))
    assert done.exit_code == 1
    assert "'plan.txt' of 'Limits: a/b'" in done.stderr and "status 404" in done.stderr
    assert len([*(tmp_path / "out-files").iterdir()]) == 1
    written = (tmp_path / "out.csv").read_text()
    assert "out-files/limits-a-b-plan.txt" in written and "signature=" in written


def test_files_above_the_size_limit_keep_their_links(file: Path, tmp_path: Path) -> None:
    done = export(file, "-o", str(tmp_path / "out.csv"), "--max-file-size", "5", "--json")
    assert done.exit_code == 1
    assert [each.name for each in (tmp_path / "out-files").iterdir()] == ["limits-a-b-plan.txt"]
    assert "larger than 5 bytes" in done.stdout


# --- what a stranger writes into a page


@pytest.fixture
def machine_inside() -> Iterator[str]:
    """A server in this network that no export may contact."""
    with hostile(saying(b"AWS_SECRET=internal")) as server:
        yield server.url
        assert server.requests == []


def test_links_and_external_files_are_never_downloaded(
    program: Program, tmp_path: Path, machine_inside: str
) -> None:
    """Such as an image from another site, a link that looks signed, an external file."""
    workspace = open_workspace(tmp_path / "workspace.sqlite")
    look_alikes = [f"{machine_inside}/iam?Signature=x", f"{machine_inside}{LOCAL_FILE}", BUCKET]
    with client_of(workspace) as api:
        _fill(workspace, api)
        found = api.post("search", json={"filter": {"property": "object", "value": "page"}}).json()[
            "results"
        ]
        page = next(each["id"] for each in found if "Files" in each["properties"])
        for url in look_alikes:
            picture = {"type": "image", "image": {"type": "external", "external": {"url": url}}}
            text = {
                "type": "paragraph",
                "paragraph": {"rich_text": [{"text": {"content": f"See {url} there"}}]},
            }
            body = {"children": [picture, text]}
            assert api.patch(f"blocks/{page}/children", json=body).status_code == 200
        external = [
            {"type": "external", "name": "x", "external": {"url": url}} for url in look_alikes
        ]
        done = api.patch(f"pages/{page}", json={"properties": {"Files": {"files": external}}})
        assert done.status_code == 200
    with served(workspace.app) as url:
        program.environment |= {
            "NOTION_TOKEN": workspace.token,
            "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
            "NOTION_PM_BASE_URL": url,
        }
        exported = program("export", "Specs", "--with-files", "--format", "markdown", "-o", "out")
    workspace.close()
    assert exported.code == 0, exported.err
    texts = [each.read_text() for each in (program.folder / "out").rglob("*.md")]
    assert any(look_alikes[0] in text for text in texts), "it is still a link"
    here = {each.name for each in (program.folder / "out").rglob("files/*")}
    assert here == {"limits-a-b-plan.txt", "limits-a-b-plan-2.txt", "limits-a-b-pic.txt"}


@pytest.mark.parametrize(
    "url",
    [
        BUCKET,
        "https://prod-files-secure-euc1.s3.eu-central-1.amazonaws.com/a/b.png?X-Amz-Signature=1",
        "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/a/b.png?X-Amz-Signature=1",
        "https://file.notion.so/f/f/a/b.png?signature=1",
        "https://img.notionusercontent.com/s3/prod-files-secure/a.png?sig=1",
    ],
)
def test_addresses_of_notions_files_are_allowed(url: str) -> None:
    assert FileFetcher(NOTION).is_known_place(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://prod-files-secure.s3.us-west-2.amazonaws.com.evil.example/a/plan.pdf?X-Amz-Signature=1",
        "https://evil.example/prod-files-secure.s3.us-west-2.amazonaws.com/a?X-Amz-Signature=1",
        "https://prod-files-secure.s3.us-west-2.amazonaws.com@evil.example/a",
        "https://user:password@prod-files-secure.s3.us-west-2.amazonaws.com/a",
        "https://prod-files-secure.s3.us-west-2.amazonaws.com:8443/a",
        "http://prod-files-secure.s3.us-west-2.amazonaws.com/a",
        "https://s3.us-west-2.amazonaws.com/somebody-elses-bucket/a?X-Amz-Signature=1",
        "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/../somebody/a",
        "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/%2e%2e/somebody/a",
        "https://evil-prod-files-secure.s3.us-west-2.amazonaws.com/a",
        "https://evilnotionusercontent.com/a",
        "https://169.254.169.254/latest/meta-data",
        "https://2852039166/latest/meta-data",
        "https://0xa9fea9fe/latest/meta-data",
        "https://[::ffff:169.254.169.254]/latest",
        "http://127.0.0.1:8200/files/01234567-89ab-cdef-0123-456789abcdef/a",
        "https://localhost/a",
        "file:///etc/passwd?signature=1",
        "ftp://file.notion.so/a",
        "https://",
        "https://[::1",
        "//file.notion.so/a",
        "",
    ],
)
def test_other_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with closing(FileFetcher(NOTION)) as fetcher:
        assert not fetcher.is_known_place(url)
        with pytest.raises(FileNotDownloaded):
            fetcher.fetch(url, tmp_path / "a")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("52.92.1.1", True),
        ("2600:1f00::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:52.92.1.1", True),
        ("2002:a9fe:a9fe::1", False),
        ("64:ff9b::a9fe:a9fe", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "::ffff:127.0.0.1", "::1"]
)
def test_a_known_host_with_a_private_address_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server of a stranger, or of this network, may return a private address."""
    monkeypatch.setattr(files, "addresses_of", lambda host, port: ["52.92.1.1", address])
    with (
        closing(FileFetcher(NOTION)) as fetcher,
        pytest.raises(FileNotDownloaded, match="private address"),
    ):
        fetcher.fetch(BUCKET, tmp_path / "a")


def test_the_connection_uses_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look-up could return another address (DNS rebinding)."""
    connected: list[str] = []

    def connect(backend: object, address: str, *rest: object) -> object:
        connected.append(address)
        raise TimeLimitReached(1)

    monkeypatch.setattr(files, "addresses_of", lambda host, port: ["52.92.1.1"])
    monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", connect)
    with closing(FileFetcher(NOTION)) as fetcher, pytest.raises(TimeLimitReached):
        fetcher.fetch(BUCKET, tmp_path / "a")
    assert connected == ["52.92.1.1"]


# --- what a server of files may do


def fetched(url: str, tmp_path: Path, largest: int = 1000) -> bytes:
    """Download a file from a local workspace, and return its content."""
    path = tmp_path / "fetched"
    with closing(FileFetcher(url, largest=largest, sleep=lambda seconds: None)) as fetcher:
        fetcher.fetch(url + LOCAL_FILE, path)
    return path.read_bytes()


def test_a_download_sends_no_token(tmp_path: Path) -> None:
    heads: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        heads.extend(
            f"{name}: {value}" for name, value in environ.items() if name.startswith("HTTP_")
        )
        start_response("200 OK", [])
        return [b"content"]

    with served(app) as url:
        assert fetched(url, tmp_path) == b"content"
    assert not [head for head in heads if "AUTH" in head or "COOKIE" in head]


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "{inside}/iam",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_redirects_must_pass_the_same_checks(
    target: str, tmp_path: Path, machine_inside: str
) -> None:
    location = target.format(inside=machine_inside)
    with hostile(saying(b"", f"Location: {location}", status="302 Found")) as server:
        with pytest.raises(FileNotDownloaded):
            fetched(server.url, tmp_path)
        assert len(server.requests) == 1
    assert not (tmp_path / "fetched").exists()


def test_endless_redirects_stop(tmp_path: Path) -> None:
    with hostile(saying(b"", f"Location: {LOCAL_FILE}", status="302 Found")) as server:
        with pytest.raises(FileNotDownloaded, match="too often"):
            fetched(server.url, tmp_path)
        assert len(server.requests) == 4


@pytest.mark.parametrize("answer", [saying(b"x" * 1001), endless, packed(bomb(50))])
def test_a_file_that_is_too_large_is_refused(answer: Answer, tmp_path: Path) -> None:
    with hostile(answer) as server:
        with pytest.raises(FileNotDownloaded, match="larger than"):
            fetched(server.url, tmp_path)
        assert len(server.requests) == 1
    assert not (tmp_path / "fetched").exists()


def test_a_very_slow_download_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SLOW_AFTER", 1.0)
    with hostile(dripping) as server, pytest.raises(FileNotDownloaded, match="too slowly"):
        fetched(server.url, tmp_path, largest=10**6)


def test_a_download_has_one_deadline_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_SECONDS", 1.0)
    with hostile(dripping) as server, pytest.raises(FileNotDownloaded, match="within 1 seconds"):
        fetched(server.url, tmp_path, largest=10**6)


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        ("403 No", LinkExpired, 1),
        ("404 No", FileNotDownloaded, 1),
        ("503 Later", FileNotDownloaded, 4),
    ],
)
def test_refusals_of_storage_servers(
    status: str, error: type[Exception], requests: int, tmp_path: Path
) -> None:
    with hostile(saying(b"", status=status)) as server:
        with pytest.raises(error):
            fetched(server.url, tmp_path)
        assert len(server.requests) == requests


def test_a_name_cannot_leave_the_folder(file: Path, tmp_path: Path) -> None:
    """The image in the fixture is named ../pic.txt."""
    assert (
        export(file, "--format", "markdown", "-o", str(tmp_path / "deep" / "specs")).exit_code == 0
    )
    outside = [each for each in tmp_path.rglob("*pic*") if "files" not in each.parts]
    assert outside == []


@pytest.mark.parametrize(
    "url",
    ["https://[", "", "https:////x/../../y", "https://evil.example/\x1b[2J.txt", "http://[x]/%00"],
)
def test_invalid_addresses_are_reported(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever address the API returns, the export reports an error and stays in its folder."""
    workspace = open_workspace(tmp_path / "workspace.sqlite")
    with client_of(workspace) as api:
        _fill(workspace, api)
    workspace.close()
    read_value = wire_page.read_value

    def with_other_address(json: dict[str, Any]) -> object:
        for file in json.get("files") or ():
            if file.get("type") == "file":
                file["file"]["url"] = url
        return read_value(json)

    monkeypatch.setattr(wire_page, "read_value", with_other_address)
    done = export(tmp_path / "workspace.sqlite", "-o", str(tmp_path / "out.csv"))
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.exception
    assert "Not downloaded" in done.stderr and "\x1b" not in done.stderr
    assert not (tmp_path / "out-files").exists()
