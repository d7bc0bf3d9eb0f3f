"""Orders in SQL: the levels of a sort as expressions, the place of a page among them, and how an index is walked.

The order is that of sorts.py: empty values last, and the age of pages last of all, in the first sort's direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .filters import Timestamp
from .properties import Property
from .sorts import Sort
from .sql import Sql, all_of

_SCALARS = frozenset({"title", "rich_text", "url", "email", "phone_number", "number", "unique_id", "checkbox", "date"})
_RANKED = frozenset({"select", "status"})
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
        """Returns the terms of ORDER BY."""
        return Sql(f"{self.value.text} IS NULL, {self.value.text} {self.direction}", self.value.values * 2)

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
    """A stretch of the order in which pages are level in the first sort, or an index gives them as it wants them.

    `walked` is the term of ORDER BY that the index satisfies, `age` what it keeps pages in the order of their age by.
    """

    source: Sql
    where: Sql
    walked: tuple[Sql, ...] = ()
    age: str = "p.seq"


AGE = Sql("p.seq")
_CELLS = Sql("cells s CROSS JOIN pages p ON p.seq = s.page")


def is_indexed(sort: Sort) -> bool:
    """Tells whether the index holds what a sort goes by."""
    return isinstance(sort.target, Timestamp) or sort.target.type in _SCALARS | _RANKED


def levels(sorts: Sequence[Sort]) -> list[Level]:
    """Returns the levels of an order, down to the age of pages, which tells all pages apart."""
    return [
        *(Level(_value(sort.target), sort.descending) for sort in sorts),
        Level(AGE, sorts[0].descending),
    ]


def _value(target: Property | Timestamp) -> Sql:
    if isinstance(target, Timestamp):
        return Sql(f"p.{target.name}")
    cell = Sql("(SELECT min(value) FROM cells WHERE page = p.seq AND property = ?)", (target.id,))
    if target.type == "checkbox":
        return Sql(f"(ifnull({cell.text}, 0))", cell.values)
    return _rank(target, cell) if target.type in _RANKED else cell


def _rank(target: Property, cell: Sql) -> Sql:
    """An option's place in the schema; what is no option any more has none."""
    whens = "".join(" WHEN ? THEN ?" for _ in target.options)
    values = tuple(value for option in target.options for value in (option.id, option.rank))
    return Sql(f"(CASE {cell.text}{whens} END)" if whens else "(NULL)", (*cell.values, *values) if whens else ())


def after(order: Sequence[Level], place: Sequence[object]) -> Sql:
    """The page comes after the page that stands at `place`."""
    steps = []
    for depth, level in enumerate(order):
        same = [earlier.same(value) for earlier, value in zip(order[:depth], place, strict=False)]
        steps.append(all_of([*same, level.later(place[depth])]))
    return Sql(f"({' OR '.join(step.text for step in steps)})", tuple(v for step in steps for v in step.values))


def segments(first: Sort, source: int, place: Sequence[object] | None) -> Iterator[Segment]:
    """Returns the stretches in which an index is walked for the first sort, from `place` on."""
    if isinstance(first.target, Timestamp):
        yield _by_time(first, place)
    elif first.target.type in _RANKED:
        yield from _by_option(first, first.target, source, place)
    else:
        yield from _by_value(first, first.target, source, place)


def _by_time(first: Sort, place: Sequence[object] | None) -> Segment:
    column = f"p.{first.target.name}"
    direction = "DESC" if first.descending else "ASC"
    return Segment(Sql("pages p"), _bound(column, first, place), (Sql(f"{column} {direction}"),))


def _bound(column: str, first: Sort, place: Sequence[object] | None) -> Sql:
    """Where the walk begins, said so that the index can be entered there."""
    if place is None:
        return Sql("1")
    return Sql(f"{column} {'<=' if first.descending else '>='} ?", (place[0],))


def _by_value(first: Sort, target: Property, source: int, place: Sequence[object] | None) -> Iterator[Segment]:
    empties = _without(target, Sql("1"))
    in_empties = place is not None and place[0] in ((0,) if target.type == "checkbox" else (None,))
    if target.type == "checkbox" and not first.descending:
        if place is None or in_empties:
            yield empties
        yield _valued(first, target, source, None if in_empties else place)
        return
    if not in_empties:
        yield _valued(first, target, source, place)
    yield empties


def _valued(first: Sort, target: Property, source: int, place: Sequence[object] | None) -> Segment:
    of_property = Sql("s.source = ? AND s.property = ?", (source, target.id))
    direction = "DESC" if first.descending else "ASC"
    where = all_of([of_property, _bound("s.value", first, place)])
    return Segment(_CELLS, where, (Sql(f"s.value {direction}"),), "s.page")


def _by_option(first: Sort, target: Property, source: int, place: Sequence[object] | None) -> Iterator[Segment]:
    """One stretch for each option, and one for pages without any of them."""
    options = sorted(target.options, key=lambda option: option.rank, reverse=first.descending)
    for option in options:
        if place is None or (place[0] is not None and (option.rank == place[0] or _beyond(first, option.rank, place))):
            where = Sql("s.source = ? AND s.property = ? AND s.value = ?", (source, target.id, option.id))
            yield Segment(_CELLS, where, age="s.page")
    listed = Sql(f"value IN ({', '.join('?' * len(options))})", tuple(option.id for option in options))
    yield _without(target, listed)


def _beyond(first: Sort, rank: int, place: Sequence[object]) -> bool:
    reached = place[0]
    return isinstance(reached, int) and (rank < reached if first.descending else rank > reached)


def _without(target: Property, value: Sql) -> Segment:
    absent = f"NOT EXISTS (SELECT 1 FROM cells WHERE page = p.seq AND property = ? AND {value.text})"  # noqa: S608
    return Segment(Sql("pages p INDEXED BY pages_in_order"), Sql(absent, (target.id, *value.values)))
