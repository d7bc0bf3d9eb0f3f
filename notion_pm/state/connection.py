"""Connections to the state: a SQLite file in a folder of this machine, or a schema of a PostgreSQL database."""

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
_LOST = (
    "Lost are then the history, and what syncs and imports remember of values: those that differ are reported, and "
    "not written over."
)


def opened(home: StateHome) -> Connection:
    """Return a connection to the state, its tables brought to their newest form.

    Raises FileUnusable or StateUnusable, also for a state of a newer version; UsageError when the URL is none or
    PostgreSQL's driver is not installed.
    """
    try:
        connection = _to_schema(home) if isinstance(home, SharedState) else _to_file(home / FILE)
        try:
            migrate(connection, home.schema if isinstance(home, SharedState) else "")
        except BaseException:
            connection.close()
            raise
    except NewerTables as error:
        raise _refusal(
            home,
            "a newer version of notion-pm wrote it",
            "Update notion-pm:  pip install --upgrade notion-pm\n"
            "Or let this version keep a memory of its own: name another place with NOTION_PM_STATE.",
        ) from error
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
        raise UsageError(
            f"Keeping the state in PostgreSQL needs the package {missing.name}.", advice
        ) from None
    return engine.connect()


def unusable(home: StateHome, error: Exception) -> NotionPmError:
    """Return what to tell a person of an error of the state, without the password."""
    reason = str(error.orig if isinstance(error, DBAPIError) and error.orig else error).strip()
    if isinstance(home, SharedState):
        return _refusal(home, reason)
    return _refusal(
        home,
        reason,
        "It is what sync remembers. Look at your rights to it and the room on the disk; NOTION_PM_STATE names another "
        f"folder. If it is damaged, move it away and run the command again. {_LOST}",
    )


def damaged(home: StateHome, error: Exception) -> NotionPmError:
    """Return what to tell a person of a state that holds what notion-pm never wrote."""
    way_on = (
        f'Drop the schema {home.schema}:  DROP SCHEMA "{home.schema}" CASCADE'
        if isinstance(home, SharedState)
        else "Move it away"
    )
    reason = f"what is remembered in it is damaged ({type(error).__name__})"
    return _refusal(
        home, reason, f"Restore it from a backup. Or: {way_on}, and run the command again. {_LOST}"
    )


def _refusal(home: StateHome, reason: str, advice: str = "") -> NotionPmError:
    if not isinstance(home, SharedState):
        return FileUnusable(home / FILE, reason, advice)
    url = _url_of(home)
    for secret in (url.password, *(url.query.get(name) for name in ("password", "sslpassword"))):
        if secret:
            reason = reason.replace(str(secret), "***")
    return StateUnusable(url.set(query={}).render_as_string(hide_password=True), reason, advice)


@lru_cache(maxsize=16)
def _engine(url: URL) -> Engine:
    """An engine without a pool. It is kept for the statements that it has compiled, which is most of a small query."""
    own: dict[str, Any] = (
        {"paramstyle": "format"}
        if url.drivername != "sqlite"
        else {"connect_args": {"timeout": 10}}
    )
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
            "NOTION_PM_STATE is no URL of a database.",
            "Write it as  postgresql://user:password@host/database",
        ) from None
    return url.set(drivername="postgresql+psycopg")
