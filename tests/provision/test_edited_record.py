"""A record that somebody changed by hand may name other databases: it can be read, and nothing is
written by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from tests.support.duplicates import create_database, record_page, record_text
from tests.support.program import Program

READING = ["plan product", "status", "export", "audit", "sync --dry-run"]
WRITING = [
    "apply product --rows --yes",
    "sync",
    "import new.csv --into insights --yes",
    "undo --yes",
    "destroy product --confirm product",
]


@pytest.fixture
def client(connected: Program) -> Program:
    """The program, connected to a workspace in which the product template was applied."""
    applied = connected("apply", "product", "--no-rows", "--yes")
    assert applied.code == 0, applied.err
    (connected.folder / "new.csv").write_text("Insight\nExports are slow\n")
    return connected


@pytest.fixture
def theirs(api: httpx.Client, workspace: LocalWorkspace) -> NotionId:
    """A database that is not the template's."""
    return NotionId(create_database(api, workspace.root_page_id, "Salaries"))


def _edit(api: httpx.Client, root: str, change: Callable[[dict[str, Any]], None]) -> None:
    page = record_page(api, root)
    record = json.loads(record_text(api, page))
    change(record)
    blocks = api.get(f"blocks/{page}/children").json()["results"]
    block = next(each["id"] for each in blocks if each["type"] == "code")
    text = json.dumps(record)
    pieces = [
        {"text": {"content": text[start : start + 2000]}} for start in range(0, len(text), 2000)
    ]
    assert api.patch(
        f"blocks/{block}", json={"code": {"language": "json", "rich_text": pieces}}
    ).is_success


def _naming(api: httpx.Client, database_id: str) -> Callable[[dict[str, Any]], None]:
    source_id = api.get(f"databases/{database_id}").json()["data_sources"][0]["id"]

    def change(record: dict[str, Any]) -> None:
        record["databases"]["features"] |= {"database_id": database_id, "data_source_id": source_id}

    return change


def _is_trashed(api: httpx.Client, database_id: str) -> bool:
    return bool(api.get(f"databases/{database_id}").json()["in_trash"])


def test_it_is_read_with_a_note_and_nothing_is_written_by_it(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, theirs: NotionId
) -> None:
    _edit(api, workspace.root_page_id, lambda record: record.update(with_rows=True))
    client.environment["NOTION_PM_STATE"] = str(client.folder / "another machine")
    before = workspace.counts()
    for command in READING:
        done = client(*command.split())
        assert done.code == 0, f"{command}: {done.err}"
        assert "changed by hand" in done.err, command
    for command in WRITING:
        done = client(*command.split())
        assert done.code == 1, f"{command}: {done.out}{done.err}"
        assert "changed by hand" in done.err and "notion-pm repair product" in done.err, (
            f"{command}: {done.err}"
        )
    assert workspace.counts() == before


def test_a_database_that_only_a_changed_record_names_is_not_trashed(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, theirs: NotionId
) -> None:
    _edit(api, workspace.root_page_id, _naming(api, theirs))
    client.environment["NOTION_PM_STATE"] = str(client.folder / "another machine")
    assert client("destroy", "product", "--confirm", "product").code == 1
    assert not _is_trashed(api, theirs)

    repaired = client("repair", "product", "--yes")
    assert repaired.code == 0, repaired.err
    assert "Salaries" not in repaired.out
    assert client("plan", "product", "--exit-code").code == 0
    assert client("destroy", "product", "--confirm", "product").code == 0
    assert not _is_trashed(api, theirs)


def test_a_record_without_a_checksum_is_used_and_gets_one(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, theirs: NotionId
) -> None:
    def make_old(record: dict[str, Any]) -> None:
        del record["checksum"]
        record["format"] = 2

    _edit(api, workspace.root_page_id, make_old)
    planned = client("plan", "product", "--exit-code")
    assert (planned.code, "by hand" in planned.err) == (0, False)
    assert client("apply", "product", "--rows", "--yes").code == 0
    assert "checksum" in json.loads(record_text(api, record_page(api, workspace.root_page_id)))


def test_destroy_checks_that_a_data_source_is_of_its_database(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, theirs: NotionId
) -> None:
    """A record of an earlier version has no checksum that would show the change."""

    def name_theirs(record: dict[str, Any]) -> None:
        del record["checksum"]
        record["format"] = 2
        record["databases"]["features"]["database_id"] = theirs

    _edit(api, workspace.root_page_id, name_theirs)
    before = workspace.counts()
    refused = client("destroy", "product", "--confirm", "product")
    assert refused.code == 1 and "Salaries" in refused.err
    assert workspace.counts() == before
    assert not _is_trashed(api, theirs)
