"""SQLite: a table per database with the page id as its primary key, a junction table per relation.

Junction tables have foreign keys on both sides. A related page that was not exported (its database
was not requested, or a condition left it out) is in `other_pages`, so that every key has a target.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from notion_pm.exporting.formats.cells import end_of, iso, plain, text
from notion_pm.exporting.formats.names import Names, snake
from notion_pm.exporting.table import Cell, Column, ExportContext, Row, Table, references_of
from notion_pm.model.page import DateValue

_PAGE = {"page_id": str, "page_url": str, "page_created": str, "page_edited": str}
_TYPES = {"number": float, "boolean": int, "date": str, "list": str, "text": str}
_OTHER_PAGES, _COLUMNS, _TABLES = "other_pages", "notion_columns", "notion_tables"
_ROWS_AT_ONCE = 1_000

_ForeignKey = tuple[str, str, str, str]
"""Table and column, other table and column."""

_BEYOND_INTEGER = 2**63
"""SQLite's integers have 64 bits; a larger number becomes a float, as it is in Notion's JSON."""


@dataclass(frozen=True, slots=True)
class _SqlTable:
    """A table with its SQL name, the names of its columns, and those of the ends of ranges."""

    name: str
    table: Table
    columns: tuple[str, ...]
    ends: Mapping[str, str]

    @property
    def named_columns(self) -> list[tuple[str, Column]]:
        """All columns, also relations, with their SQL names."""
        return list(zip(self.columns, self.table.columns, strict=True))

    @property
    def types(self) -> dict[str, type]:
        """The columns of the SQL table: all but relations, which have tables of their own."""
        types: dict[str, type] = dict(_PAGE)
        for name, column in self.named_columns:
            if column.type == "relation":
                continue
            types[name] = _TYPES[column.kind]
            if column.has_end:
                types[self.ends[name]] = str
        return types

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows."""
        for row in self.table.rows:
            record: dict[str, Any] = {
                "page_id": row.id,
                "page_url": row.url,
                "page_created": row.created_time.isoformat(),
                "page_edited": row.last_edited_time.isoformat(),
            }
            for (name, column), cell in zip(self.named_columns, row.cells, strict=True):
                if column.type == "relation":
                    continue
                record[name] = _value(cell, column)
                if column.has_end:
                    end = end_of(cell)
                    record[self.ends[name]] = iso(end.start, end.time_zone) if end else None
            yield record


def write_sqlite(tables: Sequence[Table], path: Path, context: ExportContext) -> int:
    """Write a new database file. Return 0: no text is cut."""
    try:
        _write(tables, path, context)
    except sqlite3.OperationalError as error:
        raise OSError(None, f"SQLite says: {error}") from error
    return 0


def _write(tables: Sequence[Table], path: Path, context: ExportContext) -> None:
    with closing(Database(path)) as db:
        # The file is moved to its destination when it is complete, so a crash needs no journal.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        sql_tables = _name_tables(tables)
        for sql_table in sql_tables:
            db.create_table(sql_table.name, sql_table.types, pk="page_id")
            records = sql_table.records()
            db.table(sql_table.name).insert_all(records, batch_size=_ROWS_AT_ONCE)
        _describe(db, sql_tables, context)

        foreign_keys: list[_ForeignKey] = []
        for sql_table in sql_tables:
            foreign_keys += _write_relations(db, sql_table, sql_tables)
        if foreign_keys:
            # At the end, when all tables exist: a relation may point to a later table.
            db.add_foreign_keys(foreign_keys)
            db.index_foreign_keys()


def _name_tables(tables: Sequence[Table]) -> list[_SqlTable]:
    table_names = Names(_OTHER_PAGES, _COLUMNS, _TABLES, joint="_")
    sql_tables = []
    for table in tables:
        column_names = Names(*_PAGE, joint="_")
        columns = tuple(
            column_names.free(snake(column.key or column.title)) for column in table.columns
        )
        # Ends of ranges are named last: a property "Sprint end" beside the range "Sprint" keeps
        # its name.
        ends = {}
        for name, column in zip(columns, table.columns, strict=True):
            if column.has_end:
                ends[name] = column_names.free(f"{name}_end")
        sql_tables.append(
            _SqlTable(table_names.free(_table_name(table.name)), table, columns, ends)
        )
    return sql_tables


