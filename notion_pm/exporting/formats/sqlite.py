"""SQLite: a table per database with the page id as its primary key, and a junction table per relation.

Junctions have foreign keys on both sides. A related page that was not exported (its database was not asked for, or a
condition left it out) stands in `other_pages`, so that every key leads somewhere.
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

from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import plain, text
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.formats.names import Names, snake
from notion_pm.exporting.table import Cell, Column, Reference, Row, Table
from notion_pm.model.page import DateValue

_PAGE = {"page_id": str, "page_url": str, "page_created": str, "page_edited": str}
_TYPES = {"number": float, "boolean": int, "date": str, "list": str, "text": str}
_OTHERS, _COLUMNS, _TABLES = "other_pages", "notion_columns", "notion_tables"
_FOREIGN = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A table's name and its columns' names here."""

    name: str
    table: Table
    columns: tuple[str, ...]
    ends: Mapping[str, str]

    @property
    def types(self) -> dict[str, type]:
        """The columns of the SQL table."""
        found: dict[str, type] = dict(_PAGE)
        for name, column in self._plain():
            found[name] = _TYPES[column.kind]
            if column.has_end:
                found[self.ends[name]] = str
        return found

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows."""
        names = [*self.types]
        for row in self.table.rows:
            yield dict(zip(names, self._values(row), strict=True))

    def relations(self) -> Iterator[tuple[int, str, Column]]:
        """Yield the place, the name and the column of each relation."""
        for place, (name, column) in enumerate(zip(self.columns, self.table.columns, strict=True)):
            if column.type == "relation":
                yield place, name, column

    def _plain(self) -> Iterator[tuple[str, Column]]:
        named = zip(self.columns, self.table.columns, strict=True)
        return ((name, column) for name, column in named if column.type != "relation")

    def _values(self, row: Row) -> Iterator[Any]:
        yield from (row.id, row.url, row.created_time.isoformat(), row.last_edited_time.isoformat())
        for cell, column in zip(row.cells, self.table.columns, strict=True):
            if column.type == "relation":
                continue
            yield _value(cell, column)
            if column.has_end:
                yield (
                    dates.iso(cell.end, cell.time_zone)
                    if isinstance(cell, DateValue) and cell.end
                    else None
                )


def write_sqlite(tables: Sequence[Table], path: Path, surroundings: Surroundings) -> int:
    """Write a new database file. Nothing is cut: returns 0."""
    try:
        _write(tables, path, surroundings)
    except sqlite3.OperationalError as error:
        raise OSError(None, f"SQLite says: {error}") from error
    return 0


def _write(tables: Sequence[Table], path: Path, surroundings: Surroundings) -> None:
    with closing(Database(path)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # the file takes its place only when it is whole
        db.execute("PRAGMA synchronous = OFF")
        plans = _plans(tables)
        for each in plans:
            db.create_table(each.name, each.types, pk="page_id")
            db.table(each.name).insert_all(each.records(), batch_size=1000)
        _describe(db, plans, surroundings)
        foreign = [key for each in plans for key in _write_relations(db, each, plans)]
        if foreign:
            db.add_foreign_keys(foreign)
            db.index_foreign_keys()


def _plans(tables: Sequence[Table]) -> list[_Plan]:
    names = Names(_OTHERS, _COLUMNS, _TABLES, joint="_")
    plans = []
    for table in tables:
        taken = Names(*_PAGE, joint="_")
        columns = tuple(taken.free(snake(each.key or each.title)) for each in table.columns)
        # Ends of spans are named last: a property "Sprint end" beside the span "Sprint" keeps its name.
        spans = [
            name for name, column in zip(columns, table.columns, strict=True) if column.has_end
        ]
        ends = {name: taken.free(f"{name}_end") for name in spans}
        plans.append(_Plan(names.free(_table_name(table.name)), table, columns, ends))
    return plans


def _table_name(title: str) -> str:
    """Return a name for a table. SQLite keeps names that begin with `sqlite_` for itself."""
    name = snake(title)
    return f"_{name}" if name.startswith("sqlite_") else name


_BEYOND_INTEGER = 2**63
"""SQLite's integers have 64 bits; a larger number becomes a floating one, as it is in Notion's JSON."""


def _value(cell: Cell, column: Column) -> Any:
    """A cell in SQL: lists as JSON, dates in ISO 8601, empty ones as NULL."""
    match cell:
        case None | "" | ():
            return None
        case bool():
            return int(cell)
        case tuple():
            return json.dumps(plain(cell), ensure_ascii=False)
        case DateValue() if column.kind == "date":
            return dates.iso(cell.start, cell.time_zone)
        case int() if not -_BEYOND_INTEGER <= cell < _BEYOND_INTEGER:
            return float(cell)
        case int() | float():
            return cell
        case _:
            return text(cell)


def _write_relations(db: Database, plan: _Plan, plans: Sequence[_Plan]) -> Iterator[_FOREIGN]:
    """Write the junction table of each relation, and yield their foreign keys."""
    taken = Names(*db.table_names(), joint="_")
    for place, name, column in plan.relations():
        junction = taken.free(f"{plan.name}_{name}")
        db.create_table(
            junction,
            {"page_id": str, "related_id": str, "position": int},
            pk=("page_id", "related_id"),
        )
        db.table(junction).insert_all(_links(plan.table, place), ignore=True, batch_size=1000)
        target = next(
            (each.name for each in plans if each.table.source_id == column.target_id), None
        )
        if target is None or _leads_elsewhere(db, junction, target):
            db.table(_OTHERS).create(
                {"page_id": str, "title": str, "page_url": str}, pk="page_id", if_not_exists=True
            )
            db.table(_OTHERS).insert_all(_pages(plan.table, place), ignore=True, batch_size=1000)
            target = _OTHERS
        yield junction, "page_id", plan.name, "page_id"
        yield junction, "related_id", target, "page_id"


def _links(table: Table, place: int) -> Iterator[dict[str, Any]]:
    for row in table.rows:
        for position, each in enumerate(_references(row, place)):
            yield {"page_id": row.id, "related_id": each.id, "position": position}


def _pages(table: Table, place: int) -> Iterator[dict[str, Any]]:
    for row in table.rows:
        for each in _references(row, place):
            yield {"page_id": each.id, "title": each.title, "page_url": each.url}


def _references(row: Row, place: int) -> Iterator[Reference]:
    cell = row.cells[place]
    return (
        each for each in (cell if isinstance(cell, tuple) else ()) if isinstance(each, Reference)
    )


def _leads_elsewhere(db: Database, junction: str, target: str) -> bool:
    """Whether a page that is not in the target table is related; names are made of letters, digits and `_`."""
    query = f'SELECT 1 FROM "{junction}" WHERE related_id NOT IN (SELECT page_id FROM "{target}") LIMIT 1'  # noqa: S608
    return db.execute(query).fetchone() is not None


def _describe(db: Database, plans: Sequence[_Plan], surroundings: Surroundings) -> None:
    """Write what the tables and columns are, for whoever is given the file."""
    at = surroundings.now.isoformat(timespec="seconds")
    db.table(_TABLES).insert_all(
        {
            "table_name": each.name,
            "title": each.table.title,
            "rows": each.table.row_count,
            "exported_at": at,
        }
        for each in plans
    )
    db.table(_COLUMNS).insert_all(
        {
            "table_name": each.name,
            "column_name": name,
            "title": column.title,
            "type": column.type,
            "options": json.dumps(column.options, ensure_ascii=False) if column.options else None,
            "description": column.description or None,
            "template_key": column.key,
        }
        for each in plans
        for name, column in zip(each.columns, each.table.columns, strict=True)
    )
