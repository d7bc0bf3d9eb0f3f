"""Paging of lists: the envelope, and cursors.

A cursor is the id of the next page's first result.
"""

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
    """Return one page of all results. Raises 400 for an unknown cursor."""
    size = checks.page_size(page_size, f"{path}.page_size")
    start = 0 if start_cursor is None else _position(items, start_cursor)
    end = start + size
    next_cursor = items[end]["id"] if end < len(items) else None
    return Slice(items[start:end], next_cursor)


def as_list(kind: str, page: Slice, **more_keys: Any) -> dict[str, Any]:
    """Return a page of results in Notion's list envelope (recorded)."""
    return {
        "object": "list",
        "results": list(page.results),
        "next_cursor": page.next_cursor,
        "has_more": page.next_cursor is not None,
        "type": kind,
        kind: {},
        **more_keys,
    }


def invalid_cursor(cursor: object) -> Exception:
    """Return the 400 for a cursor that no earlier answer gave."""
    return validation_error(f"The start_cursor provided is invalid: {cursor}")


def _position(items: Sequence[Item], cursor: Any) -> int:
    # A cursor stays valid if other items are added or removed before it.
    for index, item in enumerate(items):
        if item["id"] == cursor:
            return index
    raise invalid_cursor(cursor)
