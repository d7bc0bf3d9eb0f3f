"""What sync remembers of a workspace between two runs: pages as they were read, and the baseline. One SQLite file.

The cache of pages may be lost at any time, it is read anew. The baseline is memory: without it differing values are
reported rather than written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from notion_pm.errors import FileUnusable
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.rules.intents import Intent, Intents
from notion_pm.rules.values import BaseValue, SnapshotPage
from notion_pm.storage.plain_json import from_json, to_json, values_from_json, values_to_json
from notion_pm.storage.state_migrations import migrate

FILE = "sync.sqlite"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a template's place: where its file is, its manifest, when it was last read in full.

    `ahead`: how far our clock is ahead of Notion's, so that no edit is missed for it.
    """

    source: str
    manifest: Manifest | None = None
    scope: str = ""
    read_in_full: datetime | None = None
    ahead: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Cache:
    """Pages as they were last read, by database; when that was; and pages that are named but were not to be had."""

    pages: Mapping[str, Mapping[NotionId, SnapshotPage]] = field(default_factory=dict)
    marks: Mapping[str, datetime] = field(default_factory=dict)
    absent: Mapping[NotionId, str] = field(default_factory=dict)


class State:
    """The memory of one template in one workspace. Use it as a context manager; writes are atomic, call by call.

    What SQLite refuses while it is in use becomes FileUnusable: a full disk, a folder or file that is not ours, damage.
    """

    def __init__(self, directory: Path, template: str) -> None:
        self._file = directory / FILE
        self._template = template
        try:
            self._connection = _opened(self._file)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(self._file, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(self._file, error) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # --- what is remembered of the template

    def remembered(self) -> Remembered | None:
        """Return what is remembered of the template, None when it is new here."""
        row = self._one("SELECT source, manifest, scope, read_in_full, ahead FROM templates WHERE name = ?")
        if row is None:
            return None
        source, manifest, scope, read_in_full, ahead = row
        return Remembered(
            source,
            Manifest.model_validate_json(manifest) if manifest else None,
            scope,
            datetime.fromisoformat(read_in_full) if read_in_full else None,
            timedelta(seconds=ahead),
        )

    def remember(self, remembered: Remembered) -> None:
        """Set what is remembered of the template."""
        values = (
            self._template,
            remembered.source,
            remembered.manifest.model_dump_json() if remembered.manifest else None,
            remembered.scope,
            remembered.read_in_full.isoformat() if remembered.read_in_full else None,
            remembered.ahead.total_seconds(),
        )
        self._connection.execute("INSERT OR REPLACE INTO templates VALUES (?, ?, ?, ?, ?, ?)", values)

    # --- the cache

    def cache(self) -> Cache:
        """Return the pages as they were last read."""
        pages: dict[str, dict[NotionId, SnapshotPage]] = {}
        for page in self._pages():
            pages.setdefault(page.database, {})[page.id] = page
        marks = self._all("SELECT database, read_at FROM marks WHERE template = ?")
        absent = self._all("SELECT page, reason FROM absent WHERE template = ?")
        return Cache(pages, {key: datetime.fromisoformat(at) for key, at in marks}, dict(absent))

    def keep(
        self,
        pages: Iterable[SnapshotPage],
        marks: Mapping[str, datetime],
        absent: Mapping[NotionId, str],
        *,
        anew: bool = False,
    ) -> None:
        """Remember pages that were read, in one transaction; `anew` forgets all others."""
        with self._transaction():
            if anew:
                for table in ("pages", "marks", "absent"):
                    self._connection.execute(f"DELETE FROM {table} WHERE template = ?", (self._template,))  # noqa: S608
            self._put_pages(pages)
            self._put("marks", ((database, at.isoformat()) for database, at in marks.items()))
            self._put("absent", absent.items())

    def option_names(self) -> dict[str, str]:
        """Return the names that options were last seen with, by id."""
        return dict(self._all("SELECT option, name FROM option_names WHERE template = ?"))

    def keep_option_names(self, names: Mapping[str, str]) -> None:
        """Remember the names of options."""
        with self._transaction():
            self._put("option_names", names.items())

    # --- the baseline

    def baseline(self) -> dict[NotionId, dict[str, BaseValue]]:
        """Return what pages held after the last sync, by page and property."""
        found: dict[NotionId, dict[str, BaseValue]] = {}
        rows = self._all("SELECT page, property, held, derived, starter FROM baseline WHERE template = ?")
        for page, key, held, derived, starter in rows:
            value = BaseValue(from_json(held), from_json(derived), bool(starter))
            found.setdefault(page, {})[key] = value
        return found

    def keep_baseline(self, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
        """Remember what pages hold after a sync, in one transaction."""
        with self._transaction():
            self._put_baseline(pages)

    def intents(self) -> dict[NotionId, dict[str, Intent]]:
        """Return what interrupted runs were about to write."""
        found: dict[NotionId, dict[str, Intent]] = {}
        rows = self._all("SELECT page, property, held, derived, starter, before FROM intents WHERE template = ?")
        for page, key, held, derived, starter, before in rows:
            memory = BaseValue(from_json(held), from_json(derived), bool(starter))
            found.setdefault(page, {})[key] = Intent(memory, from_json(before))
        return found

    def begin_writing(self, pages: Mapping[NotionId, Mapping[str, BaseValue]], intents: Intents) -> None:
        """Remember what pages hold that are not written or were taken up, and what is about to be written."""
        with self._transaction():
            for page_id in (*pages, *intents):
                self._drop_intent(page_id)
            self._put_baseline(pages)
            self._put(
                "intents",
                (
                    (page, key, *_encoded(each.memory), to_json(each.before))
                    for page, values in intents.items()
                    for key, each in values.items()
                ),
            )

    def keep_written(self, page: SnapshotPage, memory: Mapping[str, BaseValue]) -> None:
        """Remember a page that was just written: what it holds now, and its baseline, in one transaction."""
        with self._transaction():
            self._put_pages([page])
            self._put_baseline({page.id: memory})
            self._drop_intent(page.id)

    def forget(self, page_id: NotionId, reason: str) -> None:
        """Drop a page that is no longer there from the cache, and remember why."""
        with self._transaction():
            self._connection.execute("DELETE FROM pages WHERE template = ? AND page = ?", (self._template, page_id))
            self._put("absent", [(page_id, reason)])
            self._drop_intent(page_id)

    # --- SQL

    def _pages(self) -> Iterator[SnapshotPage]:
        rows = self._all("SELECT page, database, title, url, last_edited, held FROM pages WHERE template = ?")
        for page, database, title, url, edited, held in rows:
            yield SnapshotPage(page, database, title, url, datetime.fromisoformat(edited), values_from_json(held))

    def _put_pages(self, pages: Iterable[SnapshotPage]) -> None:
        self._put(
            "pages",
            (
                (
                    page.id,
                    page.database,
                    page.title,
                    page.url,
                    page.last_edited.isoformat(),
                    values_to_json(page.values),
                )
                for page in pages
            ),
        )

    def _put_baseline(self, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
        self._put(
            "baseline",
            ((page, key, *_encoded(value)) for page, values in pages.items() for key, value in values.items()),
        )

    def _drop_intent(self, page_id: NotionId) -> None:
        self._connection.execute("DELETE FROM intents WHERE template = ? AND page = ?", (self._template, page_id))

    def _put(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert or replace rows; `template` is the first column of every table."""
        for row in rows:
            places = ", ".join("?" * (len(row) + 1))
            statement = f"INSERT OR REPLACE INTO {table} VALUES ({places})"  # noqa: S608
            self._connection.execute(statement, (self._template, *row))

    def _one(self, statement: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(statement, (self._template,)).fetchone()
        return row

    def _all(self, statement: str) -> list[Any]:
        return self._connection.execute(statement, (self._template,)).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _encoded(value: BaseValue) -> tuple[str, str, bool]:
    return to_json(value.value), to_json(value.derived), value.starter


def known_templates(directory: Path) -> dict[str, str]:
    """Return the templates that were synced here: name -> where its file is."""
    if not (directory / FILE).exists():
        return {}
    try:
        with closing(_opened(directory / FILE)) as connection:
            return dict(connection.execute("SELECT name, source FROM templates ORDER BY name"))
    except sqlite3.Error as error:
        raise _unusable(directory / FILE, error) from error


def _opened(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, isolation_level=None, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _unusable(file: Path, error: Exception) -> FileUnusable:
    return FileUnusable(
        file,
        str(error),
        "It is what sync remembers. Look at your rights to it and the room on the disk; NOTION_PM_STATE names another "
        "folder. Where it is damaged move it away: sync then reports values that differ rather than write over them.",
    )
