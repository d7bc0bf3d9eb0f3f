"""Connections to the state: a SQLite file in a folder of this machine, or a PostgreSQL schema."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from notion_pm.errors import FileUnusable, NotionPmError, StateUnusable, UsageError
from notion_pm.files.writing import prepare_private_database
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.state.migrations import NewerTables, migrate

FILE = "sync.sqlite"

_BUSY_SECONDS = 10
"""How long a statement waits for another process that writes to the SQLite file."""

_WHAT_IS_LOST = (
    "Lost are then the history and what syncs and imports remember of values: values that differ "
    "are reported and not overwritten."
)


def open_state(home: StateHome) -> Connection:
    """Return a connection to the state, with its tables migrated to the newest version.

    Raises FileUnusable or StateUnusable, also for a state of a newer version; UsageError when the
    URL is not valid or PostgreSQL's driver is not installed.
    """
    try:
        connection = _open_schema(home) if isinstance(home, SharedState) else _open_file(home)
        schema = home.schema if isinstance(home, SharedState) else ""
        try:
            migrate(connection, schema)
        except BaseException:
            connection.close()
            raise
    except NewerTables as error:
        raise _unusable(
            home,
            "a newer version of notion-pm wrote it",
            "Update notion-pm:  pip install --upgrade notion-pm\n"
            "Or let this version use another state: name another folder with NOTION_PM_STATE.",
        ) from error
    except (OSError, SQLAlchemyError) as error:
        raise unusable_state(home, error) from error
    return connection


def connect(home: SharedState) -> Connection:
    """Return a connection to the PostgreSQL database. Raises SQLAlchemyError, UsageError."""
    url = _url_of(home)
    try:
        engine = _engine(url)
    except ModuleNotFoundError as missing:
        advice = "Install it:  pip install 'notion-pm[postgresql]'"
        raise UsageError(
            f"Keeping the state in PostgreSQL needs the package {missing.name}.", advice
        ) from None
    return engine.connect()


def unusable_state(home: StateHome, error: Exception) -> NotionPmError:
    """Return the error for a state that the database refuses, without the password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    reason = str(cause).strip()
    if isinstance(home, SharedState):
        return _unusable(home, reason)
    return _unusable(
        home,
        reason,
        "notion-pm keeps there what it remembers between two runs. Check your access to the file "
        "and the free space on the disk; NOTION_PM_STATE names another folder. If the file is "
        f"damaged, move it away and run the command again. {_WHAT_IS_LOST}",
    )


def damaged_state(home: StateHome, error: Exception) -> NotionPmError:
    """Return the error for a state that holds values which notion-pm never wrote."""
    if isinstance(home, SharedState):
        remedy = f'Drop the schema {home.schema}:  DROP SCHEMA "{home.schema}" CASCADE'
    else:
        remedy = "Move it away"
    reason = f"what is remembered in it is damaged ({error})"
    advice = f"Restore it from a backup. Or: {remedy}, and run the command again. {_WHAT_IS_LOST}"
    return _unusable(home, reason, advice)


def _unusable(home: StateHome, reason: str, advice: str = "") -> NotionPmError:
    if not isinstance(home, SharedState):
        return FileUnusable(home / FILE, reason, advice)
    url = _url_of(home)
    # PostgreSQL's messages may repeat the connection string.
    secrets = [url.password, url.query.get("password"), url.query.get("sslpassword")]
    for secret in secrets:
        if secret:
            reason = reason.replace(str(secret), "***")
    return StateUnusable(url.set(query={}).render_as_string(hide_password=True), reason, advice)


@lru_cache(maxsize=16)
def _engine(url: URL) -> Engine:
    # Without a pool: a connection is used for one run. The engine is cached for the statements that
    # it has compiled; compiling is most of the time of a small query.
    arguments: dict[str, Any]
    if url.drivername == "sqlite":
        arguments = {"connect_args": {"timeout": _BUSY_SECONDS}}
    else:
        arguments = {"paramstyle": "format"}
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", **arguments)


def _open_file(folder: Path) -> Connection:
    file = folder / FILE
    prepare_private_database(file)
    connection = _engine(URL.create("sqlite", database=str(file))).connect()
    try:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_schema(home: SharedState) -> Connection:
    connection = connect(home)
    try:
        connection.exec_driver_sql(f'SET search_path TO "{home.schema}"')
    except BaseException:
        connection.close()
        raise
    return connection


def _url_of(home: SharedState) -> URL:
    """Return the URL with the driver that notion-pm installs."""
    try:
        url = make_url(home.url.get_secret_value())
    except (ArgumentError, ValueError):
        raise UsageError(
            "NOTION_PM_STATE is not the URL of a database.",
            "Write it as  postgresql://user:password@host/database",
        ) from None
    return url.set(drivername="postgresql+psycopg")
