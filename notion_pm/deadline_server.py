"""An HTTP server that limits the time in which a request must arrive: waitress with a deadline.

waitress by itself closes only idle connections. A client that sends one byte per second is never
idle, and a hundred such clients would block the server.

Shared by the webhook listener and the local workspace; it imports neither.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, TcpWSGIServer, create_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_CHECK_INTERVAL = 2
"""Seconds between two checks of the connections."""

_HEADER_SECONDS = 10.0
"""The time for a request's headers; unlike bodies, they are always small.

An idle connection may wait longer: clients keep connections for their next request.
"""

_ANSWER_SECONDS = 600.0
"""The time in which a client must receive a response: files of a local workspace may be large."""


class _Channel(HTTPChannel):
    """A connection that remembers when its current request began.

    `waiting_since`: when the server began to wait for the current request. `has_begun`: the first
    byte of the request has arrived.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.waiting_since = time.monotonic()
        self.has_begun = False
        super().__init__(*args, **settings)

    def received(self, data: bytes) -> bool:
        """Take the data that has arrived.

        The first byte after a complete request starts the time of the next one. Blank lines, which
        waitress skips, do not start it again.
        """
        if not self.has_begun:
            self.has_begun = True
            self.waiting_since = time.monotonic()
        complete_before = len(self.requests)
        is_taken = bool(super().received(data))
        if len(self.requests) > complete_before:
            self.has_begun = self.request is not None
            self.waiting_since = time.monotonic()
        return is_taken

    def service(self) -> None:
        """Answer a request; the time that the answer takes does not count for the client."""
        super().service()
        self.waiting_since = time.monotonic()


class _Server(TcpWSGIServer):
    """A listening socket whose connections are closed when a request does not arrive in time."""

    channel_class = _Channel
    request_seconds = 30.0

    def maintenance(self, now: Any) -> None:
        """Close connections that are idle or send their request too slowly."""
        super().maintenance(now)
        # The stubs of waitress give this attribute another type.
        channels: dict[int, Any] = self.active_channels  # type: ignore[assignment]
        for channel in channels.values():
            waited = time.monotonic() - channel.waiting_since
            if not channel.requests and waited > self._allowed_seconds(channel):
                channel.will_close = True

    def _allowed_seconds(self, channel: Any) -> float:
        """Return the seconds that a connection has for its current step."""
        if channel.total_outbufs_len:
            return _ANSWER_SECONDS
        if channel.has_begun and not (channel.request and channel.request.headers_finished):
            return min(_HEADER_SECONDS, self.request_seconds)
        return self.request_seconds


def create_deadline_server(
    app: WSGIApplication, *, request_seconds: float, **settings: Any
) -> MultiSocketServer | BaseWSGIServer:
    """Return a server like waitress's `create_server`; a request must arrive in `request_seconds`.

    Idle connections have the same time. Raises OSError if the address is in use.
    """
    # waitress checks for idleness at this interval. Its own timeout has whole seconds, and must not
    # be longer than ours.
    settings |= {
        "cleanup_interval": _CHECK_INTERVAL,
        "channel_timeout": max(1, int(request_seconds)),
    }
    server = create_server(app, **settings)
    # create_server accepts no other class, so the class is set afterwards. This is safe: the
    # server accepts no connection before it runs.
    sockets: Any = [server]
    if isinstance(server, MultiSocketServer):
        sockets = server.map.values()  # type: ignore[union-attr]
    for socket in sockets:
        if isinstance(socket, TcpWSGIServer):
            socket.__class__ = _Server
            socket.request_seconds = request_seconds  # type: ignore[attr-defined]
    return server
