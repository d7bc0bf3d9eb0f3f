"""Record the traffic with /v1 as JSON lines, to check it against the official types."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Recorder:
    """WSGI middleware that appends every request and answer to a file.

    Several threads and processes may write to the same file.
    """

    def __init__(self, app: WSGIApplication, path: Path) -> None:
        self._app = app
        self._path = path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, and record it with its answer."""
        if not environ["PATH_INFO"].startswith("/v1/"):
            return self._app(environ, start_response)
        # The body can be read only once, so the application gets a copy.
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(sent)
        statuses: list[str] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            statuses.append(status)
            return start_response(status, headers, exc_info)

        answer = b"".join(self._app(environ, remember))
        self._write(environ, sent, int(statuses[-1].split()[0]), answer)
        return [answer]

    def _write(self, environ: WSGIEnvironment, sent: bytes, status: int, answer: bytes) -> None:
        query = environ.get("QUERY_STRING")
        exchange = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"] + (f"?{query}" if query else ""),
            "request": _json_or_none(sent),
            "status": status,
            "response": _json_or_none(answer),
        }
        # Written as ASCII: a request may hold half a surrogate pair, which UTF-8 cannot encode.
        line = json.dumps(exchange).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write with O_APPEND: the lines of several writers never mix.
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def _json_or_none(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
