"""Serve a local workspace over HTTP, for any Notion client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from waitress.channel import ClientDisconnected
from waitress.server import BaseWSGIServer, MultiSocketServer

from notion_pm.deadline_server import create_deadline_server
from notion_pm.emulator.faults import ConnectionDroppedError
from notion_pm.emulator.workspace import LocalWorkspace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REQUEST_SECONDS = 30.0
"""How long a request may take to arrive. The largest is a part of a file, at most 20 MB."""

_LARGEST_BODY = 32 * 2**20
"""Bytes. The largest request is a part of a file (notion-api.md 2.8)."""

_PARTING_SECONDS = 2  # for deliveries that are being sent; the others are sent next time


def serve(
    workspace: LocalWorkspace,
    host: str = "127.0.0.1",
    port: int = 0,
    threads: int = 6,
    *,
    announce: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the workspace and send its webhooks, until interrupted.

    `announce` is called with the URL as soon as connections are accepted. Port 0 picks a free port.
    Raises OSError if the port is in use.
    """
    server = create_deadline_server(
        _closing_dropped(workspace.app),
        request_seconds=_REQUEST_SECONDS,
        host=host,
        port=port,
        threads=threads,
        max_request_body_size=_LARGEST_BODY,
        ident="notion-pm",
    )
    stop = threading.Event()
    courier = threading.Thread(target=workspace.webhooks.run, args=(stop,), daemon=True)
    try:
        announce(f"http://{host}:{_port(server)}")
        courier.start()
        server.run()
    finally:
        stop.set()
        server.close()
        if courier.is_alive():
            courier.join(_PARTING_SECONDS)


def _closing_dropped(app: WSGIApplication) -> WSGIApplication:
    """Close the connection when a fault drops it.

    waitress closes a connection without an answer when it thinks that the client has gone.
    """

    def close_dropped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ConnectionDroppedError:
            raise ClientDisconnected from None

    return close_dropped


def _port(server: MultiSocketServer | BaseWSGIServer) -> int:
    """Return a server's port. For a name like `localhost` it may listen on two addresses."""
    if isinstance(server, MultiSocketServer):
        return server.effective_listen[0][1]
    return int(server.getsockname()[1])
