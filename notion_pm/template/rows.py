"""Starter rows: are they fit to be written?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.model.cells import CellInvalid, RowKeys, parse_cell
from notion_pm.model.property_lookup import property_keys
from notion_pm.model.template import Row, Template
from notion_pm.text import suggest

Rows = Mapping[str, Sequence[Row]]
Keys = Mapping[str, Mapping[str, None]]
"""The keys of the rows of each database, in order."""

_MOST_RELATED = 100


@dataclass(frozen=True, slots=True)
class RowFault:
    """Something wrong in the file of a database's starter rows."""

    database: str
    line: int
    message: str
    advice: str = ""


def check_rows(template: Template, rows: Rows) -> list[RowFault]:
    """Return everything in the starter rows that does not fit the template."""
    keys = {database: dict.fromkeys(each.key for each in given) for database, given in rows.items()}
    faults = [
        fault
        for database in rows
        for fault in _check_database(template, rows[database], keys, database)
    ]
    return [*faults, *_filled_in_twice(template, rows)]


def _filled_in_twice(template: Template, rows: Rows) -> Iterator[RowFault]:
    """Find two-way relations of which both sides are filled in: writing one side would undo the other."""
    for database in rows:
        for key, (near, relation, _) in template.far_sides(database).items():
            far_row = next((each for each in rows[database] if each.cells.get(key)), None)
            if far_row is not None and any(each.cells.get(relation) for each in rows.get(near, ())):
                message = f"`{key}`: its other side, `{relation}` of {near}, is filled in too."
                yield RowFault(
                    database, far_row.line, message, "Fill in one side; Notion writes the other."
                )


def _check_database(
    template: Template, rows: Sequence[Row], keys: Keys, database: str
) -> Iterator[RowFault]:
    known = property_keys(template, database)
    columns = {column for row in rows for column in row.cells}
    for column in sorted(columns - set(known)):
        yield RowFault(database, 1, f"unknown column `{column}`.", suggest(column, known))
    first: dict[str, int] = {}
    for row in rows:
        if row.key in first:
            yield RowFault(
                database, row.line, f"the key `{row.key}` is taken by line {first[row.key]}."
            )
        first.setdefault(row.key, row.line)
        yield from _check_row(template, keys, database, row)


def _check_row(template: Template, keys: Keys, database: str, row: Row) -> Iterator[RowFault]:
    title = template.databases[database].title_key
    if not row.key:
        yield RowFault(
            database, row.line, "`key` is empty.", "Give the row a key that never changes."
        )
    if not row.cells.get(title):
        yield RowFault(database, row.line, f"`{title}` is empty: the row has no title.")
    known = property_keys(template, database)
    for column, text in row.cells.items():
        if text and column in known:
            yield from _check_cell(template, keys, database, row, column)


def _check_cell(
    template: Template, keys: Keys, database: str, row: Row, column: str
) -> Iterator[RowFault]:
    try:
        cell = parse_cell(template, database, column, row.cells[column])
    except CellInvalid as error:
        advice = error.advice or suggest(row.cells[column], error.choices)
        yield RowFault(database, row.line, f"`{column}`: {error}.", advice)
        return
    if not isinstance(cell, RowKeys):
        return
    if len(cell.keys) > _MOST_RELATED:
        message = (
            f"`{column}`: {len(cell.keys)} related rows; Notion takes {_MOST_RELATED} at once."
        )
        yield RowFault(database, row.line, message, "Relate them from the other side.")
    known = keys.get(cell.database, {})
    for key in cell.keys:
        if key not in known:
            yield RowFault(
                database,
                row.line,
                f"`{column}`: {cell.database} has no row `{key}`.",
                suggest(key, known),
            )
