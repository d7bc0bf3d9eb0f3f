"""Paging: the list envelope, and cursors that name the first result of the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of results and the cursor of the next."""

    results: Sequence[Item]
    next_cursor: str | None


def page_of(
    items: Sequence[Item], start_cursor: Any, page_size: Any, *, path: str = "query"
) -> Slice:
    """Cut a page out of all results; a cursor is the id of its first result."""
    size = checks.page_size(page_size, f"{path}.page_size")
    start = 0 if start_cursor is None else _position(items, start_cursor)
    following = items[start + size : start + size + 1]
    return Slice(items[start : start + size], following[0]["id"] if following else None)


def as_list(kind: str, page: Slice, **beside: Any) -> dict[str, Any]:
    """Wrap a page of results in Notion's list envelope (recorded)."""
    envelope = {"object": "list", "results": list(page.results), "next_cursor": page.next_cursor}
    return {**envelope, "has_more": page.next_cursor is not None, "type": kind, kind: {}, **beside}


def invalid_cursor(cursor: object) -> Exception:
    """Make the 400 for a cursor that no earlier answer gave."""
    return validation_error(f"The start_cursor provided is invalid: {cursor}")


def _position(items: Sequence[Item], cursor: Any) -> int:
    for index, item in enumerate(items):
        if item["id"] == cursor:
            return index
    raise invalid_cursor(cursor)
