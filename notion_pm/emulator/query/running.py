"""Answers queries from the index where it can, in milliseconds however many pages there are and however deep it pages.

What only Python can tell (formulas, rollups, orders of lists) is told for the pages that the rest
of the filter leaves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from notion_pm.emulator.query import ordering
from notion_pm.emulator.query.matching import Asker, Row
from notion_pm.emulator.query.paging import MOST_RESULTS, Results, paginate
from notion_pm.emulator.query.search import FEW, Order, Search
from notion_pm.emulator.query.selection import Query, select
from notion_pm.emulator.query.sql import Source, Sql, compile_filter, conjuncts, values_of

MOST_VALUES = (
    1000  # in one statement; SQLite would take more, though not as many as a filter may hold
)

Load = Callable[[Sequence[str]], Iterable[Row]]


def run(
    db: sqlite3.Connection,
    data_source_id: str,
    query: Query,
    asker: Asker,
    load: Load,
    *,
    most: int = MOST_RESULTS,
    few: int = FEW,
) -> Results:
    """Answer a query of a data source.

    `load` gives rows of pages, for what the index does not know.

    Raises ApiError (400) when the cursor's page is gone.
    """
    number = db.execute("SELECT seq FROM data_sources WHERE id = ?", (data_source_id,)).fetchone()[
        0
    ]
    source = Source(number, data_source_id)
    parts = conjuncts(query.filter)
    known = _translatable(compile_filter(part, source, asker) for part in parts)
    search = Search(db, source, known, few)
    if len(known) == len(parts) and ordering.are_indexed(query.sorts):
        return _answer(search, query, most)
    anchor = next(iter(load([query.cursor.page_id])), None) if query.cursor else None
    return select(query, load(search.ids()), asker, anchor=anchor, most=most)


def _translatable(conditions: Iterable[Sql | None]) -> tuple[Sql, ...]:
    """Return the conditions that SQL can tell, or none of them when they would make too long a statement."""
    known = tuple(condition for condition in conditions if condition is not None)
    return known if len(values_of(known)) <= MOST_VALUES else ()


def _answer(search: Search, query: Query, most: int) -> Results:
    sorts = query.sorts or ordering.NEWEST_FIRST
    order = Order(sorts, newest_first=sorts[0].descending)
    place = search.place(query.cursor, order) if query.cursor else None
    following = search.following(order, place, query.size + 1)
    if query.cursor:
        seen, capped = query.cursor.seen, query.cursor.capped
    else:
        seen, capped = 0, len(following) > query.size and search.exceeds(most)
    return paginate(following, query.size, seen=seen, capped=capped, most=most)
