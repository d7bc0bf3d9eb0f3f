"""A local workspace behind real HTTP, and the program in a folder of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from waitress.server import TcpWSGIServer

from notion_pm.emulator import LocalWorkspace
from tests.program import Program


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Serve an application on this machine, and lend its URL."""
    server = TcpWSGIServer(app, host="127.0.0.1", port=0, threads=4)

    def serve() -> None:
        with suppress(OSError):  # closing takes the socket from under the loop that waits on it
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join(timeout=5)


@pytest.fixture
def url(workspace: LocalWorkspace) -> Iterator[str]:
    """The workspace, served: its URL."""
    with served(workspace.app) as address:
        yield address


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with no settings."""
    folder = tmp_path / "client"
    folder.mkdir()
    return Program(folder)


@pytest.fixture
def connected(program: Program, workspace: LocalWorkspace, url: str) -> Program:
    """The program, connected to the workspace by settings in its environment."""
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    return program
