"""HTTP with limits: one deadline for a request as a whole, and a largest size of its response.

The timeouts of httpx are for one read each: a server that sends a byte per second keeps a request
open without end, and nothing limits a response. Here the sockets know the deadline of the request
that they serve (`BoundedTransport`), and responses are read and unpacked piece by piece up to a
limit (`BoundedClient`, `body_pieces`).

Threads wait in short slices, so that each notices within a moment that the run is to end: signals
wake up only the main thread.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from notion_pm.network import ssl_context

_SLICE = 0.5
"""Seconds of waiting after which a thread checks whether the run is to end."""

_PIECE = 2**16
"""Bytes that are written, or unpacked, at once."""

ACCEPTED_ENCODING = "gzip"
"""The only compression that servers may use: its unpacking can be stopped at a limit."""


class TooSlow(Exception):
    """A request took longer than it may as a whole."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not complete after {seconds:g} seconds")
        self.seconds = seconds


class TooLarge(Exception):
    """A response is larger than allowed, unpacked."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit:,} bytes")
        self.limit = limit


class Undecodable(Exception):
    """A response cannot be unpacked."""


@dataclass(slots=True)
class Deadline:
    """When a request has to be complete. `check` raises what ends the run before that."""

    seconds: float
    check: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = self.clock() + self.seconds

    def remaining(self) -> float:
        """Return the seconds that are left.

        Raises TooSlow when the time is over, and what ends the run.
        """
        self.check()
        left = self._ends - self.clock()
        if left <= 0:
            raise TooSlow(self.seconds)
        return left


_current = threading.local()
"""The deadline of the request that this thread sends. Sockets are shared, one request at a time."""


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Let requests of this thread keep to a deadline."""
    before = getattr(_current, "deadline", None)
    _current.deadline = deadline
    try:
        yield
    finally:
        _current.deadline = before


def _remaining(timeout: float | None) -> float | None:
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is None:
        return timeout
    left = deadline.remaining()
    return left if timeout is None else min(left, timeout)


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the deadline of the request they belong to."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        silent_for = 0.0
        while True:
            wait = _remaining(_SLICE if timeout is None else min(_SLICE, timeout))
            began = time.monotonic()
            try:
                return self._stream.read(max_bytes, wait)
            except httpcore.ReadTimeout:
                silent_for += time.monotonic() - began
                if timeout is not None and silent_for >= timeout:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _remaining(timeout))
        return _BoundedStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


Resolve = Callable[[str, int], Sequence[str]]
"""Return the addresses to connect to for a host and port, or raise an error."""


