"""Compile filters to SQL over `pages p`, the index of cells, and the table `links`.

The meaning of each operator is that of matching.py. A test compares the two. A filter that needs
Python (for formulas and rollups) has no SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from notion_pm.emulator.query import dates
from notion_pm.emulator.query.filters import Filter, Group, Test, Timestamp
from notion_pm.emulator.query.matching import Asker, wanted_ids
from notion_pm.emulator.query.operators import EMPTINESS
from notion_pm.emulator.query.properties import Property
from notion_pm.emulator.query.values import fold

_TIMES = ("created_time", "last_edited_time")
_AUTHORS = ("created_by", "last_edited_by")
RANKED = frozenset({"select", "status"})
_CELL_TYPES = frozenset(
    {
        *("title", "rich_text", "url", "email", "phone_number", "number", "unique_id", "checkbox"),
        *("select", "status", "multi_select", "date", "people", "files"),
    }
)
# A page has at most one cell of these.
SCALARS = frozenset(
    {
        "title",
        "rich_text",
        "url",
        "email",
        "phone_number",
        "number",
        "unique_id",
        "checkbox",
        "date",
    }
    | RANKED
)
_COMPARISONS = {
    "equals": "=",
    "does_not_equal": "=",
    "greater_than": ">",
    "less_than": "<",
    "greater_than_or_equal_to": ">=",
    "less_than_or_equal_to": "<=",
}
_OF_PAGE = re.compile(r"\bp\.(?!seq\b)")
_ONE_VALUE = re.compile(r"value (= \S+|IN \(\?\))")
_UNION = " UNION ALL "
_MOST_SEEKS = 400  # SELECTs in one lookup; SQLite allows 500 terms in a compound SELECT
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = (
    dates.instant(moment.replace(tzinfo=UTC))
    for moment in (datetime.min, datetime.max)  # noqa: DTZ901
)


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters.

    `seek`: a SELECT of the `seq` of pages from an index. It has all pages that pass the condition,
    perhaps other pages too, and some of them twice. It is where to look first. `cell`: the same
    condition on the single `value` of a property, with the property's id. Then `seek` has no other
    pages.
    """

    text: str
    values: tuple[object, ...] = ()
    seek: Sql | None = None
    cell: tuple[str, Sql] | None = None

    @property
    def is_of_cells(self) -> bool:
        """Whether it uses no column of `p` except `seq`, so that pages need not be read."""
        return not _OF_PAGE.search(self.text)

    @property
    def seeks_by_age(self) -> bool:
        """Whether `seek` gives pages by age, so that they are close together in other indexes."""
        return bool(self.seek and self.cell and _ONE_VALUE.fullmatch(self.cell[1].text))


@dataclass(frozen=True, slots=True)
class Source:
    """The data source that is queried."""

    seq: int
    id: str


def compile_filter(condition: Filter, source: Source, asker: Asker) -> Sql | None:
    """Return a filter as a boolean expression over `p`, None if it needs Python."""
    if isinstance(condition, Group):
        return _group(condition, source, asker)
    if condition.quantifier is not None:
        return None
    if isinstance(condition.target, Timestamp):
        return _time(condition.target.name, condition.test, source, asker)
    return _property(condition.target, condition.test, source, asker)


def conjuncts(condition: Filter | None) -> tuple[Filter, ...]:
    """Return the parts of a filter that must all hold."""
    if condition is None:
        return ()
    if isinstance(condition, Group) and condition.operator == "and":
        parts: list[Filter] = []
        for part in condition.parts:
            parts += conjuncts(part)
        return tuple(parts)
    return (condition,)


def _group(group: Group, source: Source, asker: Asker) -> Sql | None:
    parts = [compile_filter(part, source, asker) for part in group.parts]
    known = [part for part in parts if part is not None]
    # One part without SQL makes the whole group a task for Python.
    if len(known) < len(parts):
        return None
    return all_of(known) if group.operator == "and" else _any_of(known)


def all_of(parts: Iterable[Sql]) -> Sql:
    """Return the conjunction of expressions."""
    pieces = list(parts)
    # One lookup is enough: it has all pages that pass, and the other parts reject the rest.
    seek = next((piece.seek for piece in pieces if piece.seek), None)
    return Sql(_join(pieces, " AND ") or "1", values_of(pieces), seek)


def _any_of(pieces: Sequence[Sql]) -> Sql:
    """Return the disjunction of expressions. It has a lookup if all of them have one."""
    joined = _join(pieces, " OR ") or "0"
    seeks = [piece.seek for piece in pieces if piece.seek]
    selects = sum(seek.text.count(_UNION) + 1 for seek in seeks)
    has_lookup = bool(pieces) and len(seeks) == len(pieces) and selects <= _MOST_SEEKS
    if not has_lookup:
        return Sql(joined, values_of(pieces))
    seek = Sql(_UNION.join(seek.text for seek in seeks), values_of(seeks))
    return Sql(joined, values_of(pieces), seek)


def values_of(pieces: Iterable[Sql]) -> tuple[object, ...]:
    """Return the parameters of several pieces, in order."""
    values: list[object] = []
    for piece in pieces:
        values += piece.values
    return tuple(values)


def _join(pieces: Sequence[Sql], joint: str) -> str:
    return f"({joint.join(piece.text for piece in pieces)})" if pieces else ""


