"""Workbooks of Excel and LibreOffice (.xlsx, .xls, .ods) as rows of text."""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import Any

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.files.table import TableRow
from notion_pm.text import suggest

MOST_ROWS = 500_000


def read_sheet(path: str, data: bytes, wanted: str | None) -> tuple[list[TableRow], str]:
    """Return the rows of a sheet, and a note on the others: of the named sheet, else of the first with rows.

    Raises UsageError where there is no such sheet, FileUnusable where it is no workbook.
    """
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
    )  # takes time to load, and few files are workbooks

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        names: list[str] = list(workbook.sheet_names)
        if wanted is not None and wanted not in names:
            advice = suggest(wanted, names) or f"It has {', '.join(map(repr, names))}."
            raise UsageError(f"{path} has no sheet {wanted!r}.", advice)
        chosen, rows = wanted or names[0], []
        for name in [wanted] if wanted else names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if sum(any(cell != "" for cell in row) for row in rows) > 1:
                chosen = name
                break
    except CalamineError as error:
        raise FileUnusable(
            path, f"it is no workbook ({error})", "Save it again as .xlsx, or as CSV."
        ) from None
    if len(rows) > MOST_ROWS:
        raise FileUnusable(path, f"the sheet has more than {MOST_ROWS:,} rows", "Split it.")
    others = [name for name in names if name != chosen]
    note = ""
    if others:
        note = f"Only the sheet {chosen!r} was read, not {', '.join(map(repr, others))}: name another with --sheet."
    return [TableRow(line, tuple(map(_text, row))) for line, row in enumerate(rows, start=1)], note


def _text(cell: Any) -> str:
    """Return a cell as CSV would hold it: whole numbers without a point, days and times in ISO form."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime.datetime() | datetime.date():
            return cell.isoformat()
        case _:
            return str(cell)
