"""Sort orders in SQL, and how an index is walked in such an order.

An order has levels: one for each sort, and the age of pages as the last. It is the order of
sorts.py: empty values come last, and pages that are equal in all sorts are ordered by age, in the
direction of the first sort. The position of a page in an order is the list of its values on all
levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notion_pm.emulator.query.filters import Timestamp
from notion_pm.emulator.query.properties import Property
from notion_pm.emulator.query.sorts import Sort
from notion_pm.emulator.query.sql import RANKED, SCALARS, Source, Sql, all_of, having, values_of

NEWEST_FIRST = (Sort(Timestamp("created_time"), descending=True),)


@dataclass(frozen=True, slots=True)
class Level:
    """One expression that pages are ordered by. NULL comes last."""

    value: Sql
    descending: bool

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"

    def order(self) -> Sql:
        """Return the terms for ORDER BY."""
        return Sql(
            f"{self.value.text} IS NULL, {self.value.text} {self.direction}", self.value.values * 2
        )

    def has_value(self, value: object) -> Sql:
        """Return the condition that a page has this value on this level."""
        return Sql(f"{self.value.text} IS ?", (*self.value.values, value))

    def is_after(self, value: object) -> Sql:
        """Return the condition that a page comes after this value on this level."""
        if value is None:  # empty values come last: nothing is after them
            return Sql("0")
        sign = "<" if self.descending else ">"
        text = f"({self.value.text} {sign} ? OR {self.value.text} IS NULL)"
        return Sql(text, (*self.value.values, value, *self.value.values))


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of an order that one index can deliver.

    Pages are read from `source`, and all that pass `where` belong to the segment. `entered`: the
    position to continue from is inside it.

    In some segments the index delivers the pages by the value of the first sort (`walked`), and by
    `age` among equal values. In others all pages have the same value on the first level. `level` is
    then the condition for this value.

    `values_of`: the property with the values of the index, if any.
    """

    source: Sql
    where: Sql
    entered: bool
    walked: tuple[Sql, ...] = ()
    age: str = "p.seq"
    level: Sql | None = None
    values_of: str | None = None

    def on_index(self, condition: Sql) -> Sql:
        """Return a condition on the index's own value, if it is about the same property.

        SQLite can then use the index to find where the condition begins and ends to hold.
        """
        if condition.cell and condition.cell[0] == self.values_of:
            return condition.cell[1]
        return condition


MOST_LEVELS = 8  # the condition for a position on n levels has n * n / 2 comparisons
AGE = Sql("p.seq")
_CELLS = Sql("cells s CROSS JOIN pages p ON p.seq = s.page")


def are_indexed(sorts: Sequence[Sort]) -> bool:
    """Return whether the index has the values of all sorts."""
    return len(sorts) <= MOST_LEVELS and all(map(_is_indexed, sorts))


def _is_indexed(sort: Sort) -> bool:
    return isinstance(sort.target, Timestamp) or sort.target.type in SCALARS


def levels(sorts: Sequence[Sort], *, newest_first: bool) -> list[Level]:
    """Return the levels of an order. The last is the age of pages, which is unique."""
    return [
        *(Level(_value(sort.target), sort.descending) for sort in sorts),
        Level(AGE, newest_first),
    ]


def _value(target: Property | Timestamp) -> Sql:
    if isinstance(target, Timestamp):
        return Sql(f"p.{target.name}")
    cell = Sql("(SELECT min(value) FROM cells WHERE page = p.seq AND property = ?)", (target.id,))
    # An unticked checkbox has no cell, but sorts as 0, not as an empty value.
    if target.type == "checkbox":
        return Sql(f"(ifnull({cell.text}, 0))", cell.values)
    return _rank(target, cell) if target.type in RANKED else cell


def _rank(target: Property, cell: Sql) -> Sql:
    """Return the position of an option in the schema, NULL for an option that was deleted."""
    whens = "".join(" WHEN ? THEN ?" for _ in target.options)
    if not whens:
        return Sql("(NULL)")
    values: list[object] = []
    for option in target.options:
        values += [option.id, option.rank]
    return Sql(f"(CASE {cell.text}{whens} END)", (*cell.values, *values))


