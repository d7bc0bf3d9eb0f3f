"""Weather in which the process ends at a request: before it is sent, or after it was carried out."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.faults import Fault


class Killed(BaseException):
    """The process ended here."""


class _LastBreath(Fault):
    """The request was carried out, and nobody is left to hear the answer."""

    def strike(self, request: httpx.Request) -> httpx.Response:
        raise Killed


def killed_at(moment: int, *, after: bool) -> Callable[[int, httpx.Request], Fault | None]:
    """Return the weather in which nothing is sent from a request on, or nothing heard."""

    def weather(number: int, _: httpx.Request) -> Fault | None:
        if number == moment and after:
            return _LastBreath(after=True)
        if number >= moment:
            raise Killed
        return None

    return weather
