"""The WSGI middleware that brings faults to the API. Only requests of /v1 meet them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import httpx

from notion_pm.emulator.behaviour import behaving
from notion_pm.emulator.faults.answers import Answer, answer
from notion_pm.emulator.faults.injector import FaultInjector
from notion_pm.emulator.faults.rules import Rule
from notion_pm.emulator.store.clock import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_READING_PATHS = ("/query", "/search")


class ConnectionDroppedError(httpx.RemoteProtocolError):
    """The connection was closed without a response.

    In the same process httpx.WSGITransport lets this error through. A client then sees the error
    that it gets over a network when the server closes the connection: httpx.RemoteProtocolError.
    """

    def __init__(self) -> None:
        super().__init__("Server disconnected without sending a response.")


class FaultMiddleware:
    """Passes requests on, delayed, repeated or refused as the injector decides."""

    def __init__(
        self,
        app: WSGIApplication,
        injector: FaultInjector,
        clock: Clock,
        sleep: Callable[[float], object],
    ) -> None:
        self._app, self._injector, self._clock, self._sleep = app, injector, clock, sleep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or raise ConnectionDroppedError."""
        path = environ["PATH_INFO"]
        if not path.startswith("/v1/"):
            return self._app(environ, start_response)
        with behaving(self._injector.behaviour):
            return self._handle(environ, start_response)

    def _handle(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        connection = environ.get("HTTP_AUTHORIZATION", "")
        decision = self._injector.decide(method, path, connection, self._clock())
        if decision.delay:
            self._sleep(decision.delay)
        if decision.rule is None:
            return self._app(environ, start_response)
        return _send(self._answer_with_fault(decision.rule, environ), start_response)

    def _answer_with_fault(self, rule: Rule, environ: WSGIEnvironment) -> Answer:
        if rule.trouble == "repeated":
            return self._run_twice(rule, environ)

        done = self._run(environ) if rule.when == "after" else None
        if done is not None and done.status >= 400:
            # The API refused the request. Nothing was done, so no answer can be lost.
            return done
        if rule.trouble == "dropped":
            raise ConnectionDroppedError

        is_reading = environ["REQUEST_METHOD"] == "GET" or environ["PATH_INFO"].endswith(
            _READING_PATHS
        )
        if done is None or is_reading:
            return answer(rule)
        return answer(rule, json.loads(done.body))

    def _run_twice(self, rule: Rule, environ: WSGIEnvironment) -> Answer:
        """Run a request twice, like a proxy that sends it again because the answer is late."""
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        first = self._run({**environ, "wsgi.input": io.BytesIO(sent)})
        second = self._run({**environ, "wsgi.input": io.BytesIO(sent)})
        return first if rule.answer == "first" else second

    def _run(self, environ: WSGIEnvironment) -> Answer:
        """Run a request and return its answer instead of sending it."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.append((status, headers))
            return None

        body = b"".join(self._app(environ, remember))
        status, headers = started[-1]
        return Answer(int(status.split()[0]), tuple(headers), body)


def _send(whole: Answer, start_response: StartResponse) -> Iterable[bytes]:
    headers = [(name, value) for name, value in whole.headers if name.lower() != "content-length"]
    start_response(whole.status_line, [*headers, ("Content-Length", str(len(whole.body)))])
    return [whole.body]
