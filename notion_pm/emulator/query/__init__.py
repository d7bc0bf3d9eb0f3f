"""Queries of a data source: filter, sorts and paging, validated and answered as Notion does.

`parse` checks a request's body against a schema; `select` answers it over rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import checks
from .filters import Filter, Group, parse_filter
from .matching import Asker, Row, matches
from .paging import MOST_RESULTS, Cursor, Results, invalid_cursor, parse_cursor
from .properties import Properties, Property
from .sorts import Sort, order_key, parse_sorts

__all__ = [
    "MOST_RESULTS",
    "Asker",
    "Cursor",
    "Filter",
    "Group",
    "Properties",
    "Property",
    "Query",
    "Results",
    "Row",
    "Sort",
    "matches",
    "parse",
    "parse_filter",
    "parse_sorts",
    "select",
]


@dataclass(frozen=True, slots=True)
class Query:
    """What a checked request asks for."""

    filter: Filter | None = None
    sorts: tuple[Sort, ...] = ()
    size: int = checks.MOST_PER_PAGE
    cursor: Cursor | None = None


def parse(body: Mapping[str, Any], properties: Properties) -> Query:
    """Reads `filter`, `sorts`, `page_size` and `start_cursor` of a body. Raises ApiError (400) for wrong ones."""
    return Query(
        filter=parse_filter(body["filter"], properties) if "filter" in body else None,
        sorts=parse_sorts(body["sorts"], properties) if "sorts" in body else (),
        size=checks.page_size(body.get("page_size")),
        cursor=parse_cursor(body["start_cursor"]) if body.get("start_cursor") is not None else None,
    )


def select(query: Query, rows: Iterable[Row], asker: Asker, *, most: int = MOST_RESULTS) -> Results:
    """Answers a query over all rows of a data source, in Python.

    A cursor's row has its place also when it no longer passes the filter. Raises ApiError (400) when it is gone.
    """
    keys = {
        row.id: (order_key(row, query.sorts), query.filter is None or matches(query.filter, row, asker)) for row in rows
    }
    ordered = sorted((key, row_id) for row_id, (key, passing) in keys.items() if passing)
    seen, capped = 0, len(ordered) > most
    if query.cursor is not None:
        if query.cursor.page_id not in keys:
            raise invalid_cursor(str(query.cursor))
        seen, capped = query.cursor.seen, query.cursor.capped
        ordered = [entry for entry in ordered if entry[0] > keys[query.cursor.page_id][0]]
    return paginate([row_id for _, row_id in ordered[: query.size + 1]], query, seen=seen, capped=capped, most=most)


def paginate(following: list[str], query: Query, *, seen: int, capped: bool, most: int = MOST_RESULTS) -> Results:
    """Cuts one page off the ids that follow (one more than a page shows that there are more)."""
    shown = tuple(following[: min(query.size, most - seen)])
    seen += len(shown)
    more = bool(shown) and len(following) > len(shown) and seen < most
    return Results(shown, str(Cursor(shown[-1], seen, capped)) if more else None, capped)
