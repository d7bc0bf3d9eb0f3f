"""Weather for tests: a transport that fails as told, before or after the request was carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx


@dataclass
class Fault:
    """One failure: an answer of its own, or a lost connection (`lost`); `after` the work was done,
    or before it.
    """

    status: int = 503
    code: str = "service_unavailable"
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    after: bool = False
    html: bool = False
    additional_data: dict[str, str] | None = None

    def strike(self, request: httpx.Request) -> httpx.Response:
        if self.lost:
            raise httpx.ReadError("connection reset by peer", request=request)
        if self.html:
            return httpx.Response(self.status, text="<html>Bad gateway</html>", request=request)
        body = {"object": "error", "status": self.status, "code": self.code, "message": "Weather."}
        if self.additional_data:
            body["additional_data"] = self.additional_data
        return httpx.Response(self.status, headers=self.headers, json=body, request=request)


class FaultyTransport(httpx.BaseTransport):
    """Passes requests on, but for those for which `choose` (number from 1, request) names a fault."""

    def __init__(
        self, inner: httpx.BaseTransport, choose: Callable[[int, httpx.Request], Fault | None]
    ) -> None:
        self.inner = inner
        self.choose = choose
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        fault = self.choose(len(self.seen), request)
        if fault is None:
            return self.inner.handle_request(request)
        if fault.after:
            self.inner.handle_request(request).read()
        return fault.strike(request)


class Killed(BaseException):
    """The process ended here."""


class LastBreath(Fault):
    """The request was carried out, and nobody is left to hear the answer."""

    def strike(self, request: httpx.Request) -> httpx.Response:
        raise Killed


Weather = Callable[[int, httpx.Request], Fault | None]


def killed(moment: int, *, after: bool) -> Weather:
    """Return the weather in which a process ends at a request: before it is sent, or after it was
    carried out.
    """

    def weather(number: int, _: httpx.Request) -> Fault | None:
        if number == moment and after:
            return LastBreath(after=True)
        if number >= moment:
            raise Killed
        return None

    return weather
