"""A company's network in small: a proxy that tunnels, and servers with certificates of an own
authority.
"""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import pytest


@dataclass(frozen=True)
class Authority:
    """Files of a certificate authority, and of a certificate that it has signed."""

    bundle: Path
    certificate: Path
    key: Path


def new_authority(folder: Path, *names: str) -> Authority:
    """Return a new authority with a certificate for these host names."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    bundle, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key = folder / "server.pem", folder / "server.key"
    new_key = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    is_ca = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _run(
        *new_key, "-subj", "/CN=Test authority", *is_ca, "-keyout", str(ca_key), "-out", str(bundle)
    )
    alternatives = ",".join(f"DNS:{name}" for name in names)
    not_ca = [
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        f"subjectAltName={alternatives}",
    ]
    signed = ["-CA", str(bundle), "-CAkey", str(ca_key), "-subj", f"/CN={names[0]}"]
    _run(*new_key, *signed, *not_ca, "-keyout", str(key), "-out", str(certificate))
    return Authority(bundle, certificate, key)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that do not trust the certificate."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served_with_tls(app: WSGIApplication, authority: Authority) -> Iterator[int]:
    """Serve an application with the authority's certificate, and lend the port."""
    server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Proxy:
    """A running proxy: where it is, and what it was asked to reach."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def tunnelling_proxy(port: int, credentials: str = "") -> Iterator[Proxy]:
    """Serve a proxy that leads every tunnel to one port of this machine.

    `credentials`: the user and password that it wants, as `user:password`.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(f"127.0.0.1:{listener.getsockname()[1]}")
    wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}".lower()

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=tunnel, args=(client,), daemon=True).start()

    def tunnel(client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            proxy.asked.append(head.split(b" HTTP/")[0].decode())
            if credentials and wanted not in head.decode().lower():
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                )
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join(5)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
