"""The program at a terminal, with somebody who types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.support.program import Finished, Program


def at_a_terminal(
    program: Program, arguments: list[str], typed: Sequence[tuple[str, str | Callable[[], str]]]
) -> Finished:
    """Run the program at a terminal, and type each answer when its question is there.

    An answer may be a function, which does something while the question waits and returns what to
    type.
    """
    waiting = list(typed)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "notion_pm", *arguments],
        cwd=program.folder,
        env=program.environment | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""
    stuck = threading.Timer(60, process.kill)
    stuck.start()
    with suppress(OSError):  # the terminal is gone with the program
        while chunk := os.read(ours, 4096).decode(errors="replace"):
            shown += chunk
            if waiting and waiting[0][0] in shown.rpartition("\x00")[2]:
                answer = waiting.pop(0)[1]
                os.write(ours, f"{answer if isinstance(answer, str) else answer()}\n".encode())
                shown += "\x00"  # each question is answered once
    os.close(ours)
    code = process.wait(timeout=60)
    stuck.cancel()
    return Finished(code, shown.replace("\x00", ""), "")
