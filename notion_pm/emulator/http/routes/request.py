"""Read the body and the query string of the current request."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, cast

from flask import g, request

from notion_pm.emulator.http.errors import body_error, invalid_json, validation_error
from notion_pm.emulator.store.session import Session

_MOST_BYTES = 500 * 1024  # notion-api.md 4.2
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def session() -> Session:
    """Return the workspace as this request sees it."""
    return cast("Session", g.session)


def body() -> dict[str, Any]:
    """Return the JSON object of the request. An empty body is an empty object.

    Raises 400 for anything else.
    """
    # The limit counts the bytes that were sent, not the parsed JSON.
    data = request.get_data()
    if len(data) > _MOST_BYTES:
        raise validation_error(
            f"body failed validation: body size should be ≤ `{_MOST_BYTES}` bytes, "
            f"instead was `{len(data)}`."
        )
    try:
        parsed = _parse_json(data) if data.strip() else {}
    except (ValueError, RecursionError):  # RecursionError: nested about a thousand levels deep
        raise invalid_json() from None
    if not isinstance(parsed, dict):
        raise invalid_json()
    # The rename is checked here once, because all endpoints share it.
    if not session().is_old:
        _refuse_archived(parsed, "body")
    return parsed


def _refuse_archived(sent: dict[str, Any], path: str) -> None:
    """Refuse `archived` in the body and in its blocks. Version 2026-03-11 has only `in_trash`."""
    if "archived" in sent:
        raise body_error(f"{path}.archived", "not present", sent["archived"])
    blocks = sent.get("children")
    if not isinstance(blocks, list):
        return
    for number, block in enumerate(blocks):
        if isinstance(block, dict):
            _refuse_archived(block, f"{path}.children[{number}]")


def _parse_json(data: bytes) -> Any:
    """Parse JSON strictly. Raises ValueError for NaN and for half a surrogate pair.

    The store cannot keep half a surrogate pair, because UTF-8 cannot encode it.
    """
    parsed = json.loads(data, parse_constant=_refuse_constant)
    if _SURROGATE.search(data):
        json.dumps(parsed, ensure_ascii=False).encode()  # fails for half a pair
    return parsed


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def query(key: str) -> str | None:
    """Return a parameter of the query string, None if it is absent."""
    return request.args.get(key)


def query_list(key: str) -> list[str]:
    """Return the values of a parameter: `key=a&key=b`, `key[]=a&key[]=b` or `key=a,b`."""
    values = request.args.getlist(key) + request.args.getlist(f"{key}[]")
    parts = ",".join(values).split(",")
    return [part for part in parts if part]
