"""Serve a WSGI application over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from wsgiref.types import WSGIApplication

from waitress.server import TcpWSGIServer


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
