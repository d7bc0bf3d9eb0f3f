"""Bars are drawn for people: on stderr, where it is a terminal. What a command says stays on
stdout, to the letter.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.program import Program

CLOCK = re.compile(r"\b\d\d:\d\d\b|\d+ requests?")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    made = Program(tmp_path_factory.mktemp("watched"))
    made.environment["NOTION_PM_LOCAL"] = "w.sqlite"
    done = made("apply", "full", "--yes", "--no-rows")
    assert done.code == 0, done.err
    return made


def watched(program: Program, *arguments: str, kind: str = "xterm") -> tuple[int, str, str]:
    """Run a command with stderr on a terminal and stdout in a pipe; return its exit code and what
    went where.
    """
    terminal, end = pty.openpty()
    seen = bytearray()

    def look() -> None:
        try:
            while found := os.read(terminal, 4096):
                seen.extend(found)
        except OSError:  # the terminal is closed
            return

    watching = threading.Thread(target=look)
    with subprocess.Popen(
        [sys.executable, "-m", "notion_pm", *arguments],
        cwd=program.folder,
        env=program.environment | {"TERM": kind, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
    ) as process:
        os.close(end)
        watching.start()
        assert process.stdout is not None
        out = process.stdout.read()
    watching.join(timeout=10)
    os.close(terminal)
    return process.returncode, out, seen.decode(errors="replace")


@pytest.mark.parametrize(
    "line",
    [
        "plan full",
        "status",
        "doctor",
        "sync --dry-run",
        "audit",
        "loop --told-all --yes",
        "report -o -",
        "capture",
        "undo --dry-run",
        "apply full --yes",
    ],
)
def test_bars_go_to_a_terminal_alone(program: Program, line: str) -> None:
    quiet = program(*line.split())
    assert "━" not in quiet.out + quiet.err
    code, out, err = watched(program, *line.split())
    assert code == quiet.code
    assert "━" in err
    assert CLOCK.sub("", out) == CLOCK.sub("", quiet.out)
    assert "\x1b[2K" in err  # the bar is wiped away


def test_nothing_is_drawn_in_a_terminal_that_cannot_wipe_it_away(program: Program) -> None:
    code, _, err = watched(program, "audit", kind="dumb")
    assert (code, "━" in err) == (0, False)


def test_what_is_filled_is_named_on_stdout(program: Program, tmp_path: Path) -> None:
    code, out, err = watched(program, "local", "fill", str(tmp_path / "f.sqlite"), "--rows", "3")
    assert (code, len(out.strip())) == (0, 36), err
