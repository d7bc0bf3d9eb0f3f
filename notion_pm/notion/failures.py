"""What a failed attempt means: which of our errors it is, and whether it may be sent again.

The classes of notion-client do not know every status of the API (529 and 502 surface as unknown,
transport errors of httpx pass through), so the status and the body decide (notion-api.md 1.3, 1.4,
4.1, 5).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

import httpx
from notion_client.errors import HTTPResponseError, NotionClientErrorBase, RequestTimeoutError

from notion_pm.errors import (
    CapabilityMissing,
    InTrash,
    InvalidResponse,
    NotionError,
    NotShared,
    RateLimited,
    RequestRefused,
    ResponseTooLarge,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from notion_pm.network import connection_trouble
from notion_pm.notion.transport import TooLarge, TooSlow, Undecodable


class Verdict(Enum):
    """What may be done after a failed attempt."""

    REFUSED = "refused"  # sending it again cannot help
    NOT_DONE = "not done"  # nothing happened: any request may be sent again
    UNKNOWN = "unknown"  # it may have happened: only a repeatable request may be sent again


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt, understood."""

    error: NotionError
    verdict: Verdict
    retry_after: float | None = None
    """Seconds that Notion asks to wait."""
    attempts: int | None = None
    """How many attempts make sense, where they are fewer than for other failures."""


@dataclass(frozen=True, slots=True)
class Server:
    """Who a request was sent to, as errors name it. `proxy`: host and port, without credentials."""

    host: str
    proxy: str = ""

    def __str__(self) -> str:
        return f"{self.host} (through the proxy {self.proxy})" if self.proxy else self.host


_REFUSALS: dict[int, type[NotionError]] = {
    400: RequestRefused,
    401: Unauthorized,
    403: CapabilityMissing,
    404: NotShared,
}
_ARCHIVED = re.compile(r"archived ancestor|block that is archived")
"""Notion names a page in the trash in words alone; the code is `validation_error` (seed, eu; live)."""
_NOT_DONE = {409, 429, 529}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PROXY_WANTS_CREDENTIALS = 407
_BLOCKED = "public_api_request_blocked"

_WITHOUT_HEADER = 10.0
"""Seconds to wait after a 429 that does not say how long."""

_FEW = 3
"""Attempts where a server speaks but makes no sense, or is far too slow: a moment may heal a cut
answer, but a login page of a hotel's network stays one."""


def understand(error: Exception, request: str, server: Server, secret: str) -> Failure | None:
    """Return what a failed attempt at `request` (method and path) means.

    None when it is not a failure of Notion's or of the way there. What a server or a proxy says may
    quote the request: the secret is left out of it.
    """

    def told(text: object) -> str:
        return str(text).replace(secret, "[token]")

    if isinstance(error, RequestTimeoutError) and isinstance(
        error.__context__, httpx.TimeoutException
    ):
        error = error.__context__  # it tells whether the request was sent; notion-client does not
    if isinstance(error, HTTPResponseError):
        return _answered(error, request, server, told)
    if isinstance(error, httpx.ProxyError):
        return _refused_by_proxy(told(error), request, server)
    if isinstance(error, _NEVER_SENT):
        return _never_sent(error, request, server)
    if isinstance(error, TooSlow):
        message = f"{server} did not answer {request} completely within {error.seconds:g} seconds."
        return Failure(Unreachable(message, request=request), Verdict.UNKNOWN, attempts=_FEW)
    if isinstance(error, TooLarge):
        message = f"{server} answers {request} with more than {error.limit // 2**20} MB; Notion's answers are smaller."
        return Failure(ResponseTooLarge(message, request=request), Verdict.UNKNOWN, attempts=1)
    if isinstance(error, Undecodable):
        return _broken(f"{server} answers {request} unreadably: {error}.", request)
    if isinstance(error, RequestTimeoutError | httpx.TransportError):
        message = told(f"No answer from {server} to {request}: {connection_trouble(error)}.")
        return Failure(Unreachable(message, request=request), Verdict.UNKNOWN)
    if isinstance(error, RecursionError):
        return _broken(f"{server} answers {request} with JSON that is nested too deep.", request)
    if isinstance(error, ValueError):  # no JSON, or bytes that are not UTF-8
        message = (
            f"{server} answers {request} with something that is not JSON, so it is not Notion."
        )
        return _broken(message, request)
    if isinstance(error, NotionClientErrorBase):
        return Failure(RequestRefused(told(error), request=request), Verdict.REFUSED)
    return None


