"""JSON: a list of pages, one object each. JSON Lines: the same objects, one per line.

Several tables become one object with their names as keys. Relations are objects {"id", "title"}.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from notion_pm.exporting.formats.cells import plain
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.table import Column, ExportContext, Row, Table


def write_all_as_json(tables: Sequence[Table], stream: TextIO, context: ExportContext) -> None:
    """Write all tables of a file."""
    write_json(tables, stream)


def write_first_as_json_lines(
    tables: Sequence[Table], stream: TextIO, context: ExportContext
) -> None:
    """Write the only table of a file."""
    write_json_lines(tables[0], stream)


def write_json(tables: Sequence[Table], stream: TextIO) -> None:
    """Write one table as a list, several as an object of lists."""
    if len(tables) == 1:
        _write_list(tables[0], stream)
        stream.write("\n")
        return
    stream.write("{")
    # Two data sources may have the same title, and JSON readers keep only the last of two equal
    # keys.
    names = unique([table.name for table in tables])
    separator = "\n"
    for name, table in zip(names, tables, strict=True):
        stream.write(f"{separator}{_dumps(name)}: ")
        _write_list(table, stream)
        separator = ",\n"
    stream.write("\n}\n")


def write_json_lines(table: Table, stream: TextIO) -> None:
    """Write one object per line."""
    for row in table.rows:
        stream.write(_dumps(_object(table.columns, row)) + "\n")


def _write_list(table: Table, stream: TextIO) -> None:
    """Write row by row, so that a large table is never in memory as one text."""
    stream.write("[")
    separator = "\n  "
    for row in table.rows:
        stream.write(separator + _dumps(_object(table.columns, row)))
        separator = ",\n  "
    stream.write("\n]")


def _object(columns: tuple[Column, ...], row: Row) -> dict[str, Any]:
    properties = {
        column.title: plain(cell) for column, cell in zip(columns, row.cells, strict=True)
    }
    data = {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "created_time": row.created_time.isoformat(),
        "last_edited_time": row.last_edited_time.isoformat(),
        "properties": properties,
    }
    if row.markdown is not None:
        data["markdown"] = row.markdown
    return data


def _dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)
