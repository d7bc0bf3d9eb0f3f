"""The WSGI middleware that brings weather to the API; nothing but /v1 is exposed to it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import httpx

from notion_pm.emulator.behaviour import behaving
from notion_pm.emulator.faults.answers import Answer, answer
from notion_pm.emulator.faults.conditions import Conditions
from notion_pm.emulator.faults.rules import Rule
from notion_pm.emulator.store.clock import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_READING = ("/query", "/search")


class ConnectionDroppedError(httpx.RemoteProtocolError):
    """The connection is closed without an answer.

    In the same process httpx.WSGITransport lets this through, and a client sees what it sees over a network, where the
    server closes the connection: httpx.RemoteProtocolError.
    """

    def __init__(self) -> None:
        super().__init__("Server disconnected without sending a response.")


class WeatherFront:
    """Lets requests pass as the conditions have it."""

    def __init__(
        self,
        app: WSGIApplication,
        conditions: Conditions,
        clock: Clock,
        sleep: Callable[[float], object],
    ) -> None:
        self._app, self._conditions, self._clock, self._sleep = app, conditions, clock, sleep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or raise ConnectionDroppedError."""
        path = environ["PATH_INFO"]
        if not path.startswith("/v1/"):
            return self._app(environ, start_response)
        with behaving(self._conditions.behaviour):
            return self._passed(environ, start_response)

    def _passed(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, connection = environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION", "")
        fate = self._conditions.meet(environ["REQUEST_METHOD"], path, connection, self._clock())
        if fate.delay:
            self._sleep(fate.delay)
        if fate.rule is None:
            return self._app(environ, start_response)
        return _sent(self._struck(fate.rule, environ), start_response)

    def _struck(self, rule: Rule, environ: WSGIEnvironment) -> Answer:
        if rule.trouble == "repeated":
            return self._repeated(rule, environ)
        done = self._carried_out(environ) if rule.when == "after" else None
        if done is not None and done.status >= 400:
            return done  # nothing was done that could be lost
        if rule.trouble == "dropped":
            raise ConnectionDroppedError
        is_write = environ["REQUEST_METHOD"] != "GET" and not environ["PATH_INFO"].endswith(
            _READING
        )
        return answer(rule, json.loads(done.body) if done and is_write else None)

    def _repeated(self, rule: Rule, environ: WSGIEnvironment) -> Answer:
        """Carry a request out twice, as a proxy causes it that sends it again when an answer is late."""
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        first, second = (
            self._carried_out({**environ, "wsgi.input": io.BytesIO(sent)}) for _ in range(2)
        )
        return first if rule.answer == "first" else second

    def _carried_out(self, environ: WSGIEnvironment) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.append((status, headers))
            return None

        body = b"".join(self._app(environ, remember))
        status, headers = started[-1]
        return Answer(int(status.split()[0]), tuple(headers), body)


def _sent(whole: Answer, start_response: StartResponse) -> Iterable[bytes]:
    headers = [(name, value) for name, value in whole.headers if name.lower() != "content-length"]
    start_response(whole.status_line, [*headers, ("Content-Length", str(len(whole.body)))])
    return [whole.body]
