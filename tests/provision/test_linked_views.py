"""Linked views on the parent page, and results that are not complete pages: left out with one
note."""

from __future__ import annotations

import csv
from typing import Literal

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults
from tests.support.program import Program

_TEMPLATE = """\
template: small
version: 1
title: Small
databases:
  features:
    title: Features
    properties:
      name: {type: title, title: Name}
      done: {type: checkbox, title: Done}
"""


@pytest.fixture
def client(connected: Program) -> Program:
    """The program with a small template, connected to a workspace by URL."""
    (connected.folder / "small.yaml").write_text(_TEMPLATE, encoding="utf-8")
    assert connected("apply", "small.yaml", "--yes").code == 0
    return connected


def _features(api: httpx.Client, workspace: LocalWorkspace) -> tuple[str, str]:
    """Return the database that the template made, and its data source."""
    blocks = api.get(f"blocks/{workspace.root_page_id}/children").json()["results"]
    database = next(str(each["id"]) for each in blocks if each["type"] == "child_database")
    return database, api.get(f"databases/{database}").json()["data_sources"][0]["id"]


def _link(api: httpx.Client, source: str, page: str) -> None:
    where = {"parent": {"type": "page_id", "page_id": page}}
    made = api.post(
        "views",
        json={"data_source_id": source, "name": "L", "type": "table", "create_database": where},
    )
    assert made.status_code == 200, made.text


def _row(api: httpx.Client, source: str, name: str) -> str:
    title = {"Name": {"title": [{"text": {"content": name}}]}}
    parent = {"type": "data_source_id", "data_source_id": source}
    return str(api.post("pages", json={"parent": parent, "properties": title}).json()["id"])


@pytest.mark.parametrize("answer", ["400", "404"])
def test_a_linked_view_on_the_parent_page_does_not_stop_any_command(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, answer: Literal["400", "404"]
) -> None:
    _, source = _features(api, workspace)
    _row(api, source, "Wings")
    own = {
        "parent": {"type": "page_id", "page_id": workspace.root_page_id},
        "title": [{"text": {"content": "Own"}}],
    }
    api.post(
        "databases", json={**own, "initial_data_source": {"properties": {"Name": {"title": {}}}}}
    )
    _link(api, source, workspace.root_page_id)
    workspace.faults.change(Faults(behaviour=Behaviour(linked_databases=answer)))

    for line in (
        "plan small.yaml --exit-code",
        "apply small.yaml --yes",
        "status small.yaml",
        "doctor",
        "capture -o captured.yaml",
        "repair small.yaml",
        f"init --parent-page {workspace.root_page_id} --env-file .env.test",
    ):
        done = client(*line.split())
        assert done.code == 0, (line, done)
        assert "Traceback" not in done.err
    exported = client("export", "-o", "all.json")
    assert exported.code == 0, exported
    assert exported.err.count("linked view") == 1, exported
    whole = (client.folder / "all.json").read_text(encoding="utf-8")
    assert "Wings" in whole
    assert "Own" in whole


def test_databases_beside_a_linked_view_are_adopted_and_repaired(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    _, source = _features(api, workspace)
    _link(api, source, workspace.root_page_id)
    blocks = api.get(f"blocks/{workspace.root_page_id}/children").json()["results"]
    record = next(each["id"] for each in blocks if each["type"] == "child_page")
    api.patch(f"pages/{record}", json={"in_trash": True})

    proposed = client("adopt", "small.yaml")
    assert proposed.code == 0, proposed
    assert "Features" in proposed.out
    repaired = client("repair", "small.yaml", "--yes")
    assert repaired.code == 0, repaired
    assert client("plan", "small.yaml", "--exit-code").code == 0


def test_only_complete_pages_are_read(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    _, source = _features(api, workspace)
    for name in ("Hidden", "Wings"):
        _row(api, source, name)
    mixed = Behaviour(queries_return=frozenset({"data_sources", "partial_pages"}))
    workspace.faults.change(Faults(behaviour=mixed))

    done = client("export", "features", "-o", "features.csv")

    assert done.code == 0, done
    assert done.err.count("are left out") == 1, done
    with (client.folder / "features.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 1
