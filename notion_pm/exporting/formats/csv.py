"""CSV: UTF-8, RFC 4180 quoting, a header, one line per page.

Cells cannot start a formula in a spreadsheet.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from notion_pm.exporting.formats.cells import date_range
from notion_pm.exporting.formats.flat import Scalar, flat_columns
from notion_pm.exporting.table import ExportContext, Table
from notion_pm.model.page import DateValue
from notion_pm.model.spreadsheet import escape_formula


def write_first_as_csv(tables: Sequence[Table], stream: TextIO, context: ExportContext) -> None:
    """Write the only table of a file."""
    write_csv(tables[0], stream)


def write_csv(table: Table, stream: TextIO) -> None:
    """Write a table, row by row."""
    columns = flat_columns(table)
    writer = csv.writer(stream)  # its CRLF makes it quote a single carriage return
    writer.writerow([escape_formula(column.header) for column in columns])
    for row in table.rows:
        writer.writerow([_field(column.value_of(row)) for column in columns])


def _field(value: Scalar) -> str | int | float | None:
    match value:
        case str():
            return escape_formula(value)
        case bool():
            return "true" if value else "false"
        case DateValue():
            return date_range(value)
        case _:
            return value
