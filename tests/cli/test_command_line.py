"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from notion_pm import __version__
from notion_pm.cli import COMMANDS, main, with_global_options_first
from tests.support.program import Program


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
    assert with_global_options_first(["plan", "--local"]) == [
        "--local"
    ]  # its value is missing: `plan` is none


@pytest.mark.parametrize(
    "wrong",
    [("--nosuch",), ("nosuch",), ("plan", "--nosuch"), ("plan", "--local"), ("--jobs", "x")],
)
def test_misuse_exits_as_an_error_for_2_means_changes(
    program: Program, wrong: tuple[str, ...]
) -> None:
    done = program(*wrong)
    assert (done.code, done.out) == (1, "")
    assert "Error: " in done.err and "Traceback" not in done.err


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no file that is always full"
)
def test_what_the_disk_refuses_is_told_without_a_traceback(program: Program) -> None:
    command = [sys.executable, "-m", "notion_pm", "templates", "show", "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr.startswith("Error: ")
        and "No space left" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_a_state_folder_that_cannot_be_made_is_named(program: Program) -> None:
    (program.folder / "file").touch()
    program.environment["NOTION_PM_STATE"] = str(program.folder / "file")
    done = program("--local", "w.sqlite", "sync")
    assert done.code == 1
    assert "NOTION_PM_STATE" in done.err and "Traceback" not in done.err


def test_version_and_help_load_no_command(program: Program) -> None:
    assert program("--version").out.strip() == f"notion-pm, version {__version__}"
    code = "import sys; from notion_pm.cli import main; main(['--help'], standalone_mode=False); print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for slow in ("pydantic", "httpx", "notion_client", "flask", "rich", "yaml"):
        assert f"'{slow}'" not in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_what_goes_to_a_file_is_utf_8_whatever_the_locale(program: Program, encoding: str) -> None:
    program.environment["PYTHONIOENCODING"] = encoding
    done = program("templates", "show")
    assert done.code == 0, done.err
    assert "🧭" in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX")
def test_a_terminal_has_colours_unless_they_are_not_wanted(program: Program) -> None:
    assert "\x1b[31m" in on_terminal(program, "doctor")
    program.environment["NO_COLOR"] = "1"
    assert "\x1b[" not in on_terminal(program, "doctor")


def on_terminal(program: Program, *arguments: str) -> str:
    """What a run of the program shows on a terminal."""
    import pty  # not on Windows

    ours, its = pty.openpty()
    command = [sys.executable, "-m", "notion_pm", *arguments]
    subprocess.run(
        command, cwd=program.folder, env=program.environment, stdout=its, stderr=its, check=False
    )
    os.close(its)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        return terminal.read(10_000).decode()


def test_every_help_page_fits_a_terminal_of_80_columns() -> None:
    for path, page in help_pages(main, []):
        assert [line for line in page.splitlines() if len(line) > 80] == [], path


def help_pages(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], str]]:
    """Every command's path and help page, those of groups before their commands'."""
    yield (
        path,
        CliRunner()
        .invoke(main, [*path, "--help"], terminal_width=80, prog_name="notion-pm")
        .output,
    )
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from help_pages(below, [*path, name])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(program: Program, shell: str) -> None:
    done = program("completion", shell)
    assert done.code == 0 and "_NOTION_PM_COMPLETE" in done.out


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("do", ["plain,doctor"]),
        ("apply p", ["plain,product"]),
        ("audit --template disc", ["plain,discovery"]),
        ("templates show mine", ["file,mine"]),
        ("export road", ["plain,roadmap"]),
        ("export -w acme cust", ["plain,customers"]),
        ("-w a", ["plain,acme"]),
        ("import --preset ji", ["plain,jira"]),
        ("--local w", ["file,w"]),
    ],
)
def test_completion_completes_commands_and_what_they_take(
    program: Program, line: str, found: list[str]
) -> None:
    toml = '[workspaces.acme]\nlocal = "a"\ntemplate = "full"\n[workspaces.globex]\nlocal = "b"\n'
    Path(program.folder, "notion-pm.toml").write_text(toml, encoding="utf-8")
    program.environment["_NOTION_PM_COMPLETE"] = "bash_complete"
    program.environment |= {"COMP_WORDS": f"notion-pm {line}", "COMP_CWORD": str(len(line.split()))}
    assert program().out.split() == found


def test_a_broken_notion_pm_toml_completes_nothing(program: Program) -> None:
    Path(program.folder, "notion-pm.toml").write_text("[", encoding="utf-8")
    program.environment["_NOTION_PM_COMPLETE"] = "bash_complete"
    program.environment |= {"COMP_WORDS": "notion-pm export road", "COMP_CWORD": "2"}
    done = program()
    assert (done.out.strip(), done.err) == ("", "")


def test_a_fault_of_ours_is_one_line_unless_somebody_debugs(program: Program) -> None:
    code = (
        "import sys\n"
        "import notion_pm.provision.commands.templates as module\n"
        "def broken(*_, **__): raise KeyError('ntn_secret')\n"
        "module.template_page = module.format_page = broken\n"
        "module.templates.load = broken\n"
        "from notion_pm.cli import main\n"
        "main(sys.argv[1:], prog_name='notion-pm')\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, "templates", "show", "product", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 1 and done.stdout == ""
    assert "KeyError" in done.stderr and "--debug" in done.stderr
    assert "Traceback" not in done.stderr and "ntn_secret" not in done.stderr
    assert "Traceback" in run("--debug").stderr


def test_text_that_cannot_be_read_is_told(program: Program) -> None:
    program("--local", "w.sqlite", "apply", "product", "--no-rows", "--yes")

    def export(*arguments: str) -> str:
        done = program("--local", "w.sqlite", "export", *arguments, "-o", "x.csv")
        assert done.code == 1 and done.err.startswith("Error: ")
        assert "Traceback" not in done.err and "Internal error" not in done.err
        return done.err

    for url in ("http://[x", "http://[v1.x]"):
        export(url)
        export("features", "--where", f"initiative={url}")
    for condition in ("reach<=inf", "reach=nan", "reach>-infinity"):
        assert "is a number" in export("features", "--where", condition)
    for condition in ("name=a\nb", "name=" + "x" * 100_000 + "\ry", "name!"):
        export("features", "--where", condition)
