"""Check the request of a query, and answer it in Python over rows.

running.py gives the same answers from the index, faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.query.filters import Filter, parse_filter
from notion_pm.emulator.query.matching import Asker, Row, matches
from notion_pm.emulator.query.paging import (
    MOST_RESULTS,
    Cursor,
    Results,
    invalid_cursor,
    paginate,
    parse_cursor,
)
from notion_pm.emulator.query.properties import Properties
from notion_pm.emulator.query.sorts import Sort, order_key, parse_sorts


@dataclass(frozen=True, slots=True)
class Query:
    """The content of a checked request."""

    filter: Filter | None = None
    sorts: tuple[Sort, ...] = ()
    size: int = checks.MOST_PER_PAGE
    cursor: Cursor | None = None


def parse(body: Mapping[str, Any], properties: Properties) -> Query:
    """Read `filter`, `sorts`, `page_size` and `start_cursor` of a body.

    Raises ApiError (400) for wrong ones.
    """
    return Query(
        filter=parse_filter(body["filter"], properties) if "filter" in body else None,
        sorts=parse_sorts(body["sorts"], properties) if "sorts" in body else (),
        size=checks.page_size(body.get("page_size")),
        cursor=parse_cursor(body["start_cursor"]) if body.get("start_cursor") is not None else None,
    )


def select(
    query: Query,
    rows: Iterable[Row],
    asker: Asker,
    *,
    anchor: Row | None = None,
    most: int = MOST_RESULTS,
) -> Results:
    """Answer a query over the rows of a data source.

    `anchor` is the row of the cursor's page. It marks the position even if it does not pass the
    filter any more. Raises ApiError (400) if there is a cursor but no anchor.
    """
    passing = (row for row in rows if query.filter is None or matches(query.filter, row, asker))
    ordered = sorted((order_key(row, query.sorts), row.id) for row in passing)
    if query.cursor is None:
        return _page(ordered, query, seen=0, capped=len(ordered) > most, most=most)
    if anchor is None:
        raise invalid_cursor(str(query.cursor))
    position = order_key(anchor, query.sorts)
    # Keys are unique (`order_key`), so this neither repeats nor skips a row.
    rest = [entry for entry in ordered if entry[0] > position]
    return _page(rest, query, seen=query.cursor.seen, capped=query.cursor.capped, most=most)


def _page(
    ordered: list[tuple[Any, str]], query: Query, *, seen: int, capped: bool, most: int
) -> Results:
    # One more than fits on the page, to know whether there are more.
    following = [row_id for _, row_id in ordered[: query.size + 1]]
    return paginate(following, query.size, seen=seen, capped=capped, most=most)
