"""CSV files of starter rows."""

from __future__ import annotations

import csv
from io import StringIO

from notion_pm.errors import Problem
from notion_pm.model.template import Row


def read_rows(name: str, text: str) -> tuple[tuple[Row, ...], list[Problem]]:
    """Return the rows of a file with their lines, and what is wrong with the file as such."""
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        header = [column.strip() for column in next(reader, [])]
        if "key" not in header:
            advice = "Its first line names the columns: `key` and the keys of properties."
            return (), [Problem(name, 1, "there is no column `key`.", advice)]
        line = reader.line_num + 1
        for values in reader:
            if len(values) == len(header):
                rows.append(_row(header, values, line))
            elif values:
                told = f"{len(values)} cells, but the first line names {len(header)} columns."
                problems.append(
                    Problem(name, line, told, "Put cells with commas or line breaks in quotes.")
                )
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(name, reader.line_num, f"this is not CSV: {error}."))
    return tuple(rows), problems


def _row(header: list[str], values: list[str], line: int) -> Row:
    cells = dict(zip(header, (value.strip() for value in values), strict=True))
    return Row(key=cells.pop("key"), cells=cells, line=line)
