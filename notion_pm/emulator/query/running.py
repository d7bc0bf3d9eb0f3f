"""Answers queries from the index where it can, in milliseconds however many pages there are and however deep it pages.

Two ways lead to a page of results. When a condition leaves few candidates (found out by looking into its index), those
are sorted. Else the index of the first sort is walked from where the last page of results ended until enough pages
have passed the filter. What only Python can tell (formulas, rollups, orders of lists) is told for the pages that the
rest of the filter leaves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from . import ordering
from .matching import Asker, Row
from .paging import MOST_RESULTS, Results, invalid_cursor, paginate
from .selection import Query, select
from .sorts import Sort
from .sql import Seek, Source, Sql, all_of, compiled, conjuncts

FEW = 1000  # candidates that are sooner sorted than met on a walk

Load = Callable[[Sequence[str]], Iterable[Row]]
_LIVE = "p.parent_id = ? AND p.parent_type = 'data_source_id' AND p.in_trash = 0 AND p.is_archived = 0"


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
    """Answers a query of a data source. `load` gives rows of pages, for what the index does not know.

    Raises ApiError (400) when the cursor's page is gone.
    """
    source = Source(
        db.execute("SELECT seq FROM data_sources WHERE id = ?", (data_source_id,)).fetchone()[0], data_source_id
    )
    parts = [(part, compiled(part, source, asker)) for part in conjuncts(query.filter)]
    known = [sql for _, sql in parts if sql is not None]
    search = _Search(db, source, tuple(known), few)
    if len(known) < len(parts) or not all(map(ordering.is_indexed, query.sorts)):
        return _select(search, query, asker, load, most)
    return _answer(search, query, most)


def _select(search: _Search, query: Query, asker: Asker, load: Load, most: int) -> Results:
    anchor = next(iter(load([query.cursor.page_id])), None) if query.cursor else None
    return select(query, load(search.ids()), asker, anchor=anchor, most=most)


def _answer(search: _Search, query: Query, most: int) -> Results:
    sorts = query.sorts or ordering.NEWEST_FIRST
    place = None
    if query.cursor:
        place = search.place(query.cursor.page_id, sorts)
        if place is None:
            raise invalid_cursor(str(query.cursor))
    following = search.following(sorts, place, query.size + 1)
    if query.cursor:
        return paginate(following, query.size, seen=query.cursor.seen, capped=query.cursor.capped, most=most)
    return paginate(
        following, query.size, seen=0, capped=len(following) > query.size and search.exceeds(most), most=most
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """The pages of one data source that pass conditions."""

    db: sqlite3.Connection
    source: Source
    conditions: tuple[Sql, ...]
    few: int

    def ids(self) -> list[str]:
        """Returns the ids of all pages that pass."""
        found = self._candidates()
        return self._column(f"SELECT p.id FROM {found.text}", found.values)  # noqa: S608

    def exceeds(self, most: int) -> bool:
        """Tells whether more pages pass than that."""
        every = Sql(f"pages p INDEXED BY pages_in_order WHERE {_LIVE}", (self.source.id,))
        return self._at_least(every, most + 1) and self._at_least(self._candidates(), most + 1)

    def place(self, page_id: str, sorts: Sequence[Sort]) -> tuple[object, ...] | None:
        """Returns where a page stands in an order, also when it no longer passes."""
        values = [level.value for level in ordering.levels(sorts)]
        columns = ", ".join(value.text for value in values)
        bound = [value for sql in values for value in sql.values]
        statement = f"SELECT {columns} FROM pages p WHERE p.id = ? AND p.parent_id = ?"  # noqa: S608
        row = self.db.execute(statement, (*bound, page_id, self.source.id)).fetchone()
        return None if row is None else tuple(row)

    def following(self, sorts: Sequence[Sort], place: tuple[object, ...] | None, most: int) -> list[str]:
        """Returns the first ids after a place in an order."""
        levels = ordering.levels(sorts)
        beyond = ordering.after(levels, place) if place else Sql("1")
        few = self._few()
        if few is not None:
            return self._ordered(_from(few, all_of([self._passing(), beyond])), _terms(levels), most)
        found: list[str] = []
        for segment in ordering.segments(sorts[0], self.source.seq, place):
            where = all_of([segment.where, self._passing(), beyond])
            stretch = Sql(f"{segment.source.text} WHERE {where.text}", (*segment.source.values, *where.values))
            terms = [*segment.walked, *_terms(levels[1:], age=segment.age)]
            found += self._ordered(stretch, terms, most - len(found))
            if len(found) >= most:
                break
        return found

    def _ordered(self, stretch: Sql, terms: Sequence[Sql], most: int) -> list[str]:
        order = ", ".join(term.text for term in terms)
        values = (*stretch.values, *(value for term in terms for value in term.values), most)
        return self._column(f"SELECT p.id FROM {stretch.text} ORDER BY {order} LIMIT ?", values)  # noqa: S608

    def _passing(self) -> Sql:
        return all_of([Sql(_LIVE, (self.source.id,)), *self.conditions])

    def _candidates(self) -> Sql:
        return _from(self._few() or self._any_seek(), self._passing())

    def _few(self) -> Seek | None:
        """Returns a condition that few pages pass, as its index says."""
        return next((seek for seek in self._seeks() if not self._at_least(_entries(seek), self.few + 1)), None)

    def _any_seek(self) -> Seek | None:
        return next(self._seeks(), None)

    def _seeks(self) -> Iterator[Seek]:
        return (condition.seek for condition in self.conditions if condition.seek)

    def _at_least(self, rows: Sql, number: int) -> bool:
        statement = f"SELECT count(*) FROM (SELECT 1 FROM {rows.text} LIMIT ?)"  # noqa: S608
        return int(self.db.execute(statement, (*rows.values, number)).fetchone()[0]) >= number

    def _column(self, statement: str, values: Sequence[object]) -> list[str]:
        return [row[0] for row in self.db.execute(statement, values)]


def _terms(levels: Sequence[ordering.Level], age: str = "p.seq") -> list[Sql]:
    return [*(level.order() for level in levels[:-1]), Sql(f"{age} {levels[-1].direction}")]


def _entries(seek: Seek) -> Sql:
    return Sql(f"{seek.table} WHERE {seek.where}", seek.values)


def _from(seek: Seek | None, where: Sql) -> Sql:
    """Reads pages through a range of an index, each page once."""
    if seek is None:
        return Sql(f"pages p WHERE {where.text}", where.values)
    entries = f"SELECT DISTINCT {seek.key} AS page FROM {seek.table} WHERE {seek.where}"  # noqa: S608
    return Sql(f"({entries}) d CROSS JOIN pages p ON {seek.join} WHERE {where.text}", (*seek.values, *where.values))
