"""Connections to the state: a SQLite file in a folder of this machine, or a schema of a PostgreSQL database."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from notion_pm.errors import FileUnusable, NotionPmError, StateUnusable, UsageError
from notion_pm.files import prepare_private_database
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.storage.state_migrations import migrate

FILE = "sync.sqlite"


def opened(home: StateHome) -> Connection:
    """Return a connection to the state, its tables brought to their newest form.

    Raises FileUnusable or StateUnusable, UsageError when the URL is none or PostgreSQL's driver is not installed.
    """
    try:
        connection = _to_schema(home) if isinstance(home, SharedState) else _to_file(home / FILE)
        try:
            migrate(connection, home.schema if isinstance(home, SharedState) else "")
        except BaseException:
            connection.close()
            raise
    except (OSError, SQLAlchemyError) as error:
        raise unusable(home, error) from error
    return connection


def connected(home: SharedState) -> Connection:
    """Return a connection to the database itself. Raises SQLAlchemyError, UsageError."""
    url = _url_of(home)
    try:
        engine = _engine(url)
    except ModuleNotFoundError as missing:
        advice = "Install it:  pip install 'notion-pm[postgresql]'"
        raise UsageError(f"Keeping the state in PostgreSQL needs the package {missing.name}.", advice) from None
    return engine.connect()


def unusable(home: StateHome, error: Exception) -> NotionPmError:
    """Return what to tell a person of an error of the state, without the password."""
    reason = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
    if isinstance(home, SharedState):
        url = _url_of(home)
        told = reason.replace(str(url.password), "***") if url.password else reason
        return StateUnusable(url.render_as_string(hide_password=True), told)
    return FileUnusable(
        home / FILE,
        reason,
        "It is what sync remembers. Look at your rights to it and the room on the disk; NOTION_PM_STATE names another "
        "folder. Where it is damaged move it away: sync then reports values that differ rather than write over them.",
    )


@lru_cache(maxsize=16)
def _engine(url: URL) -> Engine:
    """An engine without a pool. It is kept for the statements that it has compiled, which is most of a small query."""
    own: dict[str, Any] = {"paramstyle": "format"} if url.drivername != "sqlite" else {"connect_args": {"timeout": 10}}
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", **own)


def _to_file(file: Path) -> Connection:
    prepare_private_database(file)
    url = URL.create("sqlite", database=str(file))
    connection = _engine(url).connect()
    try:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _to_schema(home: SharedState) -> Connection:
    connection = connected(home)
    try:
        connection.exec_driver_sql(f'SET search_path TO "{home.schema}"')
    except BaseException:
        connection.close()
        raise
    return connection


def _url_of(home: SharedState) -> URL:
    """The URL, naming the driver that is ours."""
    try:
        url = make_url(home.url.get_secret_value())
    except (ArgumentError, ValueError):
        raise UsageError(
            "NOTION_PM_STATE is no URL of a database.", "Write it as  postgresql://user:password@host/database"
        ) from None
    return url.set(drivername="postgresql+psycopg")
