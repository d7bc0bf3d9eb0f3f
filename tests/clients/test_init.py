"""`notion-pm init` as a first-time consultant meets it: at a terminal, and in a script."""

from __future__ import annotations

import stat
import tomllib

import pytest

from notion_pm.emulator import LocalWorkspace
from tests.support.program import Program
from tests.support.terminal import at_a_terminal


@pytest.fixture
def newcomer(program: Program, url: str) -> Program:
    """The program with nothing set but where Notion is."""
    program.environment["NOTION_PM_BASE_URL"] = url
    return program


def test_a_newcomer_gets_from_nothing_to_an_applied_template(
    newcomer: Program, workspace: LocalWorkspace
) -> None:
    done = at_a_terminal(
        newcomer,
        ["init"],
        [("Token (not shown)", workspace.token), ("Number, or the link", ""), ("Number, or", "1")],
    )
    assert done.code == 0, done.out
    assert workspace.token not in done.out
    for told in (
        "notion.so/profile/integrations",
        "Insert content",
        "••• (top right) > Connections",
        "The token works",
    ):
        assert told in done.out
    assert "notion-pm apply product" in done.out
    del newcomer.environment["NOTION_PM_BASE_URL"]
    assert newcomer("doctor", "--write").code == 0
    applied = at_a_terminal(
        newcomer, ["apply", "product", "--no-rows"], [("Apply these changes?", "y")]
    )
    assert applied.code == 0, applied.out
    assert newcomer("plan", "product", "--exit-code").code == 0


def test_the_link_of_a_page_is_no_token(newcomer: Program, workspace: LocalWorkspace) -> None:
    answers = [
        ("Token (not shown)", workspace.root_page_id),
        ("Token (not shown)", workspace.token),
        ("Number", "1"),
    ]
    done = at_a_terminal(newcomer, ["init"], answers)
    assert done.code == 0, done.out
    assert "This is the id or link of a page" in done.out


def test_a_script_adds_clients_without_being_asked(
    newcomer: Program, workspace: LocalWorkspace
) -> None:
    (newcomer.folder / "notion-pm.toml").write_text('# ours\ndefault = "acme"', encoding="utf-8")
    for name in ("acme", "glob-ex"):
        newcomer.environment[f"{name.replace('-', '_').upper()}_NOTION_TOKEN"] = workspace.token
        done = newcomer("init", "--workspace", name, "--parent-page", workspace.root_page_id)
        assert done.code == 0, done.err
        assert f"notion-pm -w {name} doctor --write" in done.out
        assert workspace.token not in done.out + done.err
        del newcomer.environment[f"{name.replace('-', '_').upper()}_NOTION_TOKEN"]
    text = (newcomer.folder / "notion-pm.toml").read_text(encoding="utf-8")
    assert text.startswith('# ours\ndefault = "acme"\n')
    assert workspace.token not in text
    assert tomllib.loads(text)["workspaces"]["glob-ex"]["token_env"] == "GLOB_EX_NOTION_TOKEN"
    assert stat.S_IMODE((newcomer.folder / ".env").stat().st_mode) == 0o600
    assert [each["client"] for each in newcomer("status", "product", "--json").json] == [
        "acme",
        "glob-ex",
    ]
    assert newcomer("-w", "glob-ex", "doctor").code == 0


def test_a_client_is_never_replaced_and_its_name_can_be_used(newcomer: Program) -> None:
    assert newcomer("init", "-w", "trial", "--local", "trial.sqlite").code == 0
    assert newcomer("-w", "trial", "doctor").code == 0
    again = newcomer("init", "-w", "trial", "--local", "other.sqlite")
    assert again.code == 1 and "has a workspace 'trial' already" in again.err
    assert not (newcomer.folder / "other.sqlite").exists()
    strange = newcomer("init", "-w", "a b", "--local", "trial.sqlite")
    assert strange.code == 1 and "Invalid client name: 'a b'" in strange.err


def test_a_local_workspace_needs_no_connection(program: Program) -> None:
    done = program("--local", "my trial.sqlite", "init")
    assert done.code == 0, done.err
    assert "notion-pm --local 'my trial.sqlite' apply product" in done.out
    assert not (program.folder / ".env").exists()


def test_the_template_that_was_applied_under_the_page_is_remembered(
    newcomer: Program, workspace: LocalWorkspace
) -> None:
    newcomer.environment["NOTION_TOKEN"] = newcomer.environment["ACME_NOTION_TOKEN"] = (
        workspace.token
    )
    newcomer.environment["NOTION_PM_PARENT_PAGE"] = workspace.root_page_id
    assert newcomer("apply", "okrs", "--yes", "--no-rows").code == 0
    assert newcomer("init", "--parent-page", workspace.root_page_id).code == 0
    assert "NOTION_PM_TEMPLATE=okrs" in (newcomer.folder / ".env").read_text(encoding="utf-8")
    assert newcomer("-w", "acme", "init", "--parent-page", workspace.root_page_id).code == 0
    settings = tomllib.loads((newcomer.folder / "notion-pm.toml").read_text(encoding="utf-8"))
    assert settings["workspaces"]["acme"]["template"] == "okrs"
    assert newcomer("-w", "acme", "plan", "--json").json["template"] == "okrs"


def test_without_an_answer_it_names_what_to_set(program: Program) -> None:
    done = program("init")
    assert done.code == 1
    assert "NOTION_TOKEN" in done.err and "--parent-page" in done.err


def test_a_folder_in_place_of_a_settings_file_is_reported(program: Program) -> None:
    program.environment["NOTION_PM_LOCAL"] = "w.sqlite"
    (program.folder / ".env").mkdir()
    assert program("plan", "product").err.count(".env is a folder") == 1
    (program.folder / ".env" / "pyvenv.cfg").touch()
    assert ".env" not in program("plan", "product").err
