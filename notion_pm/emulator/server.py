"""Serving a local workspace over HTTP, for any Notion client."""

from __future__ import annotations

from collections.abc import Callable

from waitress.server import create_server

from .workspace import LocalWorkspace


def serve(
    workspace: LocalWorkspace,
    host: str = "127.0.0.1",
    port: int = 0,
    threads: int = 6,
    *,
    announce: Callable[[str], None] = lambda url: None,
) -> None:
    """Serves until interrupted; `announce` is told the URL once connections are accepted (port 0 picks a free one).

    Raises OSError where the port is taken.
    """
    server = create_server(workspace.app, host=host, port=port, threads=threads, ident="notion-pm")
    try:
        announce(f"http://{server.effective_host}:{server.effective_port}")
        server.run()
    finally:
        server.close()
