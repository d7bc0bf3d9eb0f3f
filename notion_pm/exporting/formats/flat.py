"""Tables without structure inside a cell, for CSV and XLSX.

The columns for people come first, ids and page URLs last. A relation becomes two columns,
`Insights` and `Insights (id)`; files become names and URLs. A date with a range somewhere in the
table gets a column `Target (end)` beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from notion_pm.exporting.formats.cells import SEPARATOR, end_of, text
from notion_pm.exporting.table import Cell, Column, Row, Table, files_of, references_of
from notion_pm.model.page import DateValue

Scalar = None | bool | int | float | str | DateValue
"""A date here has no end: the end is in a column of its own."""

Role = Literal["value", "end", "id", "url"]


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column of scalars. `source` is None for the page's own id and URL."""

    header: str
    role: Role
    source: Column | None
    value_of: Callable[[Row], Scalar]


def flat_columns(table: Table) -> tuple[FlatColumn, ...]:
    """Return the columns of scalars for a table, with unique headers."""
    columns = [*_columns_for_people(table), *_technical_columns(table)]
    headers = unique([column.header for column in columns])
    return tuple(
        replace(column, header=header) for header, column in zip(headers, columns, strict=True)
    )


def unique(names: list[str]) -> list[str]:
    """Return the names, repeated ones numbered: `Status`, `Status 2`.

    A number never makes a name that another one has already: `a, a, a 2` -> `a, a 3, a 2`.
    """
    given = set(names)
    used: set[str] = set()
    numbered = []
    for name in names:
        candidate, number = name, 1
        while candidate in used or (number > 1 and candidate in given):
            number += 1
            candidate = f"{name} {number}"
        used.add(candidate)
        numbered.append(candidate)
    return numbered


def _columns_for_people(table: Table) -> Iterator[FlatColumn]:
    for position, column in enumerate(table.columns):
        yield FlatColumn(column.title, "value", column, _reader(position, _value))
        if column.has_end:
            yield FlatColumn(f"{column.title} (end)", "end", column, _reader(position, end_of))


def _technical_columns(table: Table) -> Iterator[FlatColumn]:
    # After the columns for people: these are for programs that join tables or open a page.
    yield FlatColumn("Page id", "id", None, lambda row: row.id)
    yield FlatColumn("Page URL", "url", None, lambda row: row.url)
    for position, column in enumerate(table.columns):
        if column.type == "relation":
            yield FlatColumn(f"{column.title} (id)", "id", column, _reader(position, _page_ids))
        if column.type == "files":
            yield FlatColumn(f"{column.title} (url)", "url", column, _reader(position, _file_urls))


def _reader(position: int, read: Callable[[Cell], Scalar]) -> Callable[[Row], Scalar]:
    return lambda row: read(row.cells[position])


def _value(cell: Cell) -> Scalar:
    match cell:
        case None | str() | bool() | int() | float():
            return cell
        case DateValue():
            return replace(cell, end=None)
        case _:
            return text(cell)


def _page_ids(cell: Cell) -> Scalar:
    return SEPARATOR.join(page.id for page in references_of(cell))


def _file_urls(cell: Cell) -> Scalar:
    return SEPARATOR.join(file.url for file in files_of(cell))
