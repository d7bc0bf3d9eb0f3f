"""Clients that are slow on purpose do not block the servers of this program."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from waitress.server import BaseWSGIServer

from notion_pm.deadline_server import create_deadline_server
from notion_pm.emulator import LocalWorkspace
from tests.support.program import Program

HEAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"


@contextmanager
def running_server(seconds: float) -> Iterator[int]:
    """A server that answers "ok", and gives requests so long to arrive."""

    def app(environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])  # type: ignore[operator]
        return [b"ok"]

    server = create_deadline_server(
        app, request_seconds=seconds, host="127.0.0.1", port=0, connection_limit=10
    )
    assert isinstance(server, BaseWSGIServer)
    thread = threading.Thread(target=lambda: suppress_errors(server.run), daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.close()
        thread.join(5)


def suppress_errors(run: object) -> None:
    with suppress(OSError):
        run()  # type: ignore[operator]


def drip(port: int, begin: bytes, drop: bytes = b"x") -> float:
    """Send a start, then a byte every fifth of a second; return the seconds until it is closed."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as client, suppress(OSError):
        client.sendall(begin)
        client.settimeout(0.2)
        while time.monotonic() - began < 20:
            client.sendall(drop)
            with suppress(TimeoutError):
                if client.recv(1) == b"":
                    break
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("begin", "drop"), [(HEAD, b"x"), (HEAD + b"\r\n", b"x"), (b"", b"x"), (b"", b"\r\n")]
)
def test_a_very_slow_request_is_closed(begin: bytes, drop: bytes) -> None:
    """In its headers, in its body, from the first byte, and with nothing but blank lines."""
    with running_server(1.0) as port:
        assert drip(port, begin, drop) < 15


def test_very_slow_clients_do_not_block_the_server() -> None:
    with running_server(1.0) as port:
        slow = [threading.Thread(target=drip, args=(port, HEAD), daemon=True) for _ in range(12)]
        for thread in slow:
            thread.start()
        time.sleep(0.5)
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=30).text == "ok"


def test_a_client_with_many_requests_keeps_its_connection() -> None:
    with running_server(2.0) as port, httpx.Client() as client:
        for _ in range(12):
            assert client.get(f"http://127.0.0.1:{port}/").text == "ok"
            time.sleep(0.4)


def test_the_local_workspace_limits_the_size_of_bodies(program: Program) -> None:
    command = [sys.executable, "-m", "notion_pm", "local", "serve", "w.sqlite", "--port", "0"]
    environment = program.environment
    with subprocess.Popen(
        command,
        cwd=program.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        found = re.search(r":(\d+)", server.stdout.readline())
        assert found
        port = int(found[1])
        try:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.settimeout(20)
                client.sendall(HEAD.replace(b"100000", str(40 * 2**20).encode()) + b"\r\n")
                assert b"413" in client.recv(100)
            assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
        finally:
            server.terminate()


@pytest.mark.parametrize(
    "query",
    [
        "expires=9999999999&signature=%C3%A9",
        "expires=%C2%B2&signature=a",
        "expires=9999999999&signature=%FF",
        "",
    ],
)
def test_an_invalid_signature_is_refused(workspace: LocalWorkspace, query: str) -> None:
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(transport=transport, base_url="http://local") as client:
        for path in ("/files/01234567-89ab-cdef-0123-456789abcdef/x", "/files/x"):
            assert client.get(f"{path}?{query}").status_code == 403