class _BoundedBackend(httpcore.NetworkBackend):
    """Opens connections; `resolve` may choose, or refuse, the addresses of a name."""

    def __init__(self, resolve: Resolve | None) -> None:
        self._backend = httpcore.SyncBackend()
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        if self._resolve is None:
            addresses: Sequence[str] = [host]
        else:
            # Connect to exactly the addresses that were checked: a second look-up of the name could
            # return others (DNS rebinding). TLS still verifies the name.
            addresses = self._resolve(host, port)
        *others, last = addresses
        for address in others:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # for example an IPv6 address where only IPv4 works
        return self._connect(last, port, timeout, local_address, socket_options)

    def _connect(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.NetworkStream:
        wait = _remaining(timeout)
        return _BoundedStream(
            self._backend.connect_tcp(address, port, wait, local_address, socket_options)
        )


class BoundedTransport(httpx.BaseTransport):
    """Sends requests to one server or through one proxy, over sockets that know the deadline."""

    def __init__(
        self, proxy: str | None, *, secure: bool = True, resolve: Resolve | None = None
    ) -> None:
        """Make a transport, `secure` where https is spoken.

        `resolve` is not asked where a proxy is used: proxies look names up themselves.
        """
        settings: dict[str, Any] = {
            "ssl_context": ssl_context() if secure else None,
            "max_connections": 100,
            "max_keepalive_connections": 20,
            "keepalive_expiry": 5.0,
        }
        self._pool: httpcore.ConnectionPool
        if proxy is None:
            backend = _BoundedBackend(resolve)
            self._pool = httpcore.ConnectionPool(network_backend=backend, **settings)
        else:
            bare, credentials = _split_credentials(proxy)
            self._pool = httpcore.HTTPProxy(
                bare,
                proxy_auth=credentials,
                proxy_ssl_context=ssl_context() if bare.startswith("https:") else None,
                network_backend=_BoundedBackend(None),
                **settings,
            )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises an httpx.TransportError, TooSlow, or what ends the run."""
        url = request.url
        with _as_httpx_errors():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of a response, as it arrives from the socket."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_errors():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """Raise httpcore's errors as those of httpx, which have the same names."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        named: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise named(str(error)) from error


def _split_credentials(proxy: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(proxy)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/").geturl()
    if parts.username is None:
        return bare, None
    return bare, (unquote(parts.username), unquote(parts.password or ""))


# --- answers


def body_pieces(answer: httpx.Response, limit: int) -> Iterator[bytes]:
    """Yield the body of a streamed answer, unpacked, in pieces.

    Raises TooLarge as soon as more than `limit` bytes came: packed bytes and unpacked ones both
    count, for a few kilobytes can unpack to gigabytes. Raises Undecodable.
    """
    if answer.is_stream_consumed:  # a transport within this process had it whole
        yield answer.content
        return
    unpack = _unpacker(answer.headers.get("content-encoding", ""))
    received = unpacked = 0
    for packed in answer.iter_raw():
        received += len(packed)
        for piece in unpack(packed):
            unpacked += len(piece)
            if max(received, unpacked) > limit:
                raise TooLarge(limit)
            yield piece
        if received > limit:
            raise TooLarge(limit)


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return lambda data: iter((data,))
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Inflater(name).pieces
    raise Undecodable(f"it is packed as {encoding!r}, which was not asked for")


class _Inflater:
    """Unpacks gzip or deflate, never more than a piece at once."""

    def __init__(self, name: str) -> None:
        # 32 + MAX_WBITS: zlib recognises gzip and zlib by the header.
        self._name = name
        self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        try:
            while not self._inflate.eof:
                piece = self._inflate.decompress(packed, _PIECE)
                yield piece
                packed = self._inflate.unconsumed_tail
                # A full piece may be followed by more, also when all input was taken.
                if not packed and len(piece) < _PIECE:
                    return
        except zlib.error as error:
            raise Undecodable(f"it is damaged ({self._name}: {error})") from None


class ServerClock:
    """The time by the server's clock: the `Date` of the last response, plus the time since.

    Times that Notion stores are compared with it: the clock of this machine may be minutes ahead or
    behind. Safe for threads. `monotonic`: a clock in seconds, from any moment on.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None

    def learn(self, date: str | None) -> None:
        """Remember the `Date` header of a response that has just arrived; ignore an invalid one."""
        try:
            moment = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        if moment.tzinfo is None:  # "-0000": a time of UTC in an unknown zone (RFC 5322 3.3)
            moment = moment.replace(tzinfo=UTC)
        self._last = (moment.astimezone(UTC), self._monotonic())

    def now(self) -> datetime | None:
        """Return the time, None before the first response.

        It is late by up to a second and the way of the response.
        """
        if self._last is None:
            return None
        moment, arrived = self._last
        return moment + timedelta(seconds=self._monotonic() - arrived)


class BoundedClient(httpx.Client):
    """A client whose requests have one deadline each, and whose answers are read up to a limit.

    `deadline` makes the deadline of a request, when it is sent. `clock` learns the time from the
    answers. Redirects are not followed.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        *,
        deadline: Callable[[httpx.Request], Deadline],
        largest_answer: int,
        clock: ServerClock | None = None,
    ) -> None:
        super().__init__(transport=transport, trust_env=False)
        self._clock = clock
        self._deadline = deadline
        self._largest_answer = largest_answer

    def send(self, request: httpx.Request, *args: Any, **settings: Any) -> httpx.Response:
        """Send a request and return its answer, read to the end.

        Raises TooSlow, TooLarge, Undecodable, an httpx.TransportError, and what ends the run.
        """
        request.headers["Accept-Encoding"] = ACCEPTED_ENCODING
        with within(self._deadline(request)):
            answer = super().send(request, *args, **{**settings, "stream": True})
            try:
                body = b"".join(body_pieces(answer, self._largest_answer))
            finally:
                answer.close()
        # Errors may come from a proxy on the way, with the clock of the proxy.
        if self._clock is not None and answer.is_success:
            self._clock.learn(answer.headers.get("date"))
        headers = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
        ]
        return httpx.Response(answer.status_code, headers=headers, content=body, request=request)
