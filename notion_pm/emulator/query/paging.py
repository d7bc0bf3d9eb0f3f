"""Cursors of queries, and the limit of their results.

A cursor is opaque to clients, and has the form of the service's cursors (`s:<uuid>:<uuid>`,
recorded). It names the last page that was returned. Its position in the order is looked up when the
next page of results is requested. So paging costs the same at any depth, and rows that do not move
are neither skipped nor repeated.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from notion_pm.emulator.http.errors import ApiError, validation_error
from notion_pm.emulator.store import ids

# The limit of a query (notion-api.md 4.2). The answer then has a `request_status`.
MOST_RESULTS = 10_000

_SHAPE = re.compile(r"s:([0-9a-f-]{36}):([0-9a-f-]{36})")
_CAPPED = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The state of a query: the last page returned, and the number of results so far.

    `capped`: the query has more results than the limit.
    """

    page_id: str
    seen: int
    capped: bool

    def __str__(self) -> str:
        capped = _CAPPED if self.capped else 0
        # The state is hidden in the fields of a valid UUID.
        state = uuid.UUID(fields=(self.seen, capped, 0x8000, 0x80, 0, _checksum(self)))
        return f"s:{state}:{self.page_id}"


def parse_cursor(text: object) -> Cursor:
    """Return the cursor that a client sends.

    Raises ApiError (400) if this workspace did not make it.
    """
    match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    page_id = match and ids.canonical(match[2])
    if match is None or page_id is None:
        raise invalid_cursor(text)
    state = uuid.UUID(match[1])
    cursor = Cursor(page_id, state.time_low, capped=state.time_mid == _CAPPED)
    if str(cursor) != text:  # the checksum differs
        raise invalid_cursor(text)
    return cursor


def invalid_cursor(text: object) -> ApiError:
    """Return the 400 for a cursor that is not valid."""
    return validation_error(f"The start_cursor provided is invalid: {text}")


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results. `capped`: the query has more results than the limit."""

    page_ids: tuple[str, ...]
    next_cursor: str | None = None
    capped: bool = False

    def request_status(self) -> dict[str, str] | None:
        """Return the `request_status` of the answer, None for a query without a limit."""
        if not self.capped:
            return None
        return {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def paginate(following: list[str], size: int, *, seen: int, capped: bool, most: int) -> Results:
    """Return one page of results. `following` has one id more than a page if there are more."""
    shown = tuple(following[: min(size, most - seen)])
    seen += len(shown)
    has_more = bool(shown) and len(following) > len(shown) and seen < most
    next_cursor = str(Cursor(shown[-1], seen, capped)) if has_more else None
    return Results(shown, next_cursor, capped)


def _checksum(cursor: Cursor) -> int:
    """Return a checksum that binds the state to its page, so that an edited cursor is refused."""
    return uuid.uuid5(uuid.UUID(cursor.page_id), f"{cursor.seen} {cursor.capped}").node
