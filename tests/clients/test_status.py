"""Many clients in one table: who is behind, who drifted, who could not be read."""

from __future__ import annotations

from textwrap import dedent

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from tests.support.program import Program

_TEMPLATE = """\
    template: small
    version: {version}
    title: Small
    databases:
      features:
        title: Features
        properties:
          name: {{type: title, title: Name}}
          size: {{type: {type}, title: Size}}
"""


@pytest.fixture
def clients(program: Program, workspace: LocalWorkspace, url: str, api: httpx.Client) -> Program:
    """Two clients in two pages of one workspace, and one whose page is not shared."""
    parent = {"type": "page_id", "page_id": workspace.root_page_id}
    title = {"title": [{"text": {"content": "Globex"}}]}
    globex = api.post("pages", json={"parent": parent, "properties": {"title": title}}).json()["id"]
    pages = {
        "acme": workspace.root_page_id,
        "globex": globex,
        "gone": "00000000-0000-4000-8000-000000000000",
    }
    entries = [
        f'[workspaces.{name}]\nparent_page = "{page}"\ntoken_env = "CLIENTS_NOTION_TOKEN"\n'
        for name, page in pages.items()
    ]
    (program.folder / "notion-pm.toml").write_text("\n".join(entries), encoding="utf-8")
    program.environment |= {"CLIENTS_NOTION_TOKEN": workspace.token, "NOTION_PM_BASE_URL": url}
    _write(program)
    return program


def _write(program: Program, version: int = 1, kind: str = "rich_text") -> None:
    text = dedent(_TEMPLATE).format(version=version, type=kind)
    (program.folder / "small.yaml").write_text(text, encoding="utf-8")


def test_every_client_has_a_row_and_one_failure_stops_nobody(
    clients: Program, workspace: LocalWorkspace
) -> None:
    applied = clients("-w", "acme", "apply", "small.yaml", "--yes")
    assert applied.code == 0, applied.err
    found = clients("status", "small.yaml", "--json")
    assert found.code == 1
    told = {each["client"]: each for each in found.json}
    assert {name: each["state"] for name, each in told.items()} == {
        "acme": "up to date",
        "globex": "not applied",
        "gone": "failed",
    }
    assert (told["acme"]["version"], told["acme"]["requests"], told["globex"]["changes"]) == (
        1,
        4,
        3,
    )
    assert workspace.token not in found.out + found.err
    shown = clients("status", "small.yaml")
    assert "gone: " in shown.out
    assert "Traceback" not in shown.err


def test_a_new_version_shows_who_is_behind_and_where_to_look_twice(clients: Program) -> None:
    assert clients("-w", "acme", "apply", "small.yaml", "--yes").code == 0
    _write(clients, 2)
    behind = clients("-w", "acme", "status", "small.yaml", "--json", "--exit-code")
    assert behind.code == 2
    assert [
        (each["client"], each["state"], each["version"], each["wanted"]) for each in behind.json
    ] == [("acme", "behind", 1, 2)]
    _write(clients, 2, "relation, to: features")
    assert clients("-w", "acme", "status", "small.yaml", "--json").json[0]["state"] == "look twice"


def test_without_a_template_each_client_is_held_against_its_own(clients: Program) -> None:
    assert clients("-w", "globex", "apply", "product", "--yes", "--no-rows").code == 0
    found = {each["client"]: each for each in clients("status", "--json").json}
    assert (found["globex"]["template"], found["globex"]["state"]) == ("product", "up to date")
    assert "No template was applied" in found["acme"]["problem"]


def test_local_workspaces_and_templates_of_their_own_stand_beside_the_others(
    clients: Program,
) -> None:
    entry = '\n[workspaces.trial]\nlocal = "trial.sqlite"\ntemplate = "small.yaml"\n'
    with (clients.folder / "notion-pm.toml").open("a", encoding="utf-8") as file:
        file.write(entry)
    found = {each["client"]: each for each in clients("status", "--json").json}
    assert (found["trial"]["template"], found["trial"]["state"]) == ("small", "not applied")
    assert "No template was applied" in found["acme"]["problem"]
