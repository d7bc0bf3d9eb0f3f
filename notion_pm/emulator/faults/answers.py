"""The HTTP responses of faults (notion-api.md 4.1, 5).

They are Notion's error bodies, and the HTML pages that proxies send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from notion_pm.emulator.faults.rules import Rule
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.store.ids import new_id

_CODES = {
    409: ("conflict_error", "Conflict occurred while saving. Please try again."),
    429: ("rate_limited", "You have been rate limited. Please try again in a few minutes."),
    500: ("internal_server_error", "Unexpected error occurred."),
    503: ("service_unavailable", "Notion is unavailable, please try again later."),
    504: ("gateway_timeout", "Notion could not complete the request in time."),
    529: ("service_overload", "Notion is overloaded, please try again later."),
}
_SAVED = (
    "Your change was saved, but the response could not be completed. Do not repeat the request."
)
_GUIDANCE = (
    "The change was saved: retrieve the committed resource rather than send the request again."
)
_HTML = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
)
_PHRASE_OF_529 = "Service Overloaded"  # the standard library does not know 529


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status_line(self) -> str:
        """The status as WSGI writes it."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = _PHRASE_OF_529
        return f"{self.status} {phrase}"


def answer(rule: Rule, done: Mapping[str, Any] | None = None) -> Answer:
    """Return the response of a fault.

    `done` is the body with which a write really succeeded, when it was carried out before the
    fault.
    """
    status = int(rule.trouble)
    if status == 502:
        headers = (("Content-Type", "text/html"), *_retry_after_header(rule))
        return Answer(502, headers, _HTML.encode())
    code, message = _CODES[status]
    if status == 503 and done is not None:
        # Notion says in a 503 when the change was saved, and names what was made (notion-api.md 5).
        return _json_answer(rule, ApiError(503, code, _SAVED, _committed_ids(done)))
    return _json_answer(rule, ApiError(status, code, message, _rate_limit_data(rule)))


def _json_answer(rule: Rule, error: ApiError) -> Answer:
    request_id = new_id()
    headers = (
        ("Content-Type", "application/json"),
        ("x-notion-request-id", request_id),
        *_retry_after_header(rule),
    )
    body = json.dumps({**error.body(), "request_id": request_id})
    return Answer(error.status, headers, body.encode())


def _retry_after_header(rule: Rule) -> tuple[tuple[str, str], ...]:
    if rule.retry_after is None:
        return ()
    return (("Retry-After", str(rule.retry_after)),)


def _rate_limit_data(rule: Rule) -> dict[str, str]:
    """Return the `additional_data` of a 429; other errors have none."""
    if rule.trouble != 429:
        return {}
    data = {"rate_limit_reason": rule.reason}
    if rule.retry_after is not None:
        data["retry_after"] = str(rule.retry_after)
    return data


def _committed_ids(done: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids of the objects that were made: the object itself, or appended blocks."""
    data: dict[str, Any] = {"retry_guidance": [_GUIDANCE]}
    if "id" in done:
        data["committed_resource_id"] = done["id"]
    data["committed_child_ids"] = [child["id"] for child in done.get("results", ())]
    return data
