"""`plan --all` and `apply --all`: every client side by side, and nobody pays for another's trouble."""

from __future__ import annotations

from textwrap import dedent

import pytest

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

_CLIENTS = """\
    [workspaces.acme]
    local = "acme.sqlite"

    [workspaces.globex]
    local = "globex.sqlite"

    [workspaces.initech]
    parent_page = "00000000-0000-4000-8000-000000000000"
    token_env = "INITECH_NOTION_TOKEN"
"""


@pytest.fixture
def clients(program: Program) -> Program:
    """Two clients in local workspaces, and one whose token is missing."""
    (program.folder / "notion-pm.toml").write_text(dedent(_CLIENTS), encoding="utf-8")
    _write(program)
    return program


def _write(program: Program, version: int = 1, kind: str = "rich_text") -> None:
    text = dedent(_TEMPLATE).format(version=version, type=kind)
    (program.folder / "small.yaml").write_text(text, encoding="utf-8")


def test_all_clients_are_planned_and_applied_beside_one_that_fails(clients: Program) -> None:
    planned = clients("plan", "small.yaml", "--all", "--json")
    assert planned.code == 1
    told = {each["client"]: each for each in planned.json}
    assert [told[name]["outcome"] for name in ("acme", "globex", "initech")] == [
        "changes",
        "changes",
        "failed",
    ]
    assert told["acme"]["plan"]["changes"] == told["globex"]["plan"]["changes"] != []
    assert "INITECH_NOTION_TOKEN" in told["initech"]["problem"]

    applied = clients("apply", "small.yaml", "--all", "--yes")
    assert applied.code == 1
    assert [
        line.split()
        for line in applied.out.splitlines()
        if line.startswith(("acme ", "globex ", "initech "))
    ] == [
        ["acme", "applied", "small", "3", "15"],
        ["globex", "applied", "small", "3", "15"],
        ["initech", "failed", "0"],
    ]
    assert "initech: No token for workspace 'initech'" in applied.out
    header = 'The same plan for 2 clients: "acme", "globex" (template small, version 1)'
    assert applied.out.count("new database with") == 1, "equal plans are shown once"
    assert applied.out.index(header) < applied.out.index("Client ")

    again = clients("plan", "small.yaml", "--all", "--json", "--exit-code").json
    assert [each["outcome"] for each in again] == ["up to date", "up to date", "failed"]


def test_a_dangerous_plan_is_held_back_and_the_others_are_applied(clients: Program) -> None:
    _write(clients, 1, "files")
    assert clients("-w", "acme", "apply", "small.yaml", "--yes").code == 0
    _write(clients, 2, "rich_text")
    clients.environment["INITECH_NOTION_TOKEN"] = "never-asked"
    (clients.folder / "notion-pm.toml").write_text(
        dedent(_CLIENTS).partition("[workspaces.initech]")[0]
    )
    done = clients("apply", "small.yaml", "--all", "--yes", "--json")
    assert done.code == 3
    assert [each["outcome"] for each in done.json] == ["held back", "applied"]
    assert "features.size" in done.json[0]["problem"]
    assert clients("-w", "acme", "status", "small.yaml", "--json").json[0]["version"] == 1


def test_nothing_is_applied_without_a_yes(clients: Program) -> None:
    refused = clients("apply", "small.yaml", "--all")
    assert refused.code == 1
    assert "Confirmation needed for 6 changes" in refused.err
    assert [each["state"] for each in clients("status", "small.yaml", "--json").json][:2] == [
        "not applied"
    ] * 2


def test_all_and_one_client_are_not_asked_for_together(clients: Program) -> None:
    for arguments in (("-w", "acme", "plan", "--all"), ("--local", "x.sqlite", "apply", "--all")):
        refused = clients(*arguments)
        assert refused.code == 1
        assert "--all cannot be combined with a single workspace" in refused.err
    assert "of one client" in clients("plan", "--all", "-o", "plan.json").err
    (clients.folder / "notion-pm.toml").unlink()
    assert "notion-pm init --workspace NAME" in clients("plan", "--all").err
