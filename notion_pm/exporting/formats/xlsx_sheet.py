"""One sheet of a workbook: header, widths, heights, and each cell as what it is.

Text is always written as a string, so that no cell becomes a formula; only http(s) addresses become links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from itertools import islice
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import text
from notion_pm.exporting.formats.flat import FlatColumn, Scalar
from notion_pm.exporting.formats.names import cut, utf16_length
from notion_pm.exporting.formats.widths import TITLE_WIDE, column_width, row_height
from notion_pm.exporting.formats.xlsx_styles import Styles, set_up_print
from notion_pm.exporting.table import Table
from notion_pm.model.number_formats import excel_format
from notion_pm.model.page import DateValue

MOST_ROWS = 1_048_576 - 1
MOST_TEXT = 32_767
MOST_LINKS = 65_530
LONGEST_LINK = 2_079
"""Excel's own limits: rows of a sheet without its header, characters of a cell, links of a sheet, their length
(https://support.microsoft.com/office/excel-specifications-and-limits)."""

_EARLIEST = date(1900, 3, 1)  # before it Excel's calendar has a day that never was
_SAMPLE = 1000
_TECHNICAL_WIDTH = 14
_MOST_LINKED_ROWS = 20_000  # a link costs XlsxWriter a kilobyte of memory until the end
_BOLD = 1.1  # how much wider bold text is


class TooManyRows(UsageError):
    """A table is longer than a sheet of Excel can be."""

    def __init__(self, title: str, rows: int) -> None:
        super().__init__(
            f"{title} has {rows:,} rows; a sheet of Excel holds {MOST_ROWS:,}.",
            "Export it as CSV: --format csv",
        )


class SheetWriter:
    """Writes a table to a sheet. `cut` counts the texts that were too long for a cell."""

    def __init__(
        self, sheet: Any, styles: Styles, columns: Sequence[FlatColumn], zone: tzinfo
    ) -> None:
        self._sheet = sheet
        self._styles = styles
        self._columns = columns
        self._zone = zone
        self._is_linked = False
        self._links = 0
        self.cut = 0

    def write(self, table: Table) -> None:
        """Write the header and all rows. The widths come from the first thousand."""
        if table.row_count > MOST_ROWS:
            raise TooManyRows(table.title, table.row_count)
        self._is_linked = table.row_count <= _MOST_LINKED_ROWS
        widths = self._widths(table)
        self._write_header(widths)
        for line, row in enumerate(table.rows, start=1):
            values = [column.of(row) for column in self._columns]
            self._sheet.set_row(
                line, row_height([*map(self._wrapped, self._columns, values)], widths)
            )
            for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
                self._write(line, place, column, value, row.url)
            self._forget_height(line - 1)
        self._sheet.autofilter(0, 0, table.row_count, len(self._columns) - 1)
        readable = sum(1 for each in self._columns if each.role in {"value", "end"})
        set_up_print(self._sheet, table.row_count, widths[:readable])

    def _forget_height(self, line: int) -> None:
        """Let go of a row that XlsxWriter has written by now: a hundred thousand of them took 25 MB."""
        for kept in ("row_info", "row_sizes"):
            vars(self._sheet).get(kept, {}).pop(line, None)

    def _widths(self, table: Table) -> list[int]:
        rows = list(islice(table.rows, _SAMPLE))
        return [
            self._width(column, [_shown(column.of(row)) for row in rows])
            for column in self._columns
        ]

    def _width(self, column: FlatColumn, texts: list[str]) -> int:
        if column.role in {"id", "url"}:
            return _TECHNICAL_WIDTH
        header = header_of(column, self._zone)
        if _is_title(column):
            return column_width(
                header, [f"{each:<{int(len(each) * _BOLD)}}" for each in texts], widest=TITLE_WIDE
            )
        return column_width(header, texts)

    def _wrapped(self, column: FlatColumn, value: Scalar) -> str:
        return value if isinstance(value, str) and column.role == "value" else ""

    def _write_header(self, widths: Sequence[int]) -> None:
        for place, (column, width) in enumerate(zip(self._columns, widths, strict=True)):
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(0, place, header_of(column, self._zone), self._styles.header)
        self._sheet.freeze_panes(1, 1 if _is_title(self._columns[0]) else 0)

    def _write(self, line: int, place: int, column: FlatColumn, value: Scalar, url: str) -> None:
        match value:
            case None | "":
                return
            case bool():
                self._sheet.write_boolean(line, place, value, self._styles.truth)
            case int() | float():
                number_format = column.source.number_format if column.source else "number"
                style = self._styles.number(excel_format(number_format, value))
                self._sheet.write_number(line, place, value, style)
            case DateValue():
                self._write_date(line, place, value)
            case _:
                self._write_text(line, place, column, value, url)

    def _write_date(self, line: int, place: int, value: DateValue) -> None:
        moment = dates.start(value)
        timed = isinstance(moment, datetime)
        local = (
            moment.astimezone(self._zone).replace(tzinfo=None)
            if isinstance(moment, datetime)
            else moment
        )
        if (local.date() if isinstance(local, datetime) else local) < _EARLIEST:
            self._sheet.write_string(line, place, dates.span(value), self._styles.plain)
            return
        self._sheet.write_datetime(
            line, place, local, self._styles.time if timed else self._styles.date
        )

    def _write_text(self, line: int, place: int, column: FlatColumn, value: str, url: str) -> None:
        style = self._style(column)
        shown = self._fitting(value)
        target = url if _is_title(column) else value if _is_address(column) else ""
        if not self._write_link(line, place, target, shown, style):
            self._sheet.write_string(line, place, shown, style)

    def _write_link(self, line: int, place: int, url: str, shown: str, style: Any) -> bool:
        fits = len(url) <= LONGEST_LINK and self._links < MOST_LINKS
        if not (self._is_linked and fits and url.startswith(("https://", "http://"))):
            return False
        self._links += 1
        return bool(self._sheet.write_url(line, place, url, style, string=shown) == 0)

    def _fitting(self, value: str) -> str:
        if utf16_length(value) <= MOST_TEXT:
            return value
        self.cut += 1
        mark = f" … [cut: {len(value):,} characters; Excel takes {MOST_TEXT:,}. The whole text is in Notion.]"
        return cut(value, MOST_TEXT - len(mark)) + mark

    def _style(self, column: FlatColumn) -> Any:
        if column.role in {"id", "url"}:
            return self._styles.technical
        if _is_address(column):
            return self._styles.link
        return self._styles.title if _is_title(column) else self._styles.text


def header_of(column: FlatColumn, zone: tzinfo) -> str:
    """Return a column's header; one with times names their zone, for Excel's times have none."""
    timed = column.source is not None and column.source.has_time and column.role in {"value", "end"}
    return f"{column.header} ({zone})" if timed else column.header


def _shown(value: Scalar) -> str:
    """About what a cell will look like."""
    match value:
        case DateValue():
            return dates.span(value)[: len("2026-03-01 10:00")]
        case float():
            return str(round(value, 2))
        case _:
            return text(value)


def _is_title(column: FlatColumn) -> bool:
    return column.source is not None and column.source.type == "title"


def _is_address(column: FlatColumn) -> bool:
    """Page URLs are none: the titles lead there, and a sheet holds only so many links."""
    return column.source is not None and column.source.type == "url"
