"""What the documents promise: their commands are run, as they stand, in the workspace that the demo
leaves behind.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import Program

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {
    "cli.md",
    "consultants.md",
    "import.md",
}  # help pages, made from the program; guides
ENDLESS = "local serve"
NOT_HERE = ("notion-pm init", "notion-pm -w ", "notion-pm completion")
"""Commands that need a person, other clients or a shell; tests of their own run them."""


def commands() -> list[tuple[str, str]]:
    """Every notion-pm command in a shell block of the documents, with the document's name."""
    return [
        (document.name, line.split("  #")[0].strip().removeprefix("$ "))
        for document in DOCUMENTS
        if document.name not in ELSEWHERE
        for block in re.findall(
            r"```(?:sh|console)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL
        )
        for line in block.splitlines()
        if line.removeprefix("$ ").startswith("notion-pm ")
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("newcomer")
    program = Program(folder)
    done = program("demo")
    assert done.code == 0, done.err
    program.environment["NOTION_PM_LOCAL"] = "demo/workspace.sqlite"
    return program


def test_there_are_commands_to_run() -> None:
    assert len(commands()) > 5


@pytest.mark.parametrize(("document", "line"), commands())
def test_commands_of_the_documents_run(demo: Program, document: str, line: str) -> None:
    if line.startswith(NOT_HERE):
        pytest.skip("run by a test of its own")
    arguments = shlex.split(line)[1:]
    if ENDLESS in line:
        assert first_line_of(demo, arguments).startswith("http://127.0.0.1:")
        return
    done = demo(*arguments, *(["--yes"] if _asks(arguments) and "--yes" not in arguments else []))
    assert done.code in {0, 2}, f"{document}: {line}\n{done.err}"


def _asks(arguments: list[str]) -> bool:
    """Whether a command asks a question, which needs a terminal."""
    return arguments[0] == "apply" or "--probe" in arguments


def first_line_of(program: Program, arguments: list[str]) -> str:
    """Start a command that does not end by itself, and stop it after its first line."""
    command = [sys.executable, "-m", "notion_pm", *arguments]
    with subprocess.Popen(
        command,
        cwd=program.folder,
        env=program.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    return line


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(
            r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8")
        ):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|sql|yaml|md))`", text)
    assert len(paths) > 30
    missing = [
        path for path in paths if not any((ROOT / top / path).exists() for top in ("", "notion_pm"))
    ]
    assert not missing