def _property(target: Property, test: Test, source: Source, asker: Asker) -> Sql | None:
    if target.type in _TIMES:
        return _time(target.type, test, source, asker)
    if target.type in _AUTHORS:
        return _author(target.type, test, asker)
    if target.type == "relation":
        return _relation(target, test, asker)
    if target.type in _CELL_TYPES:
        return _cells(target, test, source, asker)
    return None


def _cells(target: Property, test: Test, source: Source, asker: Asker) -> Sql:
    if test.kind == "checkbox":
        ticked = test.operand if test.operator == "equals" else not test.operand
        is_ticked = having(target, Sql("value = 1"), source)
        return is_ticked if ticked else _not(is_ticked)
    if test.operator in EMPTINESS:
        any_value = having(target, Sql("1"), source)
        return any_value if test.operator == "is_not_empty" else _not(any_value)
    found = having(target, _value(test, asker), source)
    return _not(found) if test.operator.startswith("does_not_") else found


def having(target: Property, value: Sql, source: Source) -> Sql:
    """Return the condition that a page has a cell of the property that passes."""
    where = f"property = ? AND {value.text}"
    values = (target.id, *value.values)
    seek = Sql(f"SELECT page FROM cells WHERE source = ? AND {where}", (source.seq, *values))
    cell = (target.id, value) if target.type in SCALARS else None
    return Sql(f"EXISTS (SELECT 1 FROM cells WHERE page = p.seq AND {where})", values, seek, cell)


def _value(test: Test, asker: Asker) -> Sql:
    match test.kind:
        case "date":
            interval = dates.interval(test.operator, str(test.operand or ""), asker.now)
            return _between("value", interval.start, interval.end)
        case "number":
            return Sql(f"value {_COMPARISONS[test.operator]} ?", (test.operand,))
        case "text":
            return _text(test.operator, fold(str(test.operand)))
    return _one_of("value", wanted_ids(test, asker))


def _text(operator: str, sought: str) -> Sql:
    if operator in ("equals", "does_not_equal"):
        return Sql("value = ?", (sought,))
    if operator in ("contains", "does_not_contain"):
        return Sql("instr(value, ?) > 0", (sought,))
    if not sought:
        return Sql("1")
    start = 1 if operator == "starts_with" else -len(sought)
    return Sql("substr(value, ?, ?) = ?", (start, len(sought), sought))


def _relation(target: Property, test: Test, asker: Asker) -> Sql:
    """Return a test of a relation. Related pages in the trash do not count."""
    linked = (
        Sql("1") if test.operator in EMPTINESS else _one_of("l.target_id", wanted_ids(test, asker))
    )
    where = f"l.property_id = ? AND {linked.text}"
    live = "EXISTS (SELECT 1 FROM pages t WHERE t.id = l.target_id AND t.in_trash = 0)"
    values = (target.id, *linked.values)
    # The lookup has pages with trashed targets too; `EXISTS` decides.
    seek = Sql(f"SELECT p.seq FROM links l JOIN pages p ON p.id = l.page_id WHERE {where}", values)
    linked_pages = f"SELECT 1 FROM links l WHERE l.page_id = p.id AND {where} AND {live}"
    found = Sql(f"EXISTS ({linked_pages})", values, seek if linked.values else None)
    return _not(found) if test.operator in ("is_empty", "does_not_contain") else found


def _author(column: str, test: Test, asker: Asker) -> Sql:
    """Return a test of an author. Every page has both authors."""
    if test.operator in EMPTINESS:
        return Sql("1" if test.operator == "is_not_empty" else "0")
    found = _one_of(f"p.{column}", wanted_ids(test, asker))
    return _not(found) if test.operator == "does_not_contain" else found


def _time(column: str, test: Test, source: Source, asker: Asker) -> Sql:
    """Return a test of a time.

    The API compares times cut to the minute. Here the bounds move up to whole minutes instead, so
    that the index on the time can be used.
    """
    if test.operator in EMPTINESS:
        return Sql("1" if test.operator == "is_not_empty" else "0")
    interval = dates.interval(test.operator, str(test.operand or ""), asker.now).of_minutes()
    bounds = _between(f"p.{column}", _format_time(interval.start), _format_time(interval.end))
    where = f"p.parent_id = ? AND p.in_trash = 0 AND {bounds.text}"
    seek = Sql(f"SELECT seq FROM pages p WHERE {where}", (source.id, *bounds.values))
    return Sql(bounds.text, bounds.values, seek)


def _format_time(moment: int | None) -> str | None:
    """Return a moment as clock.to_stored does.

    One outside the calendar becomes its first or last.
    """
    if moment is None:
        return None
    within = max(_FIRST, min(moment, _LAST))
    return (_EPOCH + timedelta(milliseconds=within)).isoformat(timespec="microseconds")


def _between(what: str, start: object, end: object) -> Sql:
    bounds = []
    if start is not None:
        bounds.append(Sql(f"{what} >= ?", (start,)))
    if end is not None:
        bounds.append(Sql(f"{what} < ?", (end,)))
    return all_of(bounds)


def _one_of(what: str, ids: tuple[str, ...]) -> Sql:
    return Sql(f"{what} IN ({', '.join('?' * len(ids))})", ids)


def _not(sql: Sql) -> Sql:
    # Without `seek`: it would list the pages that do not pass.
    cell = None
    if sql.cell:
        property_id, condition = sql.cell
        cell = (property_id, Sql(f"NOT ({condition.text})", condition.values))
    return Sql(f"NOT {sql.text}", sql.values, cell=cell)
