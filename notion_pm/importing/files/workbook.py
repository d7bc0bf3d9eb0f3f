"""Workbooks of Excel and LibreOffice (.xlsx, .xls, .ods) as rows of text."""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.files.table import TableRow
from notion_pm.text import suggest

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_EXACT_BELOW = 1e15
"""Excel keeps 15 digits of a number; larger ones stay in scientific form."""
MOST_ROWS = 500_000
"""A sheet of Excel can have 1,048,576 rows, but all of them are held in memory."""


def read_sheet(path: str, data: bytes, wanted: str | None) -> tuple[list[TableRow], str]:
    """Return the rows of one sheet, and a note that names the other sheets.

    The sheet is the one named `wanted`, else the first with at least two rows.

    Raises UsageError when there is no sheet of that name, FileUnusable when the file is not a
    workbook or has too many rows.
    """
    # Imported here because it takes time to load, and few files are workbooks.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        names: list[str] = list(workbook.sheet_names)
        if wanted is not None and wanted not in names:
            advice = suggest(wanted, names) or f"It has {', '.join(map(repr, names))}."
            raise UsageError(f"{path} has no sheet {wanted!r}.", advice)
        chosen, rows = _choose_sheet(workbook, names, wanted)
    except CalamineError as error:
        problem = f"it is not a workbook ({error})"
        raise FileUnusable(path, problem, "Save it again as .xlsx, or as CSV.") from None
    if len(rows) > MOST_ROWS:
        problem = f"the sheet has more than {MOST_ROWS:,} rows"
        raise FileUnusable(path, problem, "Split it.")

    others = [repr(name) for name in names if name != chosen]
    note = ""
    if others:
        note = (
            f"Only the sheet {chosen!r} was read, not {', '.join(others)}: "
            "name another with --sheet."
        )
    return [TableRow(line, tuple(map(_text, row))) for line, row in enumerate(rows, start=1)], note


def _choose_sheet(
    workbook: CalamineWorkbook, names: list[str], wanted: str | None
) -> tuple[str, list[list[Any]]]:
    """Return the name and rows of the wanted sheet, else of the first that holds a table."""
    if wanted is not None:
        return wanted, _sheet_rows(workbook, wanted)
    rows: list[list[Any]] = []
    for name in names:
        rows = _sheet_rows(workbook, name)
        filled = [row for row in rows if any(cell != "" for cell in row)]
        # Workbooks often begin with a cover sheet that holds a single line.
        if len(filled) > 1:
            return name, rows
    return names[0], rows


def _sheet_rows(workbook: CalamineWorkbook, name: str) -> list[list[Any]]:
    # Empty rows above the table stay, so that line numbers are those of the sheet.
    return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _text(cell: Any) -> str:
    """Return a cell as CSV would hold it.

    Whole numbers have no decimal point (workbooks hold 3 as 3.0); dates and times are in ISO form.
    """
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < _EXACT_BELOW:
            return str(int(cell))
        case datetime.datetime() | datetime.date():
            return cell.isoformat()
        case _:
            return str(cell)
