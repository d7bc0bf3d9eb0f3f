"""Rows of one template in the tables of the state, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Table, delete, select
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
        self, table: Table, columns: str, *where: ColumnElement[bool], order: str = "", descending: bool = False
    ) -> Sequence[Any]:
        """Return the named columns of the rows for which all of `where` holds, ordered where that is wanted."""
        chosen = [table.c[name] for name in columns.split()]
        statement = select(*chosen).where(table.c.template == self.template, *where)
        if order:
            statement = statement.order_by(table.c[order].desc() if descending else table.c[order])
        return self.connection.execute(statement).all()

    def put(self, table: Table, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert or replace rows, given as what follows the template's name, in the order of the columns."""
        statement = _upsert(table, self.connection.dialect)
        whole = ((self.template, *row) for row in rows)
        while batch := list(islice(whole, BATCH)):
            self.connection.exec_driver_sql(statement, batch)

    def drop(self, table: Table, *where: ColumnElement[bool]) -> None:
        """Delete the rows for which all of `where` holds."""
        self.connection.execute(delete(table).where(table.c.template == self.template, *where))


@cache
def _upsert(table: Table, dialect: Dialect) -> str:
    """The statement as text with a place per column: rows as they are go in twice as fast as named values do."""
    insert = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)
    values = {column.name: insert.excluded[column.name] for column in table.columns if not column.primary_key}
    return str(insert.on_conflict_do_update(index_elements=table.primary_key, set_=values).compile(dialect=dialect))
