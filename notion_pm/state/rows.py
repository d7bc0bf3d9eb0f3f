"""Rows of one template in the tables of the state, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Select,
    Table,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

BATCH = 5_000
"""Rows that are handed over at once: enough for speed, few enough for memory."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Let all or nothing of what follows happen. Outside of it each statement stands for itself.

    SQLite's plain BEGIN would take the right to write only at the first write, and fail there when another has it.
    """
    begin = "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN"
    connection.exec_driver_sql(begin)
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


class Rows:
    """The rows of one template; its name is the first column of every table."""

    def __init__(self, connection: Connection, template: str) -> None:
        self.connection = connection
        self.template = template

    def all(
        self,
        table: Table,
        columns: str,
        *where: ColumnElement[bool],
        order: str = "",
        descending: bool = False,
        limit: int | None = None,
    ) -> Sequence[Any]:
        """Return the named columns of the rows for which all of `where` holds, ordered by columns if so wanted."""
        chosen = [table.c[name] for name in columns.split()]
        statement = select(*chosen).where(table.c.template == self.template, *where).limit(limit)
        by = (table.c[each] for each in order.split())
        statement = statement.order_by(*(each.desc() if descending else each for each in by))
        rows = self.connection.execute(statement).all()
        # SQLite takes bytes in any column. Nothing here ever wrote some.
        if any(isinstance(value, bytes) for row in rows for value in row):
            raise ValueError("bytes instead of text")
        return rows

    def put(self, table: Table, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert or replace rows, given as what follows the template's name, in the order of the columns."""
        statement = _upsert(table, self.connection.dialect)
        whole = ((self.template, *row) for row in rows)
        while batch := list(islice(whole, BATCH)):
            self.connection.exec_driver_sql(statement, batch)

    def drop(self, table: Table, **held: str) -> None:
        """Delete the rows whose columns hold these values; all of them when none is named."""
        self.connection.execute(_deletion(table, *held), {"template": self.template, **held})

    def drop_before(self, table: Table, column: str, moment: str) -> None:
        """Delete the rows of which a column says that they are older."""
        self.connection.execute(
            delete(table).where(table.c.template == self.template, table.c[column] < moment)
        )

    def last(self, table: Table, column: str) -> int:
        """Return the highest number in a column, 0 where there is no row."""
        return int(
            self.connection.execute(
                _highest(table, column), {"template": self.template}
            ).scalar_one()
        )


@cache
def _deletion(table: Table, *columns: str) -> Delete:
    """A statement is built once: that takes longer than to carry it out for one page."""
    return delete(table).where(
        *(table.c[each] == bindparam(each) for each in ("template", *columns))
    )


@cache
def _highest(table: Table, column: str) -> Select[Any]:
    return select(func.coalesce(func.max(table.c[column]), 0)).where(
        table.c.template == bindparam("template")
    )


@cache
def _upsert(table: Table, dialect: Dialect) -> str:
    """The statement as text with a place per column: rows as they are go in twice as fast as named values do."""
    insert = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)
    values = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return str(
        insert.on_conflict_do_update(index_elements=table.primary_key, set_=values).compile(
            dialect=dialect
        )
    )
