"""Find the pages of a data source that pass conditions, in order and from any position on.

There are two ways to the next pages. If an index shows that few pages pass one of the conditions,
these candidates are sorted. Otherwise the index of the first sort is walked from the position on,
until enough pages have passed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from notion_pm.emulator.query import ordering
from notion_pm.emulator.query.paging import Cursor, invalid_cursor
from notion_pm.emulator.query.sorts import Sort
from notion_pm.emulator.query.sql import Source, Sql, all_of, values_of

FEW = 1000  # candidates that are sorted faster than they are found by a walk

Position = tuple[object, ...]
_LIVE = (
    "p.parent_id = ? AND p.parent_type = 'data_source_id' AND p.in_trash = 0 AND p.is_archived = 0"
)
_ROW = "p.parent_id = ? AND p.parent_type = 'data_source_id' AND"
_HIDDEN = f"({_ROW} p.in_trash = 1) OR ({_ROW} p.in_trash = 0 AND p.is_archived = 1)"
_IN_ORDER = "pages p INDEXED BY pages_in_order"


@dataclass(frozen=True, slots=True)
class Order:
    """Sorts, and the order by age of pages that are equal in all of them."""

    sorts: tuple[Sort, ...]
    newest_first: bool

    def levels(self) -> list[ordering.Level]:
        """Return the levels of the order, the first sort first."""
        return ordering.levels(self.sorts, newest_first=self.newest_first)


@dataclass(frozen=True, slots=True)
class Search:
    """Finds the pages of one data source that pass conditions."""

    db: sqlite3.Connection
    source: Source
    conditions: tuple[Sql, ...]
    few: int = FEW

    def ids(self) -> list[str]:
        """Return the ids of all pages that pass."""
        found = _from(self._any_seek(), self._passing())
        return self._column(f"SELECT DISTINCT p.id FROM {found.text}", found.values)

    def exceeds(self, most: int) -> bool:
        """Return whether more than `most` pages pass."""
        # A count of all pages, or of the pages of one condition, is often below the limit already.
        all_pages = Sql(f"SELECT 1 FROM {_IN_ORDER} WHERE {_LIVE}", (self.source.id,))
        if any(not self._at_least(rows, most + 1) for rows in (all_pages, *self._seeks())):
            return False
        return not self.conditions or self._more_pass(most)

    def _more_pass(self, most: int) -> bool:
        """Return whether more than `most` pages pass the conditions.

        If possible only the index of cells is read, which is much smaller than the pages.
        """
        if not all(condition.is_of_cells for condition in self.conditions):
            passing = _from(self._any_seek(), self._passing())
            matches = Sql(f"SELECT DISTINCT p.seq FROM {passing.text}", passing.values)
            return self._at_least(matches, most + 1)

        # Best is a condition with pages by age: the other conditions are then checked in index
        # order.
        by_age = [condition for condition in self.conditions if condition.seeks_by_age]
        first = by_age[0] if by_age else None
        if first is None and len(self.conditions) == 1:
            first = self.conditions[0]
        if first and first.seek:
            # The index also has the pages in the trash and the archive. If there are so many
            # candidates that even without all of these enough are left, the pages need not be read.
            candidates = self._candidates(first, first.seek)
            if self._at_least(candidates, most + 1 + self._count_hidden()):
                return True
        passing = self._passing()
        matches = Sql(f"SELECT 1 FROM {_IN_ORDER} WHERE {passing.text}", passing.values)
        return self._at_least(matches, most + 1)

    def _candidates(self, first: Sql, seek: Sql) -> Sql:
        """Return the query for the pages that pass, including trashed and archived ones."""
        # The lookup of a condition with `cell` gives only pages that pass it (see sql.Sql).
        others = all_of(
            condition
            for condition in self.conditions
            if condition is not first or condition.cell is None
        )
        found = (
            f"SELECT DISTINCT p.seq FROM (SELECT NULL AS seq WHERE 0 UNION ALL {seek.text}) p "
            f"WHERE {others.text}"
        )
        return Sql(found, (*seek.values, *others.values))

    def _count_hidden(self) -> int:
        statement = f"SELECT count(*) FROM {_IN_ORDER} WHERE {_HIDDEN}"
        return int(self.db.execute(statement, (self.source.id, self.source.id)).fetchone()[0])

    def position(self, cursor: Cursor, order: Order) -> Position:
        """Return the position of a cursor's page. It need not pass any more.

        Raises ApiError (400) if it does not exist.
        """
        values = [level.value for level in order.levels()]
        columns = ", ".join(value.text for value in values)
        statement = f"SELECT {columns} FROM pages p WHERE p.id = ? AND p.parent_id = ?"
        # Looked up now and not kept in the cursor: the page may have changed since.
        row = self.db.execute(
            statement, (*values_of(values), cursor.page_id, self.source.id)
        ).fetchone()
        if row is None:
            raise invalid_cursor(str(cursor))
        return tuple(row)

    def following(self, order: Order, position: Position | None, most: int) -> list[str]:
        """Return the first `most` ids after a position in an order."""
        levels = order.levels()
        beyond = ordering.after(levels, position) if position else Sql("1")
        few = self._few()
        if few is not None:
            stretch = _from(few, all_of([self._passing(), beyond]))
            return self._select_ordered(stretch, _terms(levels), most)
        found: list[str] = []
        for segment in ordering.segments(order.sorts[0], self.source, position):
            start = position if segment.entered else None
            found += self._within(segment, order, start, most - len(found))
            if len(found) >= most:
                break
        return found

    def _within(
        self, segment: ordering.Segment, order: Order, position: Position | None, most: int
    ) -> list[str]:
        """Return the first ids of a segment.

        If all its pages are equal in the first sort, they are ordered by the other sorts.
        """
        if segment.level is not None and len(order.sorts) > 1:
            narrowed = replace(self, conditions=(*self.conditions, segment.level))
            other_sorts = replace(order, sorts=order.sorts[1:])
            return narrowed.following(other_sorts, position[1:] if position else None, most)

        on_index = replace(self, conditions=tuple(map(segment.on_index, self.conditions)))
        passing = on_index._passing()
        where = all_of([segment.where, passing, _beyond(segment, order, position)])
        stretch = Sql(
            f"{segment.source.text} WHERE {where.text}", (*segment.source.values, *where.values)
        )
        terms = [*segment.walked, *_terms(order.levels()[1:], age=segment.age)]
        return self._select_ordered(stretch, terms, most)

    def _select_ordered(self, stretch: Sql, terms: Sequence[Sql], most: int) -> list[str]:
        order = ", ".join(term.text for term in terms)
        values = (*stretch.values, *values_of(terms), most)
        return self._column(
            f"SELECT DISTINCT p.id FROM {stretch.text} ORDER BY {order} LIMIT ?",
            values,
        )

    def _passing(self) -> Sql:
        return all_of([Sql(_LIVE, (self.source.id,)), *self.conditions])

    def _few(self) -> Sql | None:
        """Return the lookup of a condition that few pages pass, None if there is no such one."""
        for seek in self._seeks():
            if not self._at_least(seek, self.few + 1):
                return seek
        return None

    def _any_seek(self) -> Sql | None:
        return self._few() or next(self._seeks(), None)

    def _seeks(self) -> Iterator[Sql]:
        return (condition.seek for condition in self.conditions if condition.seek)

    def _at_least(self, rows: Sql, number: int) -> bool:
        statement = f"SELECT count(*) FROM ({rows.text} LIMIT ?)"
        return int(self.db.execute(statement, (*rows.values, number)).fetchone()[0]) >= number

    def _column(self, statement: str, values: Sequence[object]) -> list[str]:
        return [row[0] for row in self.db.execute(statement, values)]


def _beyond(segment: ordering.Segment, order: Order, position: Position | None) -> Sql:
    if position is None:
        return Sql("1")
    if segment.level is None:
        return ordering.after(order.levels(), position)
    return Sql(f"{segment.age} {'<' if order.newest_first else '>'} ?", position[-1:])


def _terms(levels: Sequence[ordering.Level], age: str = "p.seq") -> list[Sql]:
    return [*(level.order() for level in levels[:-1]), Sql(f"{age} {levels[-1].direction}")]


def _from(seek: Sql | None, where: Sql) -> Sql:
    """Return a FROM clause that reads pages by a lookup. It may give a page twice."""
    if seek is None:
        return Sql(f"pages p WHERE {where.text}", where.values)
    found = f"(SELECT NULL AS page WHERE 0 UNION ALL {seek.text}) d"
    return Sql(
        f"{found} CROSS JOIN pages p ON p.seq = d.page WHERE {where.text}",
        (*seek.values, *where.values),
    )
