"""One sheet of a workbook: styles, header, widths, heights, and each cell with its real type.

Text is always written as a string, so that no cell becomes a formula; only http(s) addresses become
links.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from itertools import islice
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.exporting.formats.cells import date_range, start_of, text
from notion_pm.exporting.formats.flat import FlatColumn, Scalar
from notion_pm.exporting.formats.names import cut, utf16_length
from notion_pm.exporting.table import Table
from notion_pm.model.number_formats import excel_format
from notion_pm.model.page import DateValue

MOST_ROWS = 1_048_576 - 1
MOST_TEXT = 32_767
MOST_LINKS = 65_530
LONGEST_LINK = 2_079
"""Excel's own limits: rows of a sheet without its header, characters of a cell, links of a sheet
and their length (https://support.microsoft.com/office/excel-specifications-and-limits)."""

_EARLIEST = date(1900, 3, 1)
"""Excel's calendar has a 29 February 1900, which did not exist: earlier dates would be wrong."""
_MOST_LINKED_ROWS = 20_000
"""A link costs XlsxWriter a kilobyte of memory until the end."""

NARROW, WIDE, TITLE_WIDE = 10, 48, 64
"""Widths of columns, in characters."""
_SAMPLE = 1000
"""Rows that decide the widths."""
_TECHNICAL_WIDTH = 14
_BOLD = 1.1
"""How much wider bold text is."""
_FILTER_BUTTON = 4  # with the indent
_MOST_LINES = 4
LINE_HEIGHT = 15.0
"""Points: Excel's default row with its default font."""

_A4 = 9  # Excel's number for it
_READABLE_ON_A_PAGE = 300  # characters side by side, at half the size


class TooManyRows(UsageError):
    """A table is longer than a sheet of Excel can be."""

    def __init__(self, title: str, rows: int) -> None:
        super().__init__(
            f"{title} has {rows:,} rows; a sheet of Excel has at most {MOST_ROWS:,}.",
            "Export it as CSV: --format csv",
        )


# --- widths and heights


def display_width(text: str) -> int:
    """Return the width of a text: wide characters of East Asia, and emoji, count as two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def column_width(header: str, texts: Sequence[str], *, widest: int = WIDE) -> int:
    """Return a width for the header and nine of ten texts on one line, within reason."""
    lengths = sorted(_longest_line(text) for text in texts if text)
    typical = lengths[int(len(lengths) * 0.9)] if lengths else 0
    return min(max(typical + 3, display_width(header) + _FILTER_BUTTON, NARROW), widest)


def row_height(texts: Sequence[str], widths: Sequence[int]) -> float:
    """Return the height for wrapped texts, up to four lines: people skim a table."""
    lines = 1
    for content, width in zip(texts, widths, strict=True):
        lines = max(lines, _wrapped_lines(content, width))
    return LINE_HEIGHT * min(lines, _MOST_LINES)


def _longest_line(text: str) -> int:
    return max(display_width(line) for line in text.splitlines() or [""])


def _wrapped_lines(text: str, width: int) -> int:
    lines = 0
    for line in text.splitlines() or [""]:
        lines += max(1, math.ceil(display_width(line) * 1.1 / width))
    return lines


# --- styles


class Styles:
    """The few formats of a workbook."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._numbers: dict[str, Any] = {}
        top = {"valign": "top", "align": "left", "indent": 1}
        wrapped = {**top, "text_wrap": True}
        self.header = workbook.add_format({**top, "bold": True, "bg_color": "#E9E8E4", "bottom": 1})
        self.text = workbook.add_format(wrapped)
        self.title = workbook.add_format({**wrapped, "bold": True, "font_color": "#1F4E79"})
        self.technical = workbook.add_format({**top, "font_color": "#8A8A8A"})
        self.link = workbook.add_format({**top, "font_color": "#0563C1", "underline": 1})
        self.plain = workbook.add_format(top)
        self.date = workbook.add_format({**top, "num_format": "yyyy-mm-dd"})
        self.time = workbook.add_format({**top, "num_format": "yyyy-mm-dd hh:mm"})
        # LibreOffice would show 1 and 0.
        self.boolean = workbook.add_format({**top, "num_format": '"TRUE";"TRUE";"FALSE"'})

    def number(self, number_format: str) -> Any:
        """Return the style of a number format in Excel's notation."""
        if number_format not in self._numbers:
            self._numbers[number_format] = self._workbook.add_format(
                {"valign": "top", "num_format": number_format}
            )
        return self._numbers[number_format]


def set_up_print(sheet: Any, rows: int, widths: Sequence[int]) -> None:
    """Let columns of these widths print on as few pages side by side as stay readable."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(math.ceil(sum(widths) / _READABLE_ON_A_PAGE) or 1, 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    if widths:
        sheet.print_area(0, 0, rows, len(widths) - 1)


# --- cells


class SheetWriter:
    """Writes a table to a sheet. `cut_texts`: the texts that were too long for a cell."""

    def __init__(
        self, sheet: Any, styles: Styles, columns: Sequence[FlatColumn], zone: tzinfo
    ) -> None:
        self._sheet = sheet
        self._styles = styles
        self._columns = columns
        self._zone = zone
        self._has_links = False
        self._link_count = 0
        self.cut_texts = 0

    def write(self, table: Table) -> None:
        """Write the header and all rows. The first thousand rows decide the widths."""
        if table.row_count > MOST_ROWS:
            raise TooManyRows(table.title, table.row_count)
        self._has_links = table.row_count <= _MOST_LINKED_ROWS
        widths = self._widths(table)
        self._write_header(widths)
        for line, row in enumerate(table.rows, start=1):
            values = [column.value_of(row) for column in self._columns]
            wrapped = [
                _wrapped(column, value) for column, value in zip(self._columns, values, strict=True)
            ]
            self._sheet.set_row(line, row_height(wrapped, widths))
            for position, value in enumerate(values):
                self._write_cell(line, position, value, row.url)
            self._forget_height(line - 1)
        self._sheet.autofilter(0, 0, table.row_count, len(self._columns) - 1)
        printed = sum(1 for column in self._columns if column.role in {"value", "end"})
        set_up_print(self._sheet, table.row_count, widths[:printed])

    def _forget_height(self, line: int) -> None:
        """Drop what XlsxWriter remembers about a finished row: 25 MB for a hundred thousand."""
        for attribute in ("row_info", "row_sizes"):
            vars(self._sheet).get(attribute, {}).pop(line, None)

    def _widths(self, table: Table) -> list[int]:
        sample = list(islice(table.rows, _SAMPLE))
        widths = []
        for column in self._columns:
            texts = [_approximate_text(column.value_of(row)) for row in sample]
            widths.append(self._width(column, texts))
        return widths

    def _width(self, column: FlatColumn, texts: list[str]) -> int:
        if column.role in {"id", "url"}:
            return _TECHNICAL_WIDTH
        header = header_of(column, self._zone)
        if _is_title(column):
            bold = [text.ljust(int(len(text) * _BOLD)) for text in texts]
            return column_width(header, bold, widest=TITLE_WIDE)
        return column_width(header, texts)

    def _write_header(self, widths: Sequence[int]) -> None:
        for position, (column, width) in enumerate(zip(self._columns, widths, strict=True)):
            header = header_of(column, self._zone)
            self._sheet.set_column(position, position, width)
            self._sheet.write_string(0, position, header, self._styles.header)
        frozen_columns = 1 if _is_title(self._columns[0]) else 0
        self._sheet.freeze_panes(1, frozen_columns)

    def _write_cell(self, line: int, position: int, value: Scalar, page_url: str) -> None:
        column = self._columns[position]
        match value:
            case None | "":
                return
            case bool():
                self._sheet.write_boolean(line, position, value, self._styles.boolean)
            case int() | float():
                number_format = column.source.number_format if column.source else "number"
                style = self._styles.number(excel_format(number_format, value))
                self._sheet.write_number(line, position, value, style)
            case DateValue():
                self._write_date(line, position, value)
            case _:
                self._write_text(line, position, value, page_url)

    def _write_date(self, line: int, position: int, value: DateValue) -> None:
        moment = start_of(value)
        style = self._styles.date
        day = moment
        if isinstance(moment, datetime):
            # Excel's times have no zone: they are those of the export, and the header says so.
            moment = moment.astimezone(self._zone).replace(tzinfo=None)
            style = self._styles.time
            day = moment.date()
        if day < _EARLIEST:  # as text, so that it is not wrong
            self._sheet.write_string(line, position, date_range(value), self._styles.plain)
        else:
            self._sheet.write_datetime(line, position, moment, style)

    def _write_text(self, line: int, position: int, value: str, page_url: str) -> None:
        column = self._columns[position]
        style = self._text_style(column)
        shown = self._cut(value)
        # The column of page URLs has no links: titles link to the pages, and a sheet has a limit.
        url = ""
        if _is_title(column):
            url = page_url
        elif _is_address(column):
            url = value
        if url and self._can_link(url):
            self._link_count += 1
            # XlsxWriter returns another number for an address that it does not accept.
            if self._sheet.write_url(line, position, url, style, string=shown) == 0:
                return
        self._sheet.write_string(line, position, shown, style)

    def _can_link(self, url: str) -> bool:
        is_web_address = url.startswith(("https://", "http://"))
        fits = len(url) <= LONGEST_LINK and self._link_count < MOST_LINKS
        return self._has_links and is_web_address and fits

    def _cut(self, value: str) -> str:
        if utf16_length(value) <= MOST_TEXT:
            return value
        self.cut_texts += 1
        mark = (
            f" … [cut: {len(value):,} characters; Excel takes {MOST_TEXT:,}. The whole text is in "
            "Notion.]"
        )
        return cut(value, MOST_TEXT - len(mark)) + mark

    def _text_style(self, column: FlatColumn) -> Any:
        if column.role in {"id", "url"}:
            return self._styles.technical
        if _is_address(column):
            return self._styles.link
        return self._styles.title if _is_title(column) else self._styles.text


def header_of(column: FlatColumn, zone: tzinfo) -> str:
    """Return a column's header; with times it names their zone, because Excel's times have none."""
    has_times = column.source is not None and column.source.has_time
    if has_times and column.role in {"value", "end"}:
        return f"{column.header} ({zone})"
    return column.header


def _wrapped(column: FlatColumn, value: Scalar) -> str:
    """Return the text that wraps in its cell, "" for a cell that stays on one line."""
    return value if isinstance(value, str) and column.role == "value" else ""


def _approximate_text(value: Scalar) -> str:
    """Return about what a cell will look like."""
    match value:
        case DateValue():
            return date_range(value)[: len("2026-03-01 10:00")]
        case float():
            return str(round(value, 2))
        case _:
            return text(value)


def _is_title(column: FlatColumn) -> bool:
    return column.source is not None and column.source.type == "title"


def _is_address(column: FlatColumn) -> bool:
    return column.source is not None and column.source.type == "url"
