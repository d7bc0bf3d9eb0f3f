"""Two machines for tests: each with a home of its own, both on one local workspace over real HTTP.

A run of the program is a process, forked from one that has imported everything. So it starts in some
milliseconds, and can be killed like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waitress.server import TcpWSGIServer

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.clock import system_clock
from notion_pm.workspace.lock import Claimant
from tests.program import Finished

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["__main__", "tests.machines", "tests.preloaded_program"])
_LONGEST_RUN = 120
AHEAD = "TESTS_CLOCK_AHEAD"
"""The variable that says how many seconds the clock of a machine is ahead."""
_numbers = count()


def run_program(arguments: tuple[str, ...], folder: str, environment: dict[str, str], output: str) -> None:
    """Run notion-pm in this process, which is its own."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in ((0, os.devnull), (1, f"{output}.out"), (2, f"{output}.err")):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # multiprocessing has put another file there
    from notion_pm.cli import main

    _set_clock_ahead(float(environment.get(AHEAD, 0)))
    main(list(arguments), prog_name="notion-pm")


def _set_clock_ahead(seconds: float) -> None:
    """Let this process judge claims as if it were later, so that no test waits for one to expire."""
    from notion_pm.cli.context import Context

    original = Context.claimant

    def claimant(context: Context, command: str) -> Claimant:
        return replace(original(context, command), wall=lambda: time.time() + seconds)

    Context.claimant = claimant  # type: ignore[method-assign, assignment]


class Run:
    """A run of the program on one machine."""

    def __init__(self, process: ForkServerProcess, output: Path) -> None:
        self._process = process
        self._output = output
        process.start()

    @property
    def pid(self) -> int:
        """The process, for signals."""
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, without any chance to clean up."""
        self._process.kill()
        self._process.join()

    def end(self) -> Finished:
        """Wait for it to end."""
        self._process.join(_LONGEST_RUN)
        if self._process.exitcode is None:
            self._process.kill()
            raise AssertionError("the run does not end")
        out, err = (self._output.with_name(f"{self._output.name}.{kind}") for kind in ("out", "err"))
        return Finished(self._process.exitcode, _text_of(out), _text_of(err))


def _text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


class Machine:
    """A home of its own, and the folder in which a person works."""

    def __init__(self, folder: Path, workspace: LocalWorkspace, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NOTION_PM_STATE": str(folder / "state"),
            "NOTION_TOKEN": workspace.token,
            "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
            "NOTION_PM_BASE_URL": url,
        }

    def start(self, *arguments: str) -> Run:
        """Begin a run."""
        output = self.folder / f"run-{next(_numbers)}"
        wanted = (arguments, str(self.folder), self.environment, str(output))
        return Run(_PROCESSES.Process(target=run_program, args=wanted), output)

    def run(self, *arguments: str) -> Finished:
        """Run it to its end."""
        return self.start(*arguments).end()


@dataclass
class Line:
    """The line between the machines and the workspace: how slow it is, and what happens at a request.

    `on_request` gets the number of the request, from 1. It returns whether the request arrives.
    """

    app: WSGIApplication
    latency: float = 0.0
    on_request: Callable[[int], bool] = lambda number: True
    requests: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on: half of the latency is before it, half behind it."""
        time.sleep(self.latency / 2)
        with self._lock:
            self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            number = len(self.requests)
        if not self.on_request(number):
            start_response("500 Internal Server Error", [])
            return []
        answer = self.app(environ, start_response)
        time.sleep(self.latency / 2)
        return answer

    @property
    def writes(self) -> list[str]:
        """The requests that may change something."""
        reads = ("GET ", "POST /v1/search")
        return [each for each in self.requests if not each.startswith(reads) and not each.endswith("/query")]


@dataclass(frozen=True)
class TwoMachines:
    """Anna and Ben, their workspace, and the line to it."""

    workspace: LocalWorkspace
    line: Line
    anna: Machine
    ben: Machine


@contextmanager
def two_machines(folder: Path, clock: ManualClock | None = None) -> Iterator[TwoMachines]:
    """Open the workspace in a folder, and serve it to two machines whose homes are there, too."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = open_workspace(folder / "workspace.sqlite", clock=clock or system_clock)
    line = Line(workspace.app)
    server = TcpWSGIServer(line, host="127.0.0.1", port=0, threads=8, asyncore_loop_timeout=0.05)

    def serve() -> None:
        with suppress(OSError):  # closing takes the socket from under the loop that waits on it
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    try:
        anna, ben = (Machine(folder / name, workspace, url) for name in ("anna", "ben"))
        yield TwoMachines(workspace, line, anna, ben)
    finally:
        server.close()
        thread.join(timeout=5)
        workspace.close()
