"""JSON: a list of pages, one object each. JSON Lines: the same objects, one a line, for pipes and big tables.

Several tables make one object, their names its keys. Relations are objects {"id", "title"}.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from notion_pm.exporting.formats.cells import plain
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.table import Column, Row, Table


def write_json(tables: Sequence[Table], stream: TextIO) -> None:
    """Write one table as a list, several as an object of lists."""
    if len(tables) == 1:
        _write_list(tables[0], stream)
        stream.write("\n")
        return
    stream.write("{")
    names = unique([each.name for each in tables])
    for place, (name, table) in enumerate(zip(names, tables, strict=True)):
        stream.write(f"{',' if place else ''}\n{_dumps(name)}: ")
        _write_list(table, stream)
    stream.write("\n}\n")


def write_json_lines(table: Table, stream: TextIO) -> None:
    """Write an object a line."""
    for each in objects(table):
        stream.write(_dumps(each) + "\n")


def objects(table: Table) -> Iterable[dict[str, Any]]:
    """Yield each row as JSON data."""
    return (_object(table.columns, row) for row in table.rows)


def _object(columns: tuple[Column, ...], row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "created_time": row.created_time.isoformat(),
        "last_edited_time": row.last_edited_time.isoformat(),
        "properties": {
            column.title: plain(cell) for column, cell in zip(columns, row.cells, strict=True)
        },
        **({} if row.markdown is None else {"markdown": row.markdown}),
    }


def _write_list(table: Table, stream: TextIO) -> None:
    """Row by row: a big table never stands in memory as one text."""
    stream.write("[")
    for place, each in enumerate(objects(table)):
        stream.write(("," if place else "") + "\n  " + _dumps(each))
    stream.write("\n]")


def _dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)
