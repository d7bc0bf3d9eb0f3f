"""The file and its servers: survival, threads, several processes, recording, serving over HTTP."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, UnusableFileError, open_workspace, serve
from tests.conftest import client_of

from .conftest import Notion


def test_reopened_file_is_the_same_workspace(tmp_path: Path) -> None:
    first = open_workspace(tmp_path / "w.sqlite")
    with client_of(first) as client:
        source = Notion(client, first.root_page_id).database("Kept")
    first.close()
    again = open_workspace(tmp_path / "w.sqlite")
    assert (again.token, again.root_page_id) == (first.token, first.root_page_id)
    with client_of(again) as client:
        assert client.get(f"/data_sources/{source}").json()["title"][0]["plain_text"] == "Kept"
    again.close()


def test_token_does_not_show_in_the_handle(workspace: LocalWorkspace) -> None:
    assert workspace.token not in repr(workspace)


def test_threads_share_a_workspace(workspace: LocalWorkspace, notion: Notion) -> None:
    source = notion.database(ID={"unique_id": {"prefix": None}})
    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(lambda n: notion.row(source, f"{n}"), range(60)))
    numbers = sorted(row["properties"]["ID"]["unique_id"]["number"] for row in rows)
    assert numbers == list(range(1, 61))


WRITER = """
import sys
from tests.conftest import client_of
from tests.emulator.conftest import Notion
from notion_pm.emulator import open_workspace
workspace = open_workspace(sys.argv[1])
with client_of(workspace) as client:
    notion = Notion(client, workspace.root_page_id)
    for number in range(20):
        notion.row(sys.argv[2], str(number))
workspace.close()
"""


def test_processes_share_a_file(workspace: LocalWorkspace, notion: Notion) -> None:
    source = notion.database(ID={"unique_id": {"prefix": None}})
    command = [sys.executable, "-c", WRITER, str(workspace.path), source]
    writers = [subprocess.Popen(command) for _ in range(2)]
    for number in range(20):
        notion.row(source, f"{number}")
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    rows = notion.post(f"/data_sources/{source}/query")["results"]
    assert sorted(row["properties"]["ID"]["unique_id"]["number"] for row in rows) == list(
        range(1, 61)
    )


def test_a_killed_writer_leaves_a_sound_file(workspace: LocalWorkspace, notion: Notion) -> None:
    source = notion.database(ID={"unique_id": {"prefix": None}})
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(workspace.path), source])
    while (
        writer.poll() is None and len(notion.post(f"/data_sources/{source}/query")["results"]) < 3
    ):
        time.sleep(0.01)
    writer.kill()
    writer.wait(timeout=60)
    rows = notion.post(f"/data_sources/{source}/query")["results"]
    assert len(rows) >= 3
    next_number = notion.row(source)["properties"]["ID"]["unique_id"]["number"]
    assert next_number == len(rows) + 1
    with closing(sqlite3.connect(workspace.path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_traffic_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_PM_LOCAL_RECORD", str(tmp_path / "ignored.jsonl"))
    workspace = open_workspace(tmp_path / "w.sqlite", record=tmp_path / "traffic.jsonl")
    with client_of(workspace) as client:
        client.get("/users", params={"page_size": 1})
        client.post("/search", json={"query": "ü"})
        client.get("/nowhere")
    workspace.close()
    lines = (tmp_path / "traffic.jsonl").read_text().splitlines()
    exchanges = [json.loads(line) for line in lines]
    assert [(one["method"], one["path"], one["request"], one["status"]) for one in exchanges] == [
        ("GET", "/v1/users?page_size=1", None, 200),
        ("POST", "/v1/search", {"query": "ü"}, 200),
        ("GET", "/v1/nowhere", None, 400),
    ]
    assert exchanges[1]["response"]["object"] == "list"
    assert not (tmp_path / "ignored.jsonl").exists()
    assert workspace.token not in "".join(lines)


def test_variable_names_the_record_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_PM_LOCAL_RECORD", str(tmp_path / "traffic.jsonl"))
    workspace = open_workspace(tmp_path / "w.sqlite")
    with client_of(workspace) as client:
        client.get("/users/me")
    workspace.close()
    assert len((tmp_path / "traffic.jsonl").read_text().splitlines()) == 1


def test_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_workspace(tmp_path / "w.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "w.sqlite")) as db:
        db.execute("PRAGMA user_version = 999")
    with pytest.raises(UnusableFileError, match="newer version"):
        open_workspace(tmp_path / "w.sqlite")


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as db:
        db.execute("CREATE TABLE theirs (x)")
    (tmp_path / "text.txt").write_text("no database at all, but long enough to be read as one" * 20)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in before:
        with pytest.raises(UnusableFileError):
            open_workspace(path)
    with pytest.raises(UnusableFileError):
        open_workspace(tmp_path / "missing" / "w.sqlite")
    assert {path: path.read_bytes() for path in before} == before


def test_serves_over_http(workspace: LocalWorkspace) -> None:
    urls: list[str] = []
    ready = threading.Event()

    def announce(url: str) -> None:
        urls.append(url)
        ready.set()

    # A daemon: waitress runs until the process ends.
    threading.Thread(
        target=serve, args=(workspace,), kwargs={"announce": announce}, daemon=True
    ).start()
    assert ready.wait(10)
    headers = {"Authorization": f"Bearer {workspace.token}", "Notion-Version": "2026-03-11"}
    assert httpx.get(f"{urls[0]}/v1/users/me", headers=headers).json()["type"] == "bot"
