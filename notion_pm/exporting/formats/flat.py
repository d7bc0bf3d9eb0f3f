"""Tables without structure inside a cell, for CSV and XLSX: what a person reads first, ids and page URLs last.

A relation becomes two columns, `Insights` and `Insights (id)`; files become names and URLs; a date that is a span
somewhere in the table gets `Target (end)` beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from notion_pm.exporting.formats.cells import SEPARATOR, text
from notion_pm.exporting.table import Cell, Column, Reference, Row, Table
from notion_pm.model.page import DateValue, FileValue

Scalar = None | bool | int | float | str | DateValue
"""A date here has no end: the end is a cell of its own."""

Role = Literal["value", "end", "id", "url"]


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column of scalars. `source` is None for the page's own id and URL."""

    header: str
    role: Role
    source: Column | None
    of: Callable[[Row], Scalar]


def flat_columns(table: Table) -> tuple[FlatColumn, ...]:
    """Return the columns of scalars that a table becomes, under headers of which no two are the same."""
    wanted = [*_readable(table), *_technical(table)]
    headers = unique([each.header for each in wanted])
    return tuple(
        FlatColumn(header, each.role, each.source, each.of)
        for header, each in zip(headers, wanted, strict=True)
    )


def unique(names: list[str]) -> list[str]:
    """Return the names, repeated ones numbered: `Status`, `Status 2`."""
    taken = set(names)
    seen: set[str] = set()
    return [_free(name, seen, taken) for name in names]


def _free(name: str, seen: set[str], taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in seen or (number > 1 and candidate in taken):
        number += 1
        candidate = f"{name} {number}"
    seen.add(candidate)
    return candidate


def _readable(table: Table) -> Iterator[FlatColumn]:
    for place, column in enumerate(table.columns):
        yield FlatColumn(column.title, "value", column, _reader(place, _scalar))
        if column.has_end:
            yield FlatColumn(f"{column.title} (end)", "end", column, _reader(place, _end))


def _technical(table: Table) -> Iterator[FlatColumn]:
    yield FlatColumn("Page id", "id", None, lambda row: row.id)
    yield FlatColumn("Page URL", "url", None, lambda row: row.url)
    for place, column in enumerate(table.columns):
        if column.type == "relation":
            yield FlatColumn(f"{column.title} (id)", "id", column, _reader(place, _ids))
        if column.type == "files":
            yield FlatColumn(f"{column.title} (url)", "url", column, _reader(place, _file_urls))


def _reader(place: int, part: Callable[[Cell], Scalar]) -> Callable[[Row], Scalar]:
    return lambda row: part(row.cells[place])


def _scalar(cell: Cell) -> Scalar:
    match cell:
        case None | str() | bool() | int() | float():
            return cell
        case DateValue():
            return DateValue(cell.start, None, cell.time_zone)
        case _:
            return text(cell)


def _end(cell: Cell) -> Scalar:
    return (
        DateValue(cell.end, None, cell.time_zone)
        if isinstance(cell, DateValue) and cell.end
        else None
    )


def _ids(cell: Cell) -> Scalar:
    items = cell if isinstance(cell, tuple) else ()
    return SEPARATOR.join(each.id for each in items if isinstance(each, Reference))


def _file_urls(cell: Cell) -> Scalar:
    items = cell if isinstance(cell, tuple) else ()
    return SEPARATOR.join(each.url for each in items if isinstance(each, FileValue))
