"""Parquet: one file per database with typed columns. Needs the extra `parquet`.

A row group holds 500 rows, or fewer that have many related pages, so that memory stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import text
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.table import Cell, Column, Reference, Row, Table
from notion_pm.model.page import DateValue, FileValue

_MOST_ROWS = 500
_MOST_ITEMS = 5_000
"""Of lists, in a row group."""
_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    type: Any
    of: Callable[[Row], Any]


def write_parquet(tables: Sequence[Table], path: Path, surroundings: Surroundings) -> int:
    """Write the one table. Nothing is cut: returns 0."""
    (table,) = tables
    fields = [*_fields(table)]
    names = unique([each.name for each in fields])
    about = {"title": table.title, "exported_at": surroundings.now.isoformat(timespec="seconds")}
    types = [(name, each.type) for name, each in zip(names, fields, strict=True)]
    schema = pa.schema(types, metadata=about)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for some in _groups(table.rows):
            columns = [pa.array([field.of(row) for row in some], field.type) for field in fields]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return 0


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    items = 0
    for row in rows:
        some.append(row)
        items += sum(len(cell) for cell in row.cells if isinstance(cell, tuple))
        if len(some) >= _MOST_ROWS or items >= _MOST_ITEMS:
            yield some
            some, items = [], 0
    if some:
        yield some


def _fields(table: Table) -> Iterator[_Field]:
    for place, column in enumerate(table.columns):
        yield from _fields_of(place, column)
    yield _Field("Page id", pa.string(), lambda row: row.id)
    yield _Field("Page URL", pa.string(), lambda row: row.url)
    yield _Field("Page created", _TIME, lambda row: row.created_time)
    yield _Field("Page edited", _TIME, lambda row: row.last_edited_time)


def _fields_of(place: int, column: Column) -> Iterator[_Field]:
    """A column of values; the ends of spans, the ids of relations and the addresses of files beside it."""

    def field(name: str, kind: Any, read: Callable[[Cell], Any]) -> _Field:
        return _Field(name, kind, lambda row: read(row.cells[place]))

    match column.kind:
        case "number":
            yield field(
                column.title,
                pa.float64(),
                lambda cell: None if cell is None else float(cell),  # type: ignore[arg-type]
            )
        case "boolean":
            yield field(column.title, pa.bool_(), lambda cell: cell)
        case "date":
            kind = _TIME if column.has_time else pa.date32()
            yield field(column.title, kind, lambda cell: _moment(cell, column, "start"))
            if column.has_end:
                yield field(
                    f"{column.title} (end)", kind, lambda cell: _moment(cell, column, "end")
                )
        case "list":
            yield field(column.title, _TEXTS, lambda cell: [text(each) for each in _items(cell)])
        case _:
            yield field(column.title, pa.string(), lambda cell: text(cell) or None)
    if column.type == "relation":
        yield field(f"{column.title} (id)", _TEXTS, _ids)
    if column.type == "files":
        yield field(f"{column.title} (url)", _TEXTS, _urls)


def _moment(cell: Cell, column: Column, edge: str) -> date | datetime | None:
    """A column is of one type: where one has a time, dates are midnight in UTC."""
    written = getattr(cell, edge) if isinstance(cell, DateValue) else None
    if not isinstance(cell, DateValue) or not written:
        return None
    moment = dates.parse_moment(written, cell.time_zone)
    if column.has_time and not isinstance(moment, datetime):
        return datetime.combine(moment, time(), UTC)
    return moment


def _items(cell: Cell) -> tuple[Any, ...]:
    return cell if isinstance(cell, tuple) else ()


def _ids(cell: Cell) -> list[str]:
    return [each.id for each in _items(cell) if isinstance(each, Reference)]


def _urls(cell: Cell) -> list[str]:
    return [each.url for each in _items(cell) if isinstance(each, FileValue)]
