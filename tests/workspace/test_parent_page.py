"""The page under which everything is made, and databases that people took away from it: told before
any write.
"""

from __future__ import annotations

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
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
      needs: {type: relation, title: Needs, to: features}
      done: {type: checkbox, title: Done}
      ready: {type: checkbox, title: Ready}
sync:
  ready: {why: It can begin., set: features.ready, to: true, if: {all: {over: needs, where: {done: true}}}}
"""


@pytest.fixture
def client(connected: Program) -> Program:
    """The program with a small template, connected to a workspace by URL."""
    (connected.folder / "small.yaml").write_text(_TEMPLATE, encoding="utf-8")
    return connected


def _features(api: httpx.Client, workspace: LocalWorkspace) -> str:
    blocks = api.get(f"blocks/{workspace.root_page_id}/children").json()["results"]
    return next(str(each["id"]) for each in blocks if each["type"] == "child_database")


def _page(api: httpx.Client, parent_id: str, name: str) -> str:
    parent = {"type": "page_id", "page_id": parent_id}
    title = {"title": {"title": [{"text": {"content": name}}]}}
    return str(api.post("pages", json={"parent": parent, "properties": title}).json()["id"])


_READ_AND_WRITE = [
    "plan small.yaml",
    "apply small.yaml --yes",
    "adopt small.yaml",
    "capture",
    "repair small.yaml",
    "sync",
    "sync --dry-run",
    "export",
    "trace Wings",
    "why Wings",
    "audit",
    "loop",
    "report",
    "undo --yes",
    "destroy small --confirm small",
    "import rows.csv --into features --yes",
]


@pytest.mark.parametrize("line", _READ_AND_WRITE)
@pytest.mark.parametrize("around", [False, True], ids=["itself", "a page around it"])
def test_a_parent_page_in_the_trash_is_named(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, line: str, around: bool
) -> None:
    above = _page(api, workspace.root_page_id, "Above")
    parent = _page(api, above, "Elsewhere")
    client.environment["NOTION_PM_PARENT_PAGE"] = parent
    (client.folder / "rows.csv").write_text("key,name\nwings,Wings\n")
    assert client("apply", "small.yaml", "--yes").code == 0
    api.patch(f"pages/{above if around else parent}", json={"in_trash": True})

    done = client(*line.split())

    assert done.code == 1, done
    assert "the trash" in done.err
    assert "'Elsewhere'" in done.err or "'Above'" in done.err
    assert "Restore it in Notion" in done.err


_USING_DATABASES = [
    "plan small.yaml",
    "apply small.yaml --yes",
    "sync --template small.yaml",
    "sync --template small.yaml --full --dry-run",
    "export",
    "export features",
    "status small.yaml",
    "why Wings --template small.yaml",
    "audit",
    "report",
    "doctor",
    "import rows.csv --into features --yes",
]


def test_a_moved_database_below_a_trashed_page_is_named(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    above = _page(api, workspace.root_page_id, "Attic")
    elsewhere = _page(api, above, "Elsewhere")
    (client.folder / "rows.csv").write_text("key,name\nwings,Wings\n")
    assert client("apply", "small.yaml", "--yes").code == 0
    assert client("sync", "--template", "small.yaml").code == 0
    database = _features(api, workspace)
    api.patch(f"databases/{database}", json={"parent": {"type": "page_id", "page_id": elsewhere}})
    api.patch(f"pages/{above}", json={"in_trash": True})

    for line in _USING_DATABASES:
        done = client(*line.split())
        assert done.code == 1, (line, done)
        said = done.err + done.out
        assert "'Features' is in the trash, together with the page 'Attic' above it." in said, (
            line,
            done,
        )
        assert "Restore it in Notion" in said, (line, done)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_database_is_no_parent_page(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, command: str
) -> None:
    assert client("apply", "small.yaml", "--yes").code == 0
    client.environment["NOTION_PM_PARENT_PAGE"] = _features(api, workspace)
    done = client(command, "small.yaml")
    assert done.code == 1
    assert "The parent page 'Features' is a database, not a page." in done.err


def test_a_database_in_the_trash_is_not_made_again(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    assert client("apply", "small.yaml", "--yes").code == 0
    database = _features(api, workspace)
    api.patch(f"databases/{database}", json={"in_trash": True})
    stopped = client("apply", "small.yaml", "--yes")
    assert stopped.code == 3
    assert (
        "features: the database 'Features' is in the trash. Restore it in Notion, with its pages"
        in stopped.err
    )
    api.patch(f"databases/{database}", json={"in_trash": False})
    assert client("plan", "small.yaml", "--exit-code").code == 0


def test_a_database_that_was_moved_is_followed(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    assert client("apply", "small.yaml", "--yes").code == 0
    parent = {"type": "page_id", "page_id": _page(api, workspace.root_page_id, "Elsewhere")}
    moved = api.patch(f"databases/{_features(api, workspace)}", json={"parent": parent})
    assert moved.status_code == 200, moved.text
    planned = client("plan", "small.yaml", "--exit-code")
    assert planned.code == 0
    assert "Features: is no longer directly on the parent page; respected" in planned.out
