"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from notion_pm import __version__
from notion_pm.cli import COMMANDS, main, with_global_options_first
from tests.program import Program


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_its_line_in_the_list_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None and command.help is not None
    assert command.help.startswith(COMMANDS[name].removesuffix("."))
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_global_options_may_stand_on_either_side() -> None:
    assert with_global_options_first(["plan", "product", "--local", "x", "--json"]) == [
        "--local", "x", "plan", "product", "--json",
    ]  # fmt: skip
    assert with_global_options_first(["plan", "--local=x"]) == ["--local=x", "plan"]
    assert with_global_options_first(["export", "--", "-w"]) == ["export", "--", "-w"]


def test_version_and_help_load_no_command(program: Program) -> None:
    assert program("--version").out.strip() == f"notion-pm, version {__version__}"
    code = "import sys; from notion_pm.cli import main; main(['--help'], standalone_mode=False); print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for slow in ("pydantic", "httpx", "notion_client", "flask", "rich", "yaml"):
        assert f"'{slow}'" not in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(program: Program, shell: str) -> None:
    done = program("completion", shell)
    assert done.code == 0 and "_NOTION_PM_COMPLETE" in done.out


def test_completion_completes_commands(program: Program) -> None:
    program.environment |= {"_NOTION_PM_COMPLETE": "bash_complete", "COMP_WORDS": "notion-pm do", "COMP_CWORD": "1"}
    assert "plain,doctor" in program().out
