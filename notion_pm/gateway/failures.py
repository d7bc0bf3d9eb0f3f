"""What a failed attempt means: which of our errors it is, and whether it may be sent again.

The classes of notion-client do not know every status of the API (529 and 502 surface as unknown, transport errors of
httpx pass through), so the status and the body decide (notion-api.md 1.3, 1.4, 4.1, 5).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

import httpx
from notion_client.errors import HTTPResponseError, NotionClientErrorBase, RequestTimeoutError

from notion_pm.errors import (
    NotCapable,
    NotionError,
    NotShared,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)


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


_REFUSALS: dict[int, type[NotionError]] = {400: RequestRefused, 401: Unauthorized, 403: NotCapable, 404: NotShared}
_NOT_DONE = {409, 429, 529}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BLOCKED = "public_api_request_blocked"
_WITHOUT_HEADER = 10.0


def understand(error: Exception, request: str, secret: str) -> Failure | None:
    """Return what a failed attempt at `request` (method and path) means; None when it is not a failure of Notion's.

    What a server or a proxy says may quote the request: the secret is left out of it.
    """

    def told(text: object) -> str:
        return str(text).replace(secret, "[token]")

    if isinstance(error, HTTPResponseError):
        return _answered(error, request, told)
    if isinstance(error, _NEVER_SENT):
        return Failure(Unavailable(told(f"Notion could not be reached: {error}"), request=request), Verdict.NOT_DONE)
    if isinstance(error, RequestTimeoutError | httpx.TransportError):
        return Failure(Unavailable(told(f"No answer from Notion: {error}"), request=request), Verdict.UNKNOWN)
    if isinstance(error, json.JSONDecodeError):
        return Failure(Unavailable("The answer is not Notion's (no JSON).", request=request), Verdict.UNKNOWN)
    if isinstance(error, NotionClientErrorBase):
        return Failure(RequestRefused(told(error), request=request), Verdict.REFUSED)
    return None


def _answered(error: HTTPResponseError, request: str, told: Callable[[object], str]) -> Failure:
    body = _body(error)
    message = told(body.get("message") or f"Notion answered with status {error.status}.")
    facts: dict[str, Any] = {
        "status": error.status,
        "code": told(body.get("code", "")),
        "request": request,
        "request_id": told(body.get("request_id", "")),
    }
    if error.status in _REFUSALS:
        return Failure(_REFUSALS[error.status](message, **facts), Verdict.REFUSED)
    if error.status == 429:
        return _rate_limited(error, body, message, facts)
    if error.status in _NOT_DONE:
        return Failure(Unavailable(message, **facts), Verdict.NOT_DONE, _retry_after(error, body))
    if error.status >= 500:
        return Failure(Unavailable(message, **facts), Verdict.UNKNOWN, _retry_after(error, body))
    return Failure(RequestRefused(message, **facts), Verdict.REFUSED)


def _rate_limited(error: HTTPResponseError, body: dict[str, Any], message: str, facts: dict[str, Any]) -> Failure:
    wait = _retry_after(error, body)
    wait = _WITHOUT_HEADER if wait is None else wait
    blocked = _additional(body).get("rate_limit_reason") == _BLOCKED
    verdict = Verdict.REFUSED if blocked else Verdict.NOT_DONE
    return Failure(RateLimited(message, retry_after=wait, **facts), verdict, wait)


def _retry_after(error: HTTPResponseError, body: dict[str, Any]) -> float | None:
    """The wait that the header or the body asks for: seconds, or an HTTP date."""
    stated = error.headers.get("retry-after") or _additional(body).get("retry_after")
    if stated is None:
        return None
    try:
        return max(0.0, float(stated))
    except ValueError:
        return _seconds_until(str(stated))


def _seconds_until(http_date: str) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(http_date) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None


def _body(error: HTTPResponseError) -> dict[str, Any]:
    """The body as JSON; a proxy's page of HTML has nothing to say."""
    try:
        body = json.loads(error.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _additional(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("additional_data")
    return data if isinstance(data, dict) else {}
