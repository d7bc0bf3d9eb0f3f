"""Answer queries from the index, in milliseconds for any number of pages and at any depth.

Formulas, rollups and sorts by lists need Python. Python sees only the pages that pass those parts
of the filter that the index can evaluate.
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

# Parameters of one statement. SQLite allows more, but not as many as a filter may have.
MOST_VALUES = 1000

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

    `load` returns rows by id, for what needs Python. Raises ApiError (400) if the page of the
    cursor does not exist any more.
    """
    row = db.execute("SELECT seq FROM data_sources WHERE id = ?", (data_source_id,)).fetchone()
    source = Source(row[0], data_source_id)
    parts = conjuncts(query.filter)
    in_sql = _translatable(compile_filter(part, source, asker) for part in parts)
    search = Search(db, source, in_sql, few)
    if len(in_sql) == len(parts) and ordering.are_indexed(query.sorts):
        return _answer(search, query, most)
    anchor = None
    if query.cursor:
        anchor = next(iter(load([query.cursor.page_id])), None)
    return select(query, load(search.ids()), asker, anchor=anchor, most=most)


def _translatable(conditions: Iterable[Sql | None]) -> tuple[Sql, ...]:
    """Return the conditions that SQL can evaluate, none of them if the statement is too long."""
    known = tuple(condition for condition in conditions if condition is not None)
    return known if len(values_of(known)) <= MOST_VALUES else ()


def _answer(search: Search, query: Query, most: int) -> Results:
    sorts = query.sorts or ordering.NEWEST_FIRST
    order = Order(sorts, newest_first=sorts[0].descending)
    position = search.position(query.cursor, order) if query.cursor else None
    following = search.following(order, position, query.size + 1)
    if query.cursor:
        seen, capped = query.cursor.seen, query.cursor.capped
    else:
        # Only the first page of results finds out whether the query exceeds the limit.
        seen, capped = 0, len(following) > query.size and search.exceeds(most)
    return paginate(following, query.size, seen=seen, capped=capped, most=most)
