"""What Notion's *Duplicate* makes of a client's page: new ids, and the record's text as it was."""

from __future__ import annotations

from typing import Any

import httpx

_PIECE = 2000  # characters that Notion takes in one piece of rich text


def record_page(api: httpx.Client, parent_id: str) -> str:
    """Return the id of the only page under a parent page."""
    return next(
        str(block["id"]) for block in _children(api, parent_id) if block["type"] == "child_page"
    )


def record_text(api: httpx.Client, page_id: str) -> str:
    """Return the text of the record on a page."""
    code = next(block["code"] for block in _children(api, page_id) if block["type"] == "code")
    return "".join(piece["plain_text"] for piece in code["rich_text"])


def create_record_page(api: httpx.Client, parent_id: str, title: str, text: str) -> str:
    """Create a page with a record on it, whatever that says."""
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    code = {
        "language": "json",
        "rich_text": [{"type": "text", "text": {"content": piece}} for piece in pieces],
    }
    children = [{"object": "block", "type": "code", "code": code}]
    return create_page(api, parent_id, title, children=children)


def create_copied_page(api: httpx.Client, origin: str, text: str | None = None) -> str:
    """Copy the record page and the databases of a page to a new page below it, as far as copies are
    told by them.
    """
    copy = create_page(api, origin, "Client B")
    create_record_page(
        api, copy, "notion-pm: product", text or record_text(api, record_page(api, origin))
    )
    for block in _children(api, origin):
        if block["type"] == "child_database":
            create_database(api, copy, block["child_database"]["title"])
    return copy


def create_database(api: httpx.Client, parent_id: str, title: str) -> str:
    """Create a database with nothing but a title property."""
    body = {
        "parent": {"type": "page_id", "page_id": parent_id},
        "title": [{"type": "text", "text": {"content": title}}],
        "initial_data_source": {"properties": {"Name": {"title": {}}}},
    }
    return str(_answer(api.post("databases", json=body))["id"])


def create_page(api: httpx.Client, parent_id: str, title: str, **content: Any) -> str:
    """Create a page under a page."""
    body = {
        "parent": {"type": "page_id", "page_id": parent_id},
        "properties": {"title": {"title": [{"text": {"content": title}}]}},
        **content,
    }
    return str(_answer(api.post("pages", json=body))["id"])


def _children(api: httpx.Client, block_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _answer(api.get(f"blocks/{block_id}/children"))["results"]
    return found


def _answer(response: httpx.Response) -> Any:
    assert response.is_success, response.text
    return response.json()
