"""Understand a failed attempt: which error it is, and whether the request may be sent again.

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
    RequestFacts,
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
    """A failed attempt: its error, and what may be done about it."""

    error: NotionError
    verdict: Verdict
    retry_after: float | None = None
    """Seconds that Notion asks to wait."""
    attempts: int | None = None
    """How many attempts make sense, if fewer than for other failures."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server of a request, as errors name it. `proxy`: host and port, no credentials."""

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
_IN_TRASH = re.compile(r"archived ancestor|block that is archived")
"""Notion reports a page in the trash in words alone; the code is `validation_error` (recorded)."""
_NOT_DONE = {409, 429, 529}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PROXY_WANTS_CREDENTIALS = 407
_BLOCKED = "public_api_request_blocked"

_WAIT_WITHOUT_HEADER = 10.0
"""Seconds to wait after a 429 that does not say how long."""

_FEW = 3
"""Attempts where a server sends nonsense, or is far too slow: a cut response may be whole the next
time, but a login page of a hotel's network stays one."""


def understand(error: Exception, request: str, server: Server, secret: str) -> Failure | None:
    """Return what a failed attempt at `request` (method and path) means.

    None when the error is neither Notion's nor the connection's. Servers and proxies may quote the
    request: the secret is removed from their words.
    """

    def without_secret(text: object) -> str:
        return str(text).replace(secret, "[token]")

    if isinstance(error, RequestTimeoutError) and isinstance(
        error.__context__, httpx.TimeoutException
    ):
        error = error.__context__  # says whether the request was sent; notion-client does not
    facts = RequestFacts(request=request)
    if isinstance(error, HTTPResponseError):
        return _understand_response(error, request, server, without_secret)
    if isinstance(error, httpx.ProxyError):
        return _refused_by_proxy(without_secret(error), facts, server)
    if isinstance(error, _NEVER_SENT):
        return _never_sent(error, facts, server)
    if isinstance(error, TooSlow):
        message = f"{server} did not answer {request} completely within {error.seconds:g} seconds."
        return Failure(Unreachable(message, facts), Verdict.UNKNOWN, attempts=_FEW)
    if isinstance(error, TooLarge):
        message = (
            f"{server} answers {request} with more than {error.limit // 2**20} MB; Notion's "
            "answers are smaller."
        )
        return Failure(ResponseTooLarge(message, facts), Verdict.UNKNOWN, attempts=1)
    if isinstance(error, Undecodable):
        return _invalid(f"{server} answers {request} unreadably: {error}.", facts)
    if isinstance(error, RequestTimeoutError | httpx.TransportError):
        trouble = connection_trouble(error)
        message = without_secret(f"No answer from {server} to {request}: {trouble}.")
        return Failure(Unreachable(message, facts), Verdict.UNKNOWN)
    if isinstance(error, RecursionError):
        return _invalid(f"{server} answers {request} with JSON that is nested too deep.", facts)
    if isinstance(error, ValueError):  # no JSON, or bytes that are not UTF-8
        message = (
            f"{server} answers {request} with something that is not JSON, so it is not Notion."
        )
        return _invalid(message, facts)
    if isinstance(error, NotionClientErrorBase):
        return Failure(RequestRefused(without_secret(error), facts), Verdict.REFUSED)
    return None


def not_an_object(answer: object, request: str, server: Server) -> Failure:
    """Return what JSON means that is not an object: all responses of Notion are objects."""
    if answer is None:
        kind = "null"
    elif isinstance(answer, list):
        kind = "a list"
    else:
        kind = "a plain value"
    message = f"{server} answers {request} with {kind} instead of an object, so it is not Notion."
    return _invalid(message, RequestFacts(request=request))


def _invalid(message: str, facts: RequestFacts) -> Failure:
    # A status of 2xx says that the request was carried out, even if the response is unusable.
    return Failure(InvalidResponse(message, facts), Verdict.UNKNOWN, attempts=_FEW)


