"""XLSX: a sheet per table and a data dictionary, real dates and numbers, written row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from notion_pm.exporting.formats import dictionary
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.formats.flat import flat_columns
from notion_pm.exporting.formats.names import sheet_name, sheet_names
from notion_pm.exporting.formats.sink import Sink
from notion_pm.exporting.formats.widths import row_height
from notion_pm.exporting.formats.xlsx_sheet import SheetWriter, header_of
from notion_pm.exporting.formats.xlsx_styles import Styles, set_up_print
from notion_pm.exporting.table import Table

DICTIONARY = "Data dictionary"
_DICTIONARY_WIDTHS = (20, 26, 46, 22, 56, 56, 20)
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


def write_xlsx(tables: Sequence[Table], path: Path, surroundings: Surroundings) -> int:
    """Write a workbook and return how many cells hold more text than Excel takes, and were cut with a visible mark.

    Excel's times know no zone: all are shown in that of the surroundings, and headers say so.

    Raises TooManyRows when a table is longer than a sheet.
    """
    with path.open("wb") as file:
        sink = Sink(file)
        try:
            return _write(tables, sink, surroundings)
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that it was
        finally:
            sink.give_up()


def _write(tables: Sequence[Table], sink: Sink, surroundings: Surroundings) -> int:
    now, zone = surroundings.now, surroundings.zone
    with xlsxwriter.Workbook(sink, _OPTIONS) as workbook:
        created = now.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties(
            {"title": ", ".join(each.title for each in tables), "created": created}
        )
        styles = Styles(workbook)
        names = sheet_names(DICTIONARY)
        described: list[tuple[str, ...]] = []
        cut = 0
        for table in tables:
            name = names.free(sheet_name(table.title))
            columns = flat_columns(table)
            sheet = SheetWriter(workbook.add_worksheet(name), styles, columns, zone)
            sheet.write(table)
            cut += sheet.cut
            described += [
                dictionary.entry(name, header_of(each, zone), each, str(zone)) for each in columns
            ]
        _write_dictionary(workbook, styles, described)
        return cut


def _write_dictionary(
    workbook: xlsxwriter.Workbook, styles: Styles, described: Sequence[tuple[str, ...]]
) -> None:
    sheet = workbook.add_worksheet(DICTIONARY)
    sheet.freeze_panes(1, 0)
    for place, (header, width) in enumerate(
        zip(dictionary.HEADERS, _DICTIONARY_WIDTHS, strict=True)
    ):
        sheet.write_string(0, place, header, styles.header)
        sheet.set_column(place, place, width)
    for line, texts in enumerate(described, start=1):
        sheet.set_row(line, row_height(texts, _DICTIONARY_WIDTHS))
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text, styles.text)
    sheet.autofilter(0, 0, len(described), len(dictionary.HEADERS) - 1)
    set_up_print(sheet, len(described), _DICTIONARY_WIDTHS)
