"""The program at a terminal, with somebody who types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress

from tests.program import Finished, Program


def at_a_terminal(program: Program, arguments: list[str], typed: list[tuple[str, str]]) -> Finished:
    """Run the program at a terminal, and type each answer when its question is there."""
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
            if typed and typed[0][0] in shown.rpartition("\x00")[2]:
                os.write(ours, f"{typed.pop(0)[1]}\n".encode())
                shown += "\x00"  # each question is answered once
    os.close(ours)
    code = process.wait(timeout=60)
    stuck.cancel()
    return Finished(code, shown.replace("\x00", ""), "")
