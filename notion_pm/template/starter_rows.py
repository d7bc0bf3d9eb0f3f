"""Starter rows: read them from CSV files, and check them against the template."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from notion_pm.errors import TemplateProblem
from notion_pm.model.cells import CellInvalid, RowKeys, parse_cell
from notion_pm.model.property_lookup import property_keys
from notion_pm.model.template import Row, Template
from notion_pm.text import suggest

Rows = Mapping[str, Sequence[Row]]
RowKeysByDatabase = Mapping[str, Mapping[str, None]]

# Related pages in one request (notion-api.md 4.2).
_MOST_RELATED = 100


def read_rows(database: str, text: str) -> tuple[tuple[Row, ...], list[TemplateProblem]]:
    """Return the rows of a CSV file with their lines, and the problems of the file itself."""
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[Row] = []
    problems: list[TemplateProblem] = []
    try:
        header = [column.strip() for column in next(reader, [])]
        if "key" not in header:
            advice = "The first line names the columns: `key` and the keys of properties."
            return (), [_problem(database, 1, "there is no column `key`.", advice)]
        # A row may have several lines, because cells may have line breaks. Its line is the first.
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(header):
                rows.append(_row(header, cells, line))
            elif cells:
                message = f"{len(cells)} cells, but the first line has {len(header)} columns."
                advice = "Put cells with commas or line breaks in quotes."
                problems.append(_problem(database, line, message, advice))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(_problem(database, reader.line_num, f"this is not CSV: {error}."))
    return tuple(rows), problems


def _row(header: list[str], cells: list[str], line: int) -> Row:
    by_column = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    return Row(key=by_column.pop("key"), cells=by_column, line=line)


def _problem(database: str, line: int, message: str, advice: str = "") -> TemplateProblem:
    return TemplateProblem(("databases", database, "rows"), message, advice, line=line)


def check_rows(template: Template, rows: Rows) -> list[TemplateProblem]:
    """Return the problems of starter rows: what does not fit the template."""
    keys = {}
    for database in rows:
        keys[database] = dict.fromkeys(row.key for row in rows[database])
    problems: list[TemplateProblem] = []
    for database in rows:
        problems += _check_database(template, rows[database], keys, database)
    return problems + list(_check_both_sides(template, rows))


def _check_both_sides(template: Template, rows: Rows) -> Iterator[TemplateProblem]:
    """Find two-way relations with both sides filled in: writing one side would undo the other."""
    for database in rows:
        for key, (near_database, relation, _) in template.far_sides(database).items():
            far_row = next((row for row in rows[database] if row.cells.get(key)), None)
            near_rows = rows.get(near_database, ())
            is_near_filled = any(row.cells.get(relation) for row in near_rows)
            if far_row is not None and is_near_filled:
                message = (
                    f"`{key}`: its other side, `{relation}` of {near_database}, has values too."
                )
                advice = "Fill in one side; Notion fills in the other."
                yield _problem(database, far_row.line, message, advice)


def _check_database(
    template: Template, rows: Sequence[Row], keys: RowKeysByDatabase, database: str
) -> Iterator[TemplateProblem]:
    known = property_keys(template, database)
    columns: set[str] = set()
    for row in rows:
        columns.update(row.cells)
    for column in sorted(columns - set(known)):
        yield _problem(database, 1, f"unknown column `{column}`.", suggest(column, known))

    first_lines: dict[str, int] = {}
    for row in rows:
        if row.key in first_lines:
            message = f"the key `{row.key}` is already used in line {first_lines[row.key]}."
            yield _problem(database, row.line, message)
        first_lines.setdefault(row.key, row.line)
        yield from _check_row(template, keys, database, row)


def _check_row(
    template: Template, keys: RowKeysByDatabase, database: str, row: Row
) -> Iterator[TemplateProblem]:
    if not row.key:
        advice = "Give the row a key that never changes."
        yield _problem(database, row.line, "`key` is empty.", advice)
    title = template.databases[database].title_key
    if not row.cells.get(title):
        yield _problem(database, row.line, f"`{title}` is empty: the row has no title.")
    known = property_keys(template, database)
    for column, text in row.cells.items():
        if text and column in known:
            yield from _check_cell(template, keys, database, row, column)


def _check_cell(
    template: Template, keys: RowKeysByDatabase, database: str, row: Row, column: str
) -> Iterator[TemplateProblem]:
    try:
        cell = parse_cell(template, database, column, row.cells[column])
    except CellInvalid as error:
        advice = error.advice or suggest(row.cells[column], error.choices)
        yield _problem(database, row.line, f"`{column}`: {error}.", advice)
        return
    if not isinstance(cell, RowKeys):
        return
    if len(cell.keys) > _MOST_RELATED:
        message = (
            f"`{column}`: {len(cell.keys)} related rows; Notion takes {_MOST_RELATED} at once."
        )
        yield _problem(database, row.line, message, "Relate them from the other side.")
    known = keys.get(cell.database, {})
    for key in cell.keys:
        if key not in known:
            message = f"`{column}`: {cell.database} has no row `{key}`."
            yield _problem(database, row.line, message, suggest(key, known))
