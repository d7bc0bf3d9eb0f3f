"""A process that runs the program again and again, and says how each run ended.

It lives long, so that a test can try thousands of files; the modules are loaded once. Each line on
stdin is a JSON list of arguments, each line on stdout a JSON object. A run that hangs ends the
process with a traceback.
"""

from __future__ import annotations

import faulthandler
import io
import json
import resource
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

SECONDS_TO_HANG = 60
MEMORY_AT_MOST = 4 * 1024**3


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_AT_MOST, MEMORY_AT_MOST))
    orders, answers = sys.stdin, sys.stdout
    _cut_the_network()
    for line in orders:
        answer = _run(json.loads(line))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _run(arguments: list[str]) -> dict[str, Any]:
    import notion_pm.cli as cli
    from notion_pm.errors import InternalError

    crash = ""
    shown = cli.show_error

    def show(error: Any) -> None:
        nonlocal crash
        if isinstance(error, InternalError):
            crash = "".join(traceback.format_exception(error.cause))
        shown(error)

    kept = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(out, "utf-8"),
        io.TextIOWrapper(err, "utf-8", errors="replace"),
    )
    cli.show_error = show
    code: Any = 0
    began = time.process_time()
    faulthandler.dump_traceback_later(SECONDS_TO_HANG, exit=True, file=kept[2])
    try:
        cli.main.main(arguments, prog_name="notion-pm")
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        crash = traceback.format_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
        with suppress(ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        written, complained = out.getvalue(), err.getvalue()
        sys.stdin, sys.stdout, sys.stderr = kept
        cli.show_error = shown
    return {
        "code": code,
        "out": written.decode("utf-8", "replace")[-4000:],
        "err": complained.decode("utf-8", "replace")[-4000:],
        "crash": crash,
        "seconds": time.process_time() - began,
        "megabytes": _peak_megabytes(),
    }


def _peak_megabytes() -> int:
    """Return the most memory that this program has had.

    The `ru_maxrss` of `getrusage` will not do: Linux counts in it what the parent had before this
    program was loaded (getrusage(2) follows the process, not the program), and pytest is large.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) // 1024


def _cut_the_network() -> None:
    """Let no file of a stranger send anything anywhere."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError("no network in this test")

    socket.create_connection = refuse
    socket.getaddrinfo = refuse


if __name__ == "__main__":
    main()
