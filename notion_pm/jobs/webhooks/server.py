"""Serve the endpoint on other threads, while the main thread listens and syncs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from waitress.server import BaseWSGIServer, MultiSocketServer

from notion_pm.deadline_server import create_deadline_server
from notion_pm.errors import UsageError
from notion_pm.jobs.webhooks.app import LARGEST_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 4
_CONNECTIONS = 100
_REQUEST_SECONDS = 10.0
"""A delivery must arrive within this time; idle connections have the same time.

Notion's deliveries are small.
"""
_PARTING_SECONDS = 5


@contextmanager
def serving(app: WSGIApplication, host: str, port: int) -> Iterator[str]:
    """Serve while the block runs; yield the URL.

    Connections that send too slowly or too much are closed. Raises UsageError when the address
    cannot be used.
    """
    # Without this waitress logs a line for each delivery that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = _open_server(app, host, port)
    listens_on = (
        server.effective_listen[0][1]
        if isinstance(server, MultiSocketServer)
        else server.getsockname()[1]
    )

    def serve() -> None:
        with suppress(OSError):  # closing the server closes the socket that this loop waits on
            server.run()

    thread = threading.Thread(target=serve, name="webhooks", daemon=True)
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listens_on}"
    finally:
        server.close()
        thread.join(_PARTING_SECONDS)


def _open_server(app: WSGIApplication, host: str, port: int) -> MultiSocketServer | BaseWSGIServer:
    try:
        return create_deadline_server(
            app,
            request_seconds=_REQUEST_SECONDS,
            host=host,
            port=port,
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            ident=None,
        )
    except OSError as error:
        advice = "Choose another --port; 0 takes a free one."
        raise UsageError(f"{host}:{port} cannot be served: {error.strerror}.", advice) from None
