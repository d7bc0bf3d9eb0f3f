"""A server that answers as no server should: bytes by hand, a limited number of times."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, str], None]
"""Writes an answer to a connection; knows the request's first line."""

_LONGEST = 60.0
"""Seconds after which every answer ends, however long it was meant to be."""


@dataclass
class Hostile:
    """A running server: where it is, and the first lines of the requests it had."""

    url: str
    requests: list[str] = field(default_factory=list)


@contextmanager
def hostile(answer: Answer) -> Iterator[Hostile]:
    """Serve one kind of answer on this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Hostile(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            line = _read_request(connection)
            if line:
                server.requests.append(line)
                answer(connection, line)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.close()


def _read_request(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return ""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode()


def saying(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    """Answer with these bytes."""

    def answer(connection: socket.socket, line: str) -> None:
        named = [
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *headers,
        ]
        connection.sendall(
            f"HTTP/1.1 {status}\r\n".encode() + "\r\n".join(named).encode() + b"\r\n\r\n" + body
        )

    return answer


def packed(body: bytes) -> Answer:
    """Answer with these bytes as if they were gzip."""
    return saying(body, "Content-Encoding: gzip")


def bomb(megabytes: int) -> bytes:
    """Return gzip that unpacks to so many megabytes."""
    return gzip.compress(b" " * (megabytes * 2**20))


def dripping(connection: socket.socket, line: str) -> None:
    """Send a byte of the body every tenth of a second, and never end."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    )
    _for_a_while(connection, b" ", pause=0.1)


def dripping_headers(connection: socket.socket, line: str) -> None:
    """Send a byte of a header every tenth of a second, and never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _for_a_while(connection, b"x", pause=0.1)


def silent(connection: socket.socket, line: str) -> None:
    """Never say anything."""
    connection.settimeout(_LONGEST)
    connection.recv(1)


def endless(connection: socket.socket, line: str) -> None:
    """Send a body without an end as fast as it is read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    _for_a_while(connection, b"[" * 65536, pause=0)


def cut(connection: socket.socket, line: str) -> None:
    """End in the middle of the body."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"object": "li')


def _for_a_while(connection: socket.socket, data: bytes, *, pause: float) -> None:
    ends = time.monotonic() + _LONGEST
    while time.monotonic() < ends:
        connection.sendall(data)
        time.sleep(pause)
