"""XLSX: a sheet per table and a data dictionary, real dates and numbers, written row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from notion_pm.exporting.formats.flat import FlatColumn, flat_columns
from notion_pm.exporting.formats.names import sheet_name, sheet_names
from notion_pm.exporting.formats.xlsx_sheet import (
    SheetWriter,
    Styles,
    header_of,
    row_height,
    set_up_print,
)
from notion_pm.exporting.table import Column, ExportContext, Table

DICTIONARY = "Data dictionary"
"""The sheet that explains each column to the person who receives the workbook."""

_DICTIONARY_COLUMNS = {
    "Sheet": 20,
    "Column": 26,
    "What it holds": 46,
    "Type in Notion": 22,
    "Values": 56,
    "Meaning": 56,
    "Template key": 20,
}
"""Headers and widths."""

_CONTENTS = {
    "title": "Name of the page",
    "rich_text": "Text",
    "number": "Number",
    "select": "One of the values",
    "status": "One of the values, in this order",
    "multi_select": "Any of the values, separated by semicolons",
    "date": "Date",
    "people": "People, separated by semicolons",
    "files": "Names of files, separated by semicolons",
    "checkbox": "TRUE or FALSE",
    "url": "Web address",
    "email": "E-mail address",
    "phone_number": "Telephone number, as text",
    "formula": "Computed by Notion from the same page",
    "rollup": "Computed by Notion from related pages",
    "unique_id": "Number that Notion gives to each page",
    "created_time": "When the page was created",
    "last_edited_time": "When the page was last edited",
    "created_by": "Who created the page",
    "last_edited_by": "Who last edited the page",
}
_CONTENTS_OF_ROLES = {
    "id": "Notion ids of the related pages, in the same order",
    "url": "Addresses of the files; those that Notion stores work for about an hour",
    "end": "End of the range; empty when there is only one date",
}

# No text becomes a formula, link or number by itself: it may come from strangers. Rows are written
# to disk one by one. A formula of Notion can be infinite, which Excel does not know.
_WORKBOOK_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


class _Sink:
    """Passes what is written to a file, until writing fails; then accepts everything and drops it.

    zipfile tries to finish an unfinished archive when it is garbage-collected. On a full disk that
    would print an error that no code can handle.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_closed = False

    def write(self, data: bytes) -> int:
        if self._is_closed:
            return len(data)
        try:
            return self._file.write(data)
        except OSError:
            self._is_closed = True
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._is_closed else self._file.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._is_closed else self._file.tell()

    def flush(self) -> None:
        if not self._is_closed:
            self._file.flush()

    def close(self) -> None:
        """Drop everything from now on."""
        self._is_closed = True


def write_xlsx(tables: Sequence[Table], path: Path, context: ExportContext) -> int:
    """Write a workbook; return the number of texts that were cut, each with a visible mark.

    Excel's times have no zone: all are shown in the zone of the context, and headers say so.

    Raises TooManyRows when a table is longer than a sheet.
    """
    with path.open("wb") as file:
        sink = _Sink(file)
        try:
            return _write_workbook(tables, sink, context)
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError inside
        finally:
            sink.close()


def _write_workbook(tables: Sequence[Table], sink: _Sink, context: ExportContext) -> int:
    with xlsxwriter.Workbook(sink, _WORKBOOK_OPTIONS) as workbook:
        title = ", ".join(table.title for table in tables)
        # XlsxWriter takes a time without a zone here, and writes it as UTC.
        created = context.now.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties({"title": title, "created": created})

        styles = Styles(workbook)
        # The name of the dictionary is taken: a database with the same title gets a number.
        names = sheet_names(DICTIONARY)
        dictionary = []
        cut_texts = 0
        for table in tables:
            name = names.free(sheet_name(table.title))
            columns = flat_columns(table)
            sheet = SheetWriter(workbook.add_worksheet(name), styles, columns, context.zone)
            sheet.write(table)
            cut_texts += sheet.cut_texts
            for column in columns:
                header = header_of(column, context.zone)
                dictionary.append((name, header, *_describe(column, str(context.zone))))
        _write_dictionary(workbook, styles, dictionary)
        return cut_texts


def _write_dictionary(
    workbook: xlsxwriter.Workbook, styles: Styles, rows: Sequence[tuple[str, ...]]
) -> None:
    sheet = workbook.add_worksheet(DICTIONARY)
    sheet.freeze_panes(1, 0)
    for column, (header, width) in enumerate(_DICTIONARY_COLUMNS.items()):
        sheet.write_string(0, column, header, styles.header)
        sheet.set_column(column, column, width)
    widths = list(_DICTIONARY_COLUMNS.values())
    for line, texts in enumerate(rows, start=1):
        sheet.set_row(line, row_height(texts, widths))
        for column, text in enumerate(texts):
            sheet.write_string(line, column, text, styles.text)
    sheet.autofilter(0, 0, len(rows), len(widths) - 1)
    set_up_print(sheet, len(rows), widths)


def _describe(column: FlatColumn, time_zone: str) -> tuple[str, ...]:
    """Return what the dictionary says about a column, from "What it holds" on."""
    source = column.source
    if source is None:
        is_id = column.role == "id"
        contents = "Notion's id of the page" if is_id else "Address of the page in Notion"
        return contents, "", "", "", ""
    contents = _CONTENTS_OF_ROLES.get(column.role) or _contents_of(source)
    if source.has_time and column.role in {"value", "end"}:
        contents += f"; times are in {time_zone}"
    values = ", ".join(source.options)
    return contents, _type_of(source), values, source.description, source.key or ""


def _contents_of(column: Column) -> str:
    if column.type == "relation":
        return f"Pages of {column.target or 'a related database'}, separated by semicolons"
    return _CONTENTS.get(column.type, "As Notion gives it")


def _type_of(column: Column) -> str:
    type = column.type.replace("_", " ")
    if column.number_format == "number":
        return type
    return f"{type} ({column.number_format.replace('_', ' ')})"
