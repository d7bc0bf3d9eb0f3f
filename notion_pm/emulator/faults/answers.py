"""What the troubles answer: Notion's error bodies, and the pages of HTML that proxies send (notion-api.md 4.1, 5)."""

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
_HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
_STANDARD_PHRASE = "Service Overloaded"  # of 529, which the standard library does not know


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status_line(self) -> str:
        """The status as WSGI writes it."""
        known = self.status in HTTPStatus._value2member_map_
        return f"{self.status} {HTTPStatus(self.status).phrase if known else _STANDARD_PHRASE}"


def answer(rule: Rule, done: Mapping[str, Any] | None = None) -> Answer:
    """Return what a trouble answers; `done` is what a write really answered, where it was carried out."""
    status = int(rule.trouble)
    if status == 502:
        return Answer(502, (("Content-Type", "text/html"), *_waiting(rule)), _HTML.encode())
    code, message = _CODES[status]
    if status == 503 and done is not None:
        return _json(rule, ApiError(503, code, _SAVED, _committed(done)))
    return _json(rule, ApiError(status, code, message, _additional(rule)))


def _json(rule: Rule, error: ApiError) -> Answer:
    request_id = new_id()
    headers = (
        ("Content-Type", "application/json"),
        ("x-notion-request-id", request_id),
        *_waiting(rule),
    )
    body = json.dumps({**error.body(), "request_id": request_id})
    return Answer(error.status, headers, body.encode())


def _waiting(rule: Rule) -> tuple[tuple[str, str], ...]:
    return () if rule.retry_after is None else (("Retry-After", str(rule.retry_after)),)


def _additional(rule: Rule) -> dict[str, str]:
    if rule.trouble != 429:
        return {}
    waiting = {} if rule.retry_after is None else {"retry_after": str(rule.retry_after)}
    return {"rate_limit_reason": rule.reason, **waiting}


def _committed(done: Mapping[str, Any]) -> dict[str, Any]:
    """Name what was made: the object itself, or the objects of a list (appended blocks)."""
    children = [each["id"] for each in done.get("results", ())]
    resource = {"committed_resource_id": done["id"]} if "id" in done else {}
    return {"retry_guidance": [_GUIDANCE], **resource, "committed_child_ids": children}
