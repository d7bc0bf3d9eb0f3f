"""Serving a local workspace over HTTP, for any Notion client."""

from __future__ import annotations

from collections.abc import Callable

from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

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
        announce(f"http://{host}:{_port(server)}")
        server.run()
    finally:
        server.close()


def _port(server: MultiSocketServer | BaseWSGIServer) -> int:
    """Returns the port that a server listens on; a name like `localhost` makes it listen on two addresses."""
    if isinstance(server, MultiSocketServer):
        return server.effective_listen[0][1]
    return int(server.getsockname()[1])