def not_an_object(answer: object, request: str, server: Server) -> Failure:
    """Return what an answer means that is JSON, but not the object that every answer of Notion's is."""
    kind = "null" if answer is None else "a list" if isinstance(answer, list) else "a plain value"
    message = f"{server} answers {request} with {kind} instead of an object, so it is not Notion."
    return _broken(message, request)


def _broken(message: str, request: str) -> Failure:
    # A status of 2xx says that the request was carried out, whatever became of the answer.
    return Failure(InvalidResponse(message, request=request), Verdict.UNKNOWN, attempts=_FEW)


def _never_sent(error: Exception, request: str, server: Server) -> Failure:
    trouble = connection_trouble(error)
    who = f"the proxy {server.proxy}" if server.proxy else server.host
    # Behind a proxy only the certificate belongs to the server: everything else met the proxy.
    if "TLS" in trouble:
        who = str(server)
    message = f"{_capital(who)} could not be reached: {trouble}."
    unreachable = Unreachable(message, request=request, certificate="certificate" in trouble)
    # A certificate does not become valid by asking again.
    verdict = Verdict.REFUSED if unreachable.certificate else Verdict.NOT_DONE
    return Failure(unreachable, verdict)


def _refused_by_proxy(said: str, request: str, server: Server) -> Failure:
    """A proxy that did not let a request through: `407 Proxy Authentication Required`, `403 ...`."""
    reason = f"it answered {said}"
    if said.startswith(str(_PROXY_WANTS_CREDENTIALS)):
        reason = "it wants a user and a password (407)"
    message = f"The proxy {server.proxy} does not let requests to {server.host} through: {reason}."
    return Failure(Unreachable(message, request=request), Verdict.REFUSED)


def _answered(
    error: HTTPResponseError, request: str, server: Server, told: Callable[[object], str]
) -> Failure:
    if error.status == _PROXY_WANTS_CREDENTIALS:
        return _refused_by_proxy(str(error.status), request, server)
    body = _body(error)
    message = told(
        body.get("message") or f"{server} answered {request} with status {error.status}."
    )
    facts: dict[str, Any] = {
        "status": error.status,
        "code": told(body.get("code", "")),
        "request": request,
        "request_id": told(body.get("request_id", "")),
    }
    if error.status < 400:
        message = (
            f"{server} leads {request} elsewhere (status {error.status}), which Notion does not."
        )
        return Failure(InvalidResponse(message, **facts), Verdict.REFUSED)
    if error.status == 400 and _ARCHIVED.search(message):
        return Failure(InTrash(message, **facts), Verdict.REFUSED)
    if error.status in _REFUSALS:
        return Failure(_REFUSALS[error.status](message, **facts), Verdict.REFUSED)
    if error.status == 429:
        return _rate_limited(error, body, message, facts)
    if error.status in _NOT_DONE:
        unavailable = Unavailable(message, **facts)
        return Failure(unavailable, Verdict.NOT_DONE, _retry_after(error, body))
    if error.status >= 500:
        return Failure(Unavailable(message, **facts), Verdict.UNKNOWN, _retry_after(error, body))
    return Failure(RequestRefused(message, **facts), Verdict.REFUSED)


def _rate_limited(
    error: HTTPResponseError, body: dict[str, Any], message: str, facts: dict[str, Any]
) -> Failure:
    wait = _retry_after(error, body)
    wait = _WITHOUT_HEADER if wait is None else wait
    blocked = _additional(body).get("rate_limit_reason") == _BLOCKED
    verdict = Verdict.REFUSED if blocked else Verdict.NOT_DONE
    return Failure(RateLimited(message, retry_after=wait, **facts), verdict, wait)


def _retry_after(error: HTTPResponseError, body: dict[str, Any]) -> float | None:
    """Return the seconds to wait that the header or the body asks for, None when neither does.

    Both take seconds or an HTTP date. What makes no sense counts as not said.
    """
    for stated in (error.headers.get("retry-after"), _additional(body).get("retry_after")):
        seconds = _seconds(stated)
        if seconds is not None:
            return seconds
    return None


def _seconds(stated: object) -> float | None:
    if isinstance(stated, bool) or not isinstance(stated, str | int | float):
        return None
    try:
        seconds = float(stated)
    except (ValueError, OverflowError):
        return _seconds_until(str(stated))
    return None if math.isnan(seconds) else max(0.0, seconds)


def _seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
        # `-0000` says "UTC, and nothing about where": Python leaves such a time without a zone.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _body(error: HTTPResponseError) -> dict[str, Any]:
    """Return the body as JSON; a proxy's page of HTML has nothing to say."""
    try:
        body = json.loads(error.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _additional(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("additional_data")
    return data if isinstance(data, dict) else {}


def _capital(text: str) -> str:
    return f"The {text[4:]}" if text.startswith("the ") else text
