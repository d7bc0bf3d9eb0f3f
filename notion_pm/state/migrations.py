"""The tables of the state, as numbered steps: append a step, never change one.

Written for SQLite; `_statements` translates them for PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import Connection

from notion_pm.state.rows import transaction

STEPS = (
    # 1: the cache of pages and the baseline. By template: a parent page may have several.
    """
    CREATE TABLE templates (
        name TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        manifest TEXT,
        scope TEXT NOT NULL DEFAULT '',
        read_in_full TEXT
    );
    CREATE TABLE marks (
        template TEXT NOT NULL, database TEXT NOT NULL, read_at TEXT NOT NULL,
        PRIMARY KEY (template, database)
    ) WITHOUT ROWID;
    CREATE TABLE pages (
        template TEXT NOT NULL, page TEXT NOT NULL, database TEXT NOT NULL,
        title TEXT NOT NULL, url TEXT NOT NULL, last_edited TEXT NOT NULL, held TEXT NOT NULL,
        PRIMARY KEY (template, page)
    ) WITHOUT ROWID;
    CREATE TABLE absent (
        template TEXT NOT NULL, page TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (template, page)
    ) WITHOUT ROWID;
    CREATE TABLE option_names (
        template TEXT NOT NULL, option TEXT NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (template, option)
    ) WITHOUT ROWID;
    CREATE TABLE baseline (
        template TEXT NOT NULL, page TEXT NOT NULL, property TEXT NOT NULL,
        held TEXT NOT NULL, derived TEXT NOT NULL, starter INTEGER NOT NULL,
        PRIMARY KEY (template, page, property)
    ) WITHOUT ROWID;
    """,
    # 2: how many seconds our clock is ahead of Notion's, learned from the answers to our writes.
    "ALTER TABLE templates ADD COLUMN ahead REAL NOT NULL DEFAULT 0;",
    # 3: what a run is about to write. When it is killed before the answer, the next run knows that
    # the value is ours and not a person's.
    """
    CREATE TABLE intents (
        template TEXT NOT NULL, page TEXT NOT NULL, property TEXT NOT NULL,
        held TEXT NOT NULL, derived TEXT NOT NULL, starter INTEGER NOT NULL, before TEXT NOT NULL,
        PRIMARY KEY (template, page, property)
    ) WITHOUT ROWID;
    """,
    # 4: what has happened, by whom, and what is in quarantine.
    """
    CREATE TABLE runs (
        template TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL,
        started TEXT NOT NULL, finished TEXT, outcome TEXT NOT NULL, told TEXT NOT NULL,
        PRIMARY KEY (template, run)
    ) WITHOUT ROWID;
    CREATE TABLE history (
        template TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL,
        page TEXT NOT NULL, database TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,
        property TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        actor TEXT NOT NULL, edited TEXT NOT NULL, rules TEXT NOT NULL, because TEXT NOT NULL,
        PRIMARY KEY (template, number)
    ) WITHOUT ROWID;
    CREATE INDEX history_of_page ON history (template, page, number);
    CREATE INDEX history_in_time ON history (template, at);
    CREATE TABLE holds (
        template TEXT NOT NULL, page TEXT NOT NULL, property TEXT NOT NULL,
        held TEXT NOT NULL, derived TEXT NOT NULL, reason TEXT NOT NULL, runs TEXT NOT NULL,
        told INTEGER NOT NULL,
        PRIMARY KEY (template, page, property)
    ) WITHOUT ROWID;
    """,
    # 5: what reports saw of pages, also properties that no rule reads.
    """
    CREATE TABLE sightings (
        template TEXT NOT NULL, page TEXT NOT NULL, at TEXT NOT NULL,
        database TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL, held TEXT NOT NULL,
        PRIMARY KEY (template, page, at)
    ) WITHOUT ROWID;
    """,
    # 6: what an interrupted full read has got.
    """
    CREATE TABLE parts (
        template TEXT NOT NULL, database TEXT NOT NULL,
        scope TEXT NOT NULL, began TEXT NOT NULL, created_until TEXT NOT NULL,
        PRIMARY KEY (template, database)
    ) WITHOUT ROWID;
    CREATE TABLE part_pages (
        template TEXT NOT NULL, page TEXT NOT NULL, database TEXT NOT NULL,
        title TEXT NOT NULL, url TEXT NOT NULL, last_edited TEXT NOT NULL, held TEXT NOT NULL,
        PRIMARY KEY (template, page)
    ) WITHOUT ROWID;
    """,
    # 7: what imports put into pages.
    """
    CREATE TABLE imported (
        template TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL,
        page TEXT NOT NULL, said TEXT NOT NULL,
        PRIMARY KEY (template, source, key)
    ) WITHOUT ROWID;
    """,
    # 8: when pages were created: a batch of writes reads its pages again with a filter by it.
    """
    ALTER TABLE pages ADD COLUMN created TEXT;
    ALTER TABLE part_pages ADD COLUMN created TEXT;
    """,
    # 9: what imports wrote, so that they can be undone.
    """
    CREATE TABLE import_writes (
        template TEXT NOT NULL, run TEXT NOT NULL, entry TEXT NOT NULL,
        at TEXT NOT NULL, written TEXT NOT NULL,
        PRIMARY KEY (template, run, entry)
    ) WITHOUT ROWID;
    """,
)


_LOCK = 0x5A7E
"""The number of PostgreSQL's advisory lock for migrations; any number that nothing else uses."""

_IN_POSTGRESQL = {" WITHOUT ROWID": "", " REAL ": " DOUBLE PRECISION "}


class NewerTables(Exception):
    """The tables were made by a newer version of this program."""

    def __init__(self, number: int) -> None:
        super().__init__(f"tables of step {number}, known are {len(STEPS)}")


def migrate(connection: Connection, schema: str = "") -> None:
    """Carry out the steps that are missing, in one transaction; in PostgreSQL create the schema
    first.

    Raises NewerTables.
    """
    version = _version(connection)
    if version > len(STEPS):
        raise NewerTables(version)
    if version == len(STEPS):
        return
    with transaction(connection):
        if schema:
            # Two processes that run CREATE ... IF NOT EXISTS at the same time can both fail, so one
            # waits here until the other has committed.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        # Read again under the lock: another process may have migrated since.
        for step in STEPS[_version(connection) :]:
            for statement in _statements(step, connection):
                connection.exec_driver_sql(statement)
        _set_version(connection, len(STEPS))


def _statements(step: str, connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        for word, other in _IN_POSTGRESQL.items():
            step = step.replace(word, other)
    return [statement for statement in step.split(";") if statement.strip()]


def _version(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if connection.exec_driver_sql("SELECT to_regclass('version_of_state')").scalar_one() is None:
        return 0
    return int(connection.exec_driver_sql("SELECT number FROM version_of_state").scalar_one())


def _set_version(connection: Connection, number: int) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {number}")
        return
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS version_of_state (number INTEGER NOT NULL)"
    )
    connection.exec_driver_sql("DELETE FROM version_of_state")
    connection.exec_driver_sql(f"INSERT INTO version_of_state VALUES ({number})")  # noqa: S608
