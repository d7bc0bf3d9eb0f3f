"""Cursors of a query, and its cap: opaque to clients, shaped as the service's own (`s:<uuid>:<uuid>`, recorded).

A cursor names the last page given, whose place in the order is looked up when the next ones are
asked for: paging costs the same however deep it is, and neither skips nor repeats what did not move
meanwhile.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from notion_pm.emulator.http.errors import ApiError, validation_error
from notion_pm.emulator.store import ids

MOST_RESULTS = 10_000  # notion-api.md 4.2: where a query ends, with `request_status` saying so

_SHAPE = re.compile(r"s:([0-9a-f-]{36}):([0-9a-f-]{36})")
_CAPPED = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a query stands: after `page_id`, having given `seen` results; `capped` when it will end incomplete."""

    page_id: str
    seen: int
    capped: bool

    def __str__(self) -> str:
        state = uuid.UUID(
            fields=(self.seen, _CAPPED if self.capped else 0, 0x8000, 0x80, 0, _checksum(self))
        )
        return f"s:{state}:{self.page_id}"


def parse_cursor(text: object) -> Cursor:
    """Return the cursor that a client hands back. Raises ApiError (400) when it is none of ours."""
    match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    page_id = match and ids.canonical(match[2])
    if match is None or page_id is None:
        raise invalid_cursor(text)
    state = uuid.UUID(match[1])
    cursor = Cursor(page_id, state.time_low, capped=state.time_mid == _CAPPED)
    if str(cursor) != text:
        raise invalid_cursor(text)
    return cursor


def invalid_cursor(text: object) -> ApiError:
    """Make the 400 for a cursor that leads nowhere."""
    return validation_error(f"The start_cursor provided is invalid: {text}")


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results: ids of pages in order, the way on, and whether the query ends at the cap."""

    page_ids: tuple[str, ...]
    next_cursor: str | None = None
    capped: bool = False

    def request_status(self) -> dict[str, str] | None:
        """Return what the list answers as `request_status`: nothing, for a query that is complete."""
        if not self.capped:
            return None
        return {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def paginate(following: list[str], size: int, *, seen: int, capped: bool, most: int) -> Results:
    """Cut one page off the ids that follow (one more than a page shows that there are more)."""
    shown = tuple(following[: min(size, most - seen)])
    seen += len(shown)
    more = bool(shown) and len(following) > len(shown) and seen < most
    return Results(shown, str(Cursor(shown[-1], seen, capped)) if more else None, capped)


def _checksum(cursor: Cursor) -> int:
    """Tie the state to its page, so that a cursor put together by hand is refused."""
    return uuid.uuid5(uuid.UUID(cursor.page_id), f"{cursor.seen} {cursor.capped}").node
