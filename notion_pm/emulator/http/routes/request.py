"""What handlers read from the request."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, cast

from flask import g, request

from notion_pm.emulator.http.errors import body_error, invalid_json, validation_error
from notion_pm.emulator.store.session import Session

_MOST_BYTES = 500 * 1024
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def session() -> Session:
    """Return the workspace as this request sees it."""
    return cast("Session", g.session)


def body() -> dict[str, Any]:
    """Return the JSON object of the request; an empty body is an empty object. Raises 400 for anything else."""
    data = request.get_data()
    if len(data) > _MOST_BYTES:
        raise validation_error(
            f"body failed validation: body size should be ≤ `{_MOST_BYTES}` bytes, instead was `{len(data)}`."
        )
    try:
        parsed = _parsed(data) if data.strip() else {}
    except (ValueError, RecursionError):  # the latter for what is nested a thousand levels deep
        raise invalid_json() from None
    if not isinstance(parsed, dict):
        raise invalid_json()
    if not session().is_old:
        _refuse_archived(parsed, "body")
    return parsed


def _refuse_archived(sent: dict[str, Any], path: str) -> None:
    """Refuse the older name of `in_trash`, in the body and in its blocks: version 2026-03-11 has no `archived`."""
    if "archived" in sent:
        raise body_error(f"{path}.archived", "not present", sent["archived"])
    blocks = sent.get("children")
    for number, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict):
            _refuse_archived(block, f"{path}.children[{number}]")


def _parsed(data: bytes) -> Any:
    """Read JSON strictly: without NaN, and without halves of characters, which no store could keep."""
    parsed = json.loads(data, parse_constant=_refuse)
    if _SURROGATE.search(data):
        json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def query(key: str) -> str | None:
    """Return a parameter of the query string, if it is there."""
    return request.args.get(key)


def query_list(key: str) -> list[str]:
    """Return a repeated parameter, also when clients write `key[]` or join values with commas."""
    values = request.args.getlist(key) + request.args.getlist(f"{key}[]")
    return [part for value in values for part in value.split(",") if part]
