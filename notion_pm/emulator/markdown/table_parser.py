"""Tables of Notion-flavoured Markdown: ``<table>`` and, as people write them, with pipes."""

from __future__ import annotations

import re

from notion_pm.emulator.markdown.inline_parser import parse_inline, parse_inline_until
from notion_pm.notion_markdown.syntax import ATTRIBUTES, Json

_ROW = re.compile(rf"<tr{ATTRIBUTES}\s*>")
_CELL_OR_END = re.compile(rf"<t([dh]){ATTRIBUTES}\s*>|</tr>")
_CELL = re.compile(r"(?:\\.|`[^`]*`|[^\\|])*")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+$")


def parse_table(text: str, values: dict[str, str]) -> Json | None:
    """Return the block of a table, from the text between ``<table>`` and ``</table>``."""
    rows = [_cells(text, row.end()) for row in _ROW.finditer(text)]
    return _table(
        rows,
        header_row=values.get("header-row") == "true",
        header_column=values.get("header-column") == "true",
    )


def _cells(text: str, at: int) -> list[list[Json]]:
    cells: list[list[Json]] = []
    tag = _CELL_OR_END.search(text, at)
    while tag and tag[1]:  # a cell, not the end of the row
        items, at = parse_inline_until(text, tag.end(), f"</t{tag[1]}>")
        cells.append(items)
        tag = _CELL_OR_END.search(text, at)
    return cells


def parse_pipe_table(lines: list[str]) -> Json | None:
    """Return the table block of lines with pipes; None when there is no rule under the header."""
    if len(lines) < 2 or not _RULE.match(lines[1]):
        return None
    rows = [_pipe_cells(line) for line in [lines[0], *lines[2:]]]
    return _table(rows, header_row=True, header_column=False)


def _pipe_cells(line: str) -> list[list[Json]]:
    cells: list[list[Json]] = []
    at = 1
    while at < len(line):
        found = _CELL.match(line, at)
        assert found
        cells.append(parse_inline(found[0].strip()))
        at = found.end() + 1
    return cells


def _table(rows: list[list[list[Json]]], *, header_row: bool, header_column: bool) -> Json | None:
    width = max(map(len, rows), default=0)
    if not width:
        return None
    # Short rows are filled up: all rows of a table block have `table_width` cells.
    content = {
        "table_width": width,
        "has_column_header": header_row,
        "has_row_header": header_column,
        "children": [_row(cells + [[]] * (width - len(cells))) for cells in rows],
    }
    return {"object": "block", "type": "table", "table": content}


def _row(cells: list[list[Json]]) -> Json:
    return {"object": "block", "type": "table_row", "table_row": {"cells": cells}}
