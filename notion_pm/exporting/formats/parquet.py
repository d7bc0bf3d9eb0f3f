"""Parquet: one file per database with typed columns. Needs the extra `parquet`.

A row group has 500 rows, or fewer with many related pages, so that memory stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from notion_pm.exporting.formats.cells import end_of, start_of, text
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.table import (
    Cell,
    Column,
    ExportContext,
    Row,
    Table,
    files_of,
    items_of,
    references_of,
)
from notion_pm.model.page import DateValue

_MOST_ROWS = 500
_MOST_ITEMS = 5_000
"""Items of lists in a row group."""
# Microseconds: readers such as pandas and DuckDB know them, and Notion has no finer times.
_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    type: Any
    value_of: Callable[[Row], Any]


def write_parquet(tables: Sequence[Table], path: Path, context: ExportContext) -> int:
    """Write the one table. Return 0: no text is cut."""
    # One table per file: `choose_destination` has refused or divided anything else.
    (table,) = tables
    fields = _fields(table)
    names = unique([field.name for field in fields])
    types = [(name, field.type) for name, field in zip(names, fields, strict=True)]
    metadata = {"title": table.title, "exported_at": context.now.isoformat(timespec="seconds")}
    schema = pa.schema(types, metadata=metadata)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in _row_groups(table.rows):
            columns = []
            for field in fields:
                # The type is stated: Arrow would guess `null` for a group of empty cells.
                columns.append(pa.array([field.value_of(row) for row in rows], field.type))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return 0


def _row_groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    item_count = 0
    for row in rows:
        group.append(row)
        item_count += sum(len(items_of(cell)) for cell in row.cells)
        if len(group) >= _MOST_ROWS or item_count >= _MOST_ITEMS:
            yield group
            group, item_count = [], 0
    if group:
        yield group


def _fields(table: Table) -> list[_Field]:
    fields: list[_Field] = []
    for position, column in enumerate(table.columns):
        fields += _fields_of(position, column)
    fields.append(_Field("Page id", pa.string(), lambda row: row.id))
    fields.append(_Field("Page URL", pa.string(), lambda row: row.url))
    fields.append(_Field("Page created", _TIME, lambda row: row.created_time))
    fields.append(_Field("Page edited", _TIME, lambda row: row.last_edited_time))
    return fields


def _fields_of(position: int, column: Column) -> Iterator[_Field]:
    """Yield a field for the values, and fields for ends of ranges, page ids or file addresses."""

    def field(name: str, type: Any, read: Callable[[Cell], Any]) -> _Field:
        return _Field(name, type, lambda row: read(row.cells[position]))

    match column.kind:
        case "number":
            # Always floats: a column of whole numbers may get its first fraction in the next
            # export, and files of one table should have one schema.
            yield field(column.title, pa.float64(), _number)
        case "boolean":
            yield field(column.title, pa.bool_(), lambda cell: cell)
        case "date":
            type = _TIME if column.has_time else pa.date32()
            yield field(column.title, type, lambda cell: _moment(cell, column))
            if column.has_end:
                yield field(
                    f"{column.title} (end)", type, lambda cell: _moment(end_of(cell), column)
                )
        case "list":
            yield field(column.title, _TEXTS, lambda cell: [text(item) for item in items_of(cell)])
        case _:
            yield field(column.title, pa.string(), lambda cell: text(cell) or None)
    if column.type == "relation":
        yield field(
            f"{column.title} (id)", _TEXTS, lambda cell: [page.id for page in references_of(cell)]
        )
    if column.type == "files":
        yield field(
            f"{column.title} (url)", _TEXTS, lambda cell: [file.url for file in files_of(cell)]
        )


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _moment(cell: Cell, column: Column) -> date | datetime | None:
    """Return a date or time.

    A column has one type: where a single cell has a time, dates become midnight in UTC.
    """
    if not isinstance(cell, DateValue) or not cell.start:
        return None
    moment = start_of(cell)
    if column.has_time and not isinstance(moment, datetime):
        return datetime.combine(moment, time(), UTC)
    return moment
