"""Rows of one template in the tables of the state, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, TypeVar

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
"""Rows that are inserted with one call: enough for speed, few enough for memory."""

_DECODING_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What decoding raises where a column holds what notion-pm never wrote there, such as cut JSON."""

T = TypeVar("T")


class DamagedRow(Exception):
    """A column holds what notion-pm never wrote there. `State` turns it into an error for
    people.
    """


@contextmanager
def damage_reported() -> Iterator[None]:
    """Raise DamagedRow for the errors of decoding that happen inside."""
    try:
        yield
    except _DECODING_ERRORS as error:
        raise DamagedRow(type(error).__name__) from error


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Carry out all statements inside or none. Outside of it each statement is committed at
    once.
    """
    # SQLite's plain BEGIN takes the right to write only with the first write, and fails there when
    # another process has it. BEGIN IMMEDIATE waits for it before anything is read.
    begin = "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN"
    connection.exec_driver_sql(begin)
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def sortable(moment: datetime) -> str:
    """Return a moment as text that sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Rows:
    """The rows of one template; its name is the first column of every table."""

    def __init__(self, connection: Connection, template: str) -> None:
        self.connection = connection
        self.template = template

    def read(
        self,
        table: Table,
        columns: str,
        decode: Callable[..., T],
        *where: ColumnElement[bool],
        order: str = "",
        latest_first: bool = False,
        limit: int | None = None,
    ) -> list[T]:
        """Return the rows for which all of `where` holds, each decoded from the named columns.

        `order`: columns to sort by. Raises DamagedRow.
        """
        selected = [table.c[name] for name in columns.split()]
        ordered = [table.c[name] for name in order.split()]
        if latest_first:
            sorting = [column.desc() for column in ordered]
        else:
            sorting = [column.asc() for column in ordered]
        statement = (
            select(*selected)
            .where(table.c.template == self.template, *where)
            .order_by(*sorting)
            .limit(limit)
        )
        rows = self.connection.execute(statement).all()
        with damage_reported():
            # SQLite takes bytes in any column; notion-pm never writes any.
            if any(isinstance(value, bytes) for row in rows for value in row):
                raise ValueError("bytes instead of text")
            return [decode(*row) for row in rows]

    def put(self, table: Table, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert or replace rows, given without the template, in the order of the columns."""
        statement = _upsert(table, self.connection.dialect)
        complete_rows = ((self.template, *row) for row in rows)
        while batch := list(islice(complete_rows, BATCH)):
            self.connection.exec_driver_sql(statement, batch)

    def drop(self, table: Table, **values: str) -> None:
        """Delete the rows whose columns have these values; all rows when no column is named."""
        parameters = {"template": self.template, **values}
        self.connection.execute(_deletion(table, *values), parameters)

    def drop_before(self, table: Table, column: str, moment: datetime) -> None:
        """Delete the rows with an earlier moment in a column."""
        is_ours = table.c.template == self.template
        is_earlier = table.c[column] < sortable(moment)
        self.connection.execute(delete(table).where(is_ours, is_earlier))

    def highest(self, table: Table, column: str) -> int:
        """Return the highest number in a column, 0 where there is no row."""
        result = self.connection.execute(_highest(table, column), {"template": self.template})
        return int(result.scalar_one())


# Statements are built once: that takes longer than to carry one out for one page.


@cache
def _deletion(table: Table, *columns: str) -> Delete:
    conditions = [table.c[name] == bindparam(name) for name in ("template", *columns)]
    return delete(table).where(*conditions)


@cache
def _highest(table: Table, column: str) -> Select[Any]:
    highest = func.coalesce(func.max(table.c[column]), 0)
    return select(highest).where(table.c.template == bindparam("template"))


@cache
def _upsert(table: Table, dialect: Dialect) -> str:
    # As text with a placeholder per column: plain tuples are inserted twice as fast as named
    # values.
    insert = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)
    replaced = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    upsert = insert.on_conflict_do_update(index_elements=table.primary_key, set_=replaced)
    return str(upsert.compile(dialect=dialect))
