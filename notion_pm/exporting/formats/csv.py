"""CSV: UTF-8, RFC 4180 quoting, a header, one line per page. Cells cannot start a formula in a spreadsheet."""

from __future__ import annotations

import csv
from typing import TextIO

from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.flat import Scalar, flat_columns
from notion_pm.exporting.table import Table
from notion_pm.model.page import DateValue
from notion_pm.model.spreadsheet import escape_formula


def write_csv(table: Table, stream: TextIO) -> None:
    """Write a table, row by row."""
    columns = flat_columns(table)
    writer = csv.writer(stream)  # its CRLF is what makes it quote a lone carriage return
    writer.writerow([escape_formula(each.header) for each in columns])
    writer.writerows([_field(each.of(row)) for each in columns] for row in table.rows)


def _field(value: Scalar) -> str | int | float | None:
    match value:
        case str():
            return escape_formula(value)
        case bool():
            return "true" if value else "false"
        case DateValue():
            return dates.span(value)
        case _:
            return value
