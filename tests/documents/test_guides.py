"""The guides are true: their commands run as they stand, in their order, and print what is shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.support.program import Program

_DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
_BLOCK = re.compile(
    r"^```(?P<kind>\w+)(?: (?P<file>[^\n]+))?\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)
_REST = "..."
"""Stands for lines that the guide does not show."""


@pytest.mark.parametrize(
    ("guide", "at_least"), [("tutorial.md", 17), ("consultants.md", 20), ("import.md", 6)]
)
def test_a_guide_is_true_from_its_first_command_to_its_last(
    program: Program, guide: str, at_least: int
) -> None:
    ran = 0
    for block in _BLOCK.finditer((_DOCS / guide).read_text(encoding="utf-8")):
        if block["file"]:
            file = program.folder / block["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for command, shown in _commands(block["text"]):
                _run(program, command, shown)
                ran += 1
    assert ran >= at_least


def _commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a block, each with the lines that it is shown to print."""
    lines = [line.rstrip() for line in block.splitlines()]
    starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start].removeprefix("$ "), lines[start + 1 : end]


def _run(program: Program, command: str, shown: list[str]) -> None:
    name, *arguments = shlex.split(command)
    assert name == "notion-pm"
    done = program(*arguments)
    assert done.code == 0, f"{command}\n{done.out}\n{done.err}"
    printed = [line.rstrip() for line in done.out.splitlines()]
    assert _fits(printed, shown), f"{command} prints\n{done.out}\nand not\n" + "\n".join(shown)


def _fits(printed: list[str], shown: list[str]) -> bool:
    """Whether the output is the shown lines, with anything in place of each `...`."""
    parts = [list(each) for rest, each in groupby(shown, key=_REST.__eq__) if not rest]
    if _REST not in shown:
        return printed == shown
    place = 0
    for number, part in enumerate(parts):
        at = next(
            (
                i
                for i in range(place, len(printed) - len(part) + 1)
                if printed[i : i + len(part)] == part
            ),
            None,
        )
        if at is None or (number == 0 and shown[0] != _REST and at != 0):
            return False
        place = at + len(part)
    return shown[-1] == _REST or place == len(printed)
