"""Orders in SQL: the levels of a sort as expressions, the place of a page among them, and how an index is walked.

The order is that of sorts.py: empty values last, and the age of pages last of all, in the first
sort's direction.
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
    """One expression that pages are ordered by; NULL comes last."""

    value: Sql
    descending: bool

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"

    def order(self) -> Sql:
        """Return the terms of ORDER BY."""
        return Sql(
            f"{self.value.text} IS NULL, {self.value.text} {self.direction}", self.value.values * 2
        )

    def same(self, place: object) -> Sql:
        """The page is level with `place`."""
        return Sql(f"{self.value.text} IS ?", (*self.value.values, place))

    def later(self, place: object) -> Sql:
        """The page comes after `place`."""
        if place is None:
            return Sql("0")
        sign = "<" if self.descending else ">"
        text = f"({self.value.text} {sign} ? OR {self.value.text} IS NULL)"
        return Sql(text, (*self.value.values, place, *self.value.values))


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the order: pages read `source`, those that pass `where`.

    An index gives them by age as `age` says, after `walked` where the stretch is one of rising or
    falling values; else they are level in the first sort, which `level` says of `p`. `entered`: the
    place to go on from lies within. `values_of`: the property whose `value` each page has at hand.
    """

    source: Sql
    where: Sql
    entered: bool
    walked: tuple[Sql, ...] = ()
    age: str = "p.seq"
    level: Sql | None = None
    values_of: str | None = None

    def said_here(self, condition: Sql) -> Sql:
        """Return a condition as one of the value at hand, where it is: the index is entered and left by that."""
        return (
            condition.cell[1]
            if condition.cell and condition.cell[0] == self.values_of
            else condition
        )


MOST_LEVELS = 8  # the place among n levels takes n * n / 2 comparisons to say
AGE = Sql("p.seq")
_CELLS = Sql("cells s CROSS JOIN pages p ON p.seq = s.page")


def are_indexed(sorts: Sequence[Sort]) -> bool:
    """Return whether the index holds what sorts go by."""
    return len(sorts) <= MOST_LEVELS and all(map(_is_indexed, sorts))


def _is_indexed(sort: Sort) -> bool:
    return isinstance(sort.target, Timestamp) or sort.target.type in SCALARS


def levels(sorts: Sequence[Sort], *, newest_first: bool) -> list[Level]:
    """Return the levels of an order, down to the age of pages, which tells all pages apart."""
    return [
        *(Level(_value(sort.target), sort.descending) for sort in sorts),
        Level(AGE, newest_first),
    ]


def _value(target: Property | Timestamp) -> Sql:
    if isinstance(target, Timestamp):
        return Sql(f"p.{target.name}")
    cell = Sql("(SELECT min(value) FROM cells WHERE page = p.seq AND property = ?)", (target.id,))
    if target.type == "checkbox":
        return Sql(f"(ifnull({cell.text}, 0))", cell.values)
    return _rank(target, cell) if target.type in RANKED else cell


def _rank(target: Property, cell: Sql) -> Sql:
    """An option's place in the schema; what is no option any more has none."""
    whens = "".join(" WHEN ? THEN ?" for _ in target.options)
    values = tuple(value for option in target.options for value in (option.id, option.rank))
    return Sql(
        f"(CASE {cell.text}{whens} END)" if whens else "(NULL)",
        (*cell.values, *values) if whens else (),
    )


def after(order: Sequence[Level], place: Sequence[object]) -> Sql:
    """The page comes after the page that stands at `place`."""
    steps = []
    for depth, level in enumerate(order):
        same = [earlier.same(value) for earlier, value in zip(order[:depth], place, strict=False)]
        steps.append(all_of([*same, level.later(place[depth])]))
    return Sql(f"({' OR '.join(step.text for step in steps)})", values_of(steps))


def segments(first: Sort, source: Source, place: Sequence[object] | None) -> Iterator[Segment]:
    """Return the stretches in which an index is walked for the first sort, from `place` on."""
    if isinstance(first.target, Timestamp):
        yield _by_time(first, first.target.name, place)
    elif first.target.type in RANKED:
        yield from _by_option(first, first.target, source, place)
    elif first.target.type == "checkbox":
        yield from _by_tick(first, first.target, source, place)
    else:
        yield from _by_value(first, first.target, source, place)


def _by_time(first: Sort, name: str, place: Sequence[object] | None) -> Segment:
    where = _bound(f"p.{name}", first, place)
    return Segment(Sql("pages p"), where, place is not None, (_walk(f"p.{name}", first),))


def _by_value(
    first: Sort, target: Property, source: Source, place: Sequence[object] | None
) -> Iterator[Segment]:
    in_empties = place is not None and place[0] is None
    if not in_empties:
        of_property = Sql("s.source = ? AND s.property = ?", (source.seq, target.id))
        where = all_of([of_property, _bound("s.value", first, place)])
        yield Segment(
            _CELLS,
            where,
            place is not None,
            (_walk("s.value", first),),
            "s.page",
            values_of=target.id,
        )
    yield _without(target, Sql("1"), entered=in_empties)


def _by_tick(
    first: Sort, target: Property, source: Source, place: Sequence[object] | None
) -> Iterator[Segment]:
    reached = None if place is None else place[0]
    ticked = _with(target, 1, source, entered=reached == 1)
    blank = _without(target, Sql("1"), entered=reached == 0)
    order = [ticked, blank] if first.descending else [blank, ticked]
    yield from order[1:] if order[1].entered else order


def _by_option(
    first: Sort, target: Property, source: Source, place: Sequence[object] | None
) -> Iterator[Segment]:
    """One stretch for each option, and one for pages without any of them."""
    options = sorted(target.options, key=lambda option: option.rank, reverse=first.descending)
    ranks: list[object] = [*(option.rank for option in options), None]
    reached = 0 if place is None else ranks.index(place[0])
    for number, option in enumerate(options[reached:], start=reached):
        yield _with(target, option.id, source, entered=place is not None and number == reached)
    listed = Sql(
        f"value IN ({', '.join('?' * len(options))})", tuple(option.id for option in options)
    )
    yield _without(target, listed, entered=place is not None and reached == len(options))


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


def _bound(column: str, first: Sort, place: Sequence[object] | None) -> Sql:
    """Where the walk begins, said so that the index can be entered there."""
    if place is None:
        return Sql("1")
    return Sql(f"{column} {'<=' if first.descending else '>='} ?", (place[0],))