def _never_sent(error: Exception, facts: RequestFacts, server: Server) -> Failure:
    trouble = connection_trouble(error)
    # Behind a proxy only the certificate belongs to the server: everything else met the proxy.
    if "TLS" in trouble:
        who = str(server)
    elif server.proxy:
        who = f"The proxy {server.proxy}"
    else:
        who = server.host
    message = f"{who} could not be reached: {trouble}."
    is_certificate = "certificate" in trouble
    unreachable = Unreachable(message, facts, certificate=is_certificate)
    # A certificate does not become valid by asking again.
    verdict = Verdict.REFUSED if is_certificate else Verdict.NOT_DONE
    return Failure(unreachable, verdict)


def _refused_by_proxy(words: str, facts: RequestFacts, server: Server) -> Failure:
    """Return what a proxy's refusal means: `407 Proxy Authentication Required`, `403 ...`."""
    reason = f"it answered {words}"
    if words.startswith(str(_PROXY_WANTS_CREDENTIALS)):
        reason = "it wants a user and a password (407)"
    message = f"The proxy {server.proxy} does not let requests to {server.host} through: {reason}."
    return Failure(Unreachable(message, facts), Verdict.REFUSED)


def _understand_response(
    error: HTTPResponseError, request: str, server: Server, without_secret: Callable[[object], str]
) -> Failure:
    """Return what a response with an error's status means."""
    status = error.status
    if status == _PROXY_WANTS_CREDENTIALS:
        return _refused_by_proxy(str(status), RequestFacts(request=request), server)

    body = _body(error)
    message = without_secret(
        body.get("message") or f"{server} answered {request} with status {status}."
    )
    facts = RequestFacts(
        status=status,
        code=without_secret(body.get("code", "")),
        request=request,
        request_id=without_secret(body.get("request_id", "")),
    )
    if status < 400:
        message = f"{server} redirects {request} (status {status}), which Notion never does."
        return Failure(InvalidResponse(message, facts), Verdict.REFUSED)
    if status == 400 and _IN_TRASH.search(message):
        return Failure(InTrash(message, facts), Verdict.REFUSED)
    if status in _REFUSALS:
        return Failure(_REFUSALS[status](message, facts), Verdict.REFUSED)
    if status == 429:
        return _rate_limited(error, body, message, facts)
    if status in _NOT_DONE:
        return Failure(Unavailable(message, facts), Verdict.NOT_DONE, _retry_after(error, body))
    if status >= 500:
        return Failure(Unavailable(message, facts), Verdict.UNKNOWN, _retry_after(error, body))
    return Failure(RequestRefused(message, facts), Verdict.REFUSED)


def _rate_limited(
    error: HTTPResponseError, body: dict[str, Any], message: str, facts: RequestFacts
) -> Failure:
    wait = _retry_after(error, body)
    if wait is None:
        wait = _WAIT_WITHOUT_HEADER
    is_blocked = _additional_data(body).get("rate_limit_reason") == _BLOCKED
    verdict = Verdict.REFUSED if is_blocked else Verdict.NOT_DONE
    return Failure(RateLimited(message, facts, retry_after=wait), verdict, wait)


def _retry_after(error: HTTPResponseError, body: dict[str, Any]) -> float | None:
    """Return the seconds to wait that the header or the body asks for, None when neither does.

    Both may be seconds or an HTTP date. A value that is neither is ignored.
    """
    for stated in (error.headers.get("retry-after"), _additional_data(body).get("retry_after")):
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
        if moment.tzinfo is None:  # "-0000": a time of UTC in an unknown zone (RFC 5322 3.3)
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _body(error: HTTPResponseError) -> dict[str, Any]:
    """Return the body as JSON, {} for a proxy's page of HTML."""
    try:
        body = json.loads(error.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _additional_data(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("additional_data")
    return data if isinstance(data, dict) else {}