def _table_name(title: str) -> str:
    """Return a name for a table. SQLite reserves names that begin with `sqlite_`."""
    name = snake(title)
    return f"_{name}" if name.startswith("sqlite_") else name


def _value(cell: Cell, column: Column) -> Any:
    """Return a cell for SQL: lists as JSON, dates in ISO 8601, empty ones as NULL."""
    match cell:
        case None | "" | ():
            return None
        case bool():
            return int(cell)
        case tuple():
            return json.dumps(plain(cell), ensure_ascii=False)
        case DateValue() if column.kind == "date":
            return iso(cell.start, cell.time_zone)
        case int() if not -_BEYOND_INTEGER <= cell < _BEYOND_INTEGER:
            return float(cell)
        case int() | float():
            return cell
        case _:
            return text(cell)


def _write_relations(
    db: Database, sql_table: _SqlTable, sql_tables: Sequence[_SqlTable]
) -> Iterator[_ForeignKey]:
    """Write the junction table of each relation, and yield their foreign keys."""
    names = Names(*db.table_names(), joint="_")
    name_by_source = {other.table.source_id: other.name for other in reversed(sql_tables)}
    for position, (name, column) in enumerate(sql_table.named_columns):
        if column.type != "relation":
            continue
        junction = names.free(f"{sql_table.name}_{name}")
        db.create_table(
            junction,
            {"page_id": str, "related_id": str, "position": int},
            pk=("page_id", "related_id"),
        )
        links = _links(sql_table.table, position)
        db.table(junction).insert_all(links, ignore=True, batch_size=_ROWS_AT_ONCE)

        target = name_by_source.get(column.target_id) if column.target_id else None
        if target is None or _has_other_targets(db, junction, target):
            _write_other_pages(db, sql_table.table, position)
            target = _OTHER_PAGES
        yield junction, "page_id", sql_table.name, "page_id"
        yield junction, "related_id", target, "page_id"


def _links(table: Table, position: int) -> Iterator[dict[str, Any]]:
    for row in table.rows:
        for number, page in enumerate(references_of(row.cells[position])):
            yield {"page_id": row.id, "related_id": page.id, "position": number}


def _write_other_pages(db: Database, table: Table, position: int) -> None:
    def pages(rows: Iterator[Row]) -> Iterator[dict[str, Any]]:
        for row in rows:
            for page in references_of(row.cells[position]):
                yield {"page_id": page.id, "title": page.title, "page_url": page.url}

    columns = {"page_id": str, "title": str, "page_url": str}
    others = db.table(_OTHER_PAGES)
    others.create(columns, pk="page_id", if_not_exists=True)
    others.insert_all(pages(iter(table.rows)), ignore=True, batch_size=_ROWS_AT_ONCE)


def _has_other_targets(db: Database, junction: str, target: str) -> bool:
    """Whether a related page is not in the target table."""
    # The names contain letters, digits and `_` only.
    outside = f'related_id NOT IN (SELECT page_id FROM "{target}")'  # noqa: S608
    query = f'SELECT 1 FROM "{junction}" WHERE {outside} LIMIT 1'  # noqa: S608
    return db.execute(query).fetchone() is not None


def _describe(db: Database, sql_tables: Sequence[_SqlTable], context: ExportContext) -> None:
    """Write what the tables and columns mean, for the person who receives the file."""
    exported_at = context.now.isoformat(timespec="seconds")
    tables, columns = [], []
    for sql_table in sql_tables:
        tables.append(
            {
                "table_name": sql_table.name,
                "title": sql_table.table.title,
                "rows": sql_table.table.row_count,
                "exported_at": exported_at,
            }
        )
        for name, column in sql_table.named_columns:
            options = json.dumps(column.options, ensure_ascii=False) if column.options else None
            columns.append(
                {
                    "table_name": sql_table.name,
                    "column_name": name,
                    "title": column.title,
                    "type": column.type,
                    "options": options,
                    "description": column.description or None,
                    "template_key": column.key,
                }
            )
    db.table(_TABLES).insert_all(tables)
    db.table(_COLUMNS).insert_all(columns)
