"""Processes of the program, forked from one that has imported everything.

Importing takes a second of CPU. A forked process starts in some milliseconds, and is otherwise a
process like any other: it has a home, a folder and an exit code, and can be killed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from notion_pm.workspace.lock import Claimant

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["__main__", "tests.support.forked_program", "tests.support.preloaded_program"]
)

AHEAD = "TESTS_CLOCK_AHEAD"
"""The variable that says how many seconds the clock of the process is ahead; less than none:
behind.
"""


@dataclass(frozen=True)
class Streams:
    """The files that stand for stdin, stdout and stderr of a process."""

    stdin: Path
    stdout: Path
    stderr: Path


def start_program(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], streams: Streams
) -> ForkServerProcess:
    """Start a process that runs notion-pm."""
    process = _PROCESSES.Process(target=_run, args=(arguments, folder, environment, streams))
    process.start()
    return process


def _run(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], streams: Streams
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    _connect(0, os.open(streams.stdin, os.O_RDONLY))
    _connect(1, os.open(streams.stdout, flags, 0o600))
    _connect(2, os.open(streams.stderr, flags, 0o600))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # multiprocessing has put another file there
    from notion_pm.cli import main

    _set_clock_ahead(float(environment.get(AHEAD, 0)))
    main(list(arguments), prog_name="notion-pm")


def _set_clock_ahead(seconds: float) -> None:
    """Let the clock of this process be wrong, or keep up with a server's clock that a test has
    moved on.
    """
    from notion_pm.console.context import Context

    original, now = Context.claimant, Context.now

    def claimant(context: Context, command: str) -> Claimant:
        return replace(original(context, command), wall=lambda: time.time() + seconds)

    Context.claimant = claimant  # type: ignore[method-assign, assignment]
    Context.now = lambda self: now(self) + timedelta(seconds=seconds)  # type: ignore[method-assign]


def _connect(descriptor: int, file: int) -> None:
    os.dup2(file, descriptor)
    if file != descriptor:
        os.close(file)
