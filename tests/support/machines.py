"""Two machines for tests: each with a home of its own, both on one local workspace over real HTTP."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waitress.server import TcpWSGIServer

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.store.clock import system_clock
from tests.support.forked_program import Streams, start_program
from tests.support.program import Finished

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

_LONGEST_RUN = 120
_numbers = count()


class Run:
    """A run of the program on one machine."""

    def __init__(self, process: ForkServerProcess, streams: Streams) -> None:
        self._process = process
        self._streams = streams

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
        out, err = _text_of(self._streams.stdout), _text_of(self._streams.stderr)
        return Finished(self._process.exitcode, out, err)


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
        name = f"run-{next(_numbers)}"
        out, err = self.folder / f"{name}.out", self.folder / f"{name}.err"
        streams = Streams(Path(os.devnull), out, err)
        return Run(start_program(arguments, self.folder, self.environment, streams), streams)

    def run(self, *arguments: str) -> Finished:
        """Run it to its end."""
        return self.start(*arguments).end()


@dataclass
class Line:
    """The line between the machines and the workspace: how slow it is, and what happens at a
    request.

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
        return [
            each
            for each in self.requests
            if not each.startswith(reads) and not each.endswith("/query")
        ]


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
