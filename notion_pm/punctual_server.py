"""An HTTP server that gives each request a time to arrive in: waitress, which alone knows only idleness.

waitress closes connections on which nothing came for a while. One that brings a byte every second
is never idle, and a hundred of them take all places for good.

Shared by the webhook listener and the local workspace; it imports nothing of either.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, TcpWSGIServer, create_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_LOOK_EVERY = 2
"""Seconds after which connections are looked at."""

_HEADER_SECONDS = 10.0
"""The time of a request's headers, of whatever size its body is. An idle connection has more: clients
keep connections for their next request."""

_ANSWER_SECONDS = 600.0
"""The time in which a client has to take in an answer: files of a local workspace may be large."""


class _Channel(HTTPChannel):
    """A connection that knows since when it owes a whole request."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.owes_since = time.monotonic()
        self.has_begun = False
        super().__init__(*args, **settings)

    def received(self, data: bytes) -> bool:
        """Take in what has come.

        The first byte after a whole request starts the time of the next one. Blank lines, which
        waitress passes over, start nothing again.
        """
        if not self.has_begun:
            self.has_begun = True
            self.owes_since = time.monotonic()
        before = len(self.requests)
        taken = bool(super().received(data))
        if len(self.requests) > before:
            self.has_begun = self.request is not None
            self.owes_since = time.monotonic()
        return taken

    def service(self) -> None:
        """Answer a request; waiting for our own answer is not the client's fault."""
        super().service()
        self.owes_since = time.monotonic()


class _Server(TcpWSGIServer):
    """A listening socket whose connections are closed when a request does not arrive in time."""

    channel_class = _Channel
    request_seconds = 30.0

    def maintenance(self, now: Any) -> None:
        """Close connections that are idle, or whose request takes too long."""
        super().maintenance(now)
        channels: dict[int, Any] = self.active_channels  # type: ignore[assignment]  # the stubs are wrong
        for channel in channels.values():
            if not channel.requests and time.monotonic() - channel.owes_since > self._allowed(
                channel
            ):
                channel.will_close = True

    def _allowed(self, channel: Any) -> float:
        """Return the seconds that a connection has for what it is at."""
        if channel.total_outbufs_len:
            return _ANSWER_SECONDS
        if channel.has_begun and not (channel.request and channel.request.headers_finished):
            return min(_HEADER_SECONDS, self.request_seconds)
        return self.request_seconds


def create_punctual_server(
    app: WSGIApplication, *, request_seconds: float, **settings: Any
) -> MultiSocketServer | BaseWSGIServer:
    """Return a server as waitress's `create_server` does; a request has `request_seconds` to arrive.

    Idle connections have the same time. Raises OSError where the address is taken.
    """
    # waitress looks at idleness only this often. Its own deadline is of whole seconds, and at most ours.
    settings |= {"cleanup_interval": _LOOK_EVERY, "channel_timeout": max(1, int(request_seconds))}
    server = create_server(app, **settings)
    # create_server takes no class of its own, and accepts nothing before it runs.
    listening: Any = server.map.values() if isinstance(server, MultiSocketServer) else [server]  # type: ignore[union-attr]
    for each in listening:
        if isinstance(each, TcpWSGIServer):
            each.__class__ = _Server
            each.request_seconds = request_seconds  # type: ignore[attr-defined]
    return server