def after(order: Sequence[Level], position: Sequence[object]) -> Sql:
    """Return the condition that a page comes after the page at a position in an order."""
    # (a after A) OR (a is A AND b after B) OR (a is A AND b is B AND c after C) ...
    cases = []
    equal_so_far: list[Sql] = []
    for level, value in zip(order, position, strict=False):
        cases.append(all_of([*equal_so_far, level.is_after(value)]))
        equal_so_far.append(level.has_value(value))
    return Sql(f"({' OR '.join(case.text for case in cases)})", values_of(cases))


def segments(first: Sort, source: Source, position: Sequence[object] | None) -> Iterator[Segment]:
    """Return the segments in which an index is walked for the first sort, from a position on."""
    if isinstance(first.target, Timestamp):
        yield _by_time(first, first.target.name, position)
    elif first.target.type in RANKED:
        yield from _by_option(first, first.target, source, position)
    elif first.target.type == "checkbox":
        yield from _by_tick(first, first.target, source, position)
    else:
        yield from _by_value(first, first.target, source, position)


def _by_time(first: Sort, name: str, position: Sequence[object] | None) -> Segment:
    # Every page has its times, so one segment is enough.
    where = _bound(f"p.{name}", first, position)
    return Segment(Sql("pages p"), where, position is not None, (_walk(f"p.{name}", first),))


def _by_value(
    first: Sort, target: Property, source: Source, position: Sequence[object] | None
) -> Iterator[Segment]:
    # First the pages with a value, then those without.
    in_empties = position is not None and position[0] is None
    if not in_empties:
        of_property = Sql("s.source = ? AND s.property = ?", (source.seq, target.id))
        where = all_of([of_property, _bound("s.value", first, position)])
        yield Segment(
            _CELLS,
            where,
            position is not None,
            (_walk("s.value", first),),
            "s.page",
            values_of=target.id,
        )
    yield _without(target, Sql("1"), entered=in_empties)


def _by_tick(
    first: Sort, target: Property, source: Source, position: Sequence[object] | None
) -> Iterator[Segment]:
    reached = None if position is None else position[0]
    ticked = _with(target, 1, source, entered=reached == 1)
    blank = _without(target, Sql("1"), entered=reached == 0)
    order = [ticked, blank] if first.descending else [blank, ticked]
    # A segment before what was reached is skipped.
    yield from order[1:] if order[1].entered else order


def _by_option(
    first: Sort, target: Property, source: Source, position: Sequence[object] | None
) -> Iterator[Segment]:
    """Return a segment for each option, and one for pages without any of them."""
    options = sorted(target.options, key=lambda option: option.rank, reverse=first.descending)
    ranks: list[object] = [*(option.rank for option in options), None]
    reached = 0 if position is None else ranks.index(position[0])
    for number, option in enumerate(options[reached:], start=reached):
        yield _with(target, option.id, source, entered=position is not None and number == reached)
    listed = Sql(
        f"value IN ({', '.join('?' * len(options))})", tuple(option.id for option in options)
    )
    yield _without(target, listed, entered=position is not None and reached == len(options))


def _with(target: Property, value: str | int, source: Source, *, entered: bool) -> Segment:
    where = Sql("s.source = ? AND s.property = ? AND s.value = ?", (source.seq, target.id, value))
    return Segment(
        _CELLS,
        where,
        entered,
        age="s.page",
        level=having(target, Sql("value = ?", (value,)), source),
    )


def _without(target: Property, value: Sql, *, entered: bool) -> Segment:
    absent = (
        f"NOT EXISTS (SELECT 1 FROM cells WHERE page = p.seq AND property = ? AND {value.text})"
    )
    level = Sql(absent, (target.id, *value.values))
    return Segment(Sql("pages p INDEXED BY pages_in_order"), level, entered, level=level)


def _walk(column: str, first: Sort) -> Sql:
    return Sql(f"{column} {'DESC' if first.descending else 'ASC'}")


def _bound(column: str, first: Sort, position: Sequence[object] | None) -> Sql:
    """Return the condition where the walk begins, in a form that lets SQLite start there."""
    if position is None:
        return Sql("1")
    return Sql(f"{column} {'<=' if first.descending else '>='} ?", (position[0],))
