"""One request's view of the workspace: its transaction, its moment, its version, and who is asking."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from notion_pm.emulator.blocks import trash
from notion_pm.emulator.http.errors import ApiError, object_not_found, wrong_kind
from notion_pm.emulator.store.access import EVERYTHING, Access
from notion_pm.emulator.store.clock import stored
from notion_pm.emulator.store.records import (
    DATA_SOURCES,
    DATABASES,
    PAGES,
    Database,
    DataSource,
    Page,
)

OLD_VERSION = "2025-09-03"
NEW_VERSION = "2026-03-11"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a workspace file says about itself."""

    workspace_id: str
    workspace_name: str
    bot_id: str
    integration_name: str
    token: str
    root_page_id: str
    search_lag: timedelta = timedelta()
    template_delay: timedelta = timedelta()
    is_person: bool = False
    """Whether a person acts, in Notion's app, which can do some things that the API cannot."""


@dataclass(slots=True)
class Session:
    """What the laws of the workspace need besides the request; lives as long as one transaction."""

    db: sqlite3.Connection
    moment: datetime
    version: str
    settings: Settings
    access: Access = EVERYTHING
    _data_sources: dict[str, DataSource | None] = field(default_factory=dict)
    below_trash: dict[str, bool] = field(default_factory=dict)
    """Whether a thing is in the trash or below it, by id: what trash.py has found out for this request."""

    @property
    def now(self) -> str:
        """The moment as the store writes it."""
        return stored(self.moment)

    @property
    def is_old(self) -> bool:
        """Whether the request speaks 2025-09-03 or older, where trash is also called `archived`."""
        return self.version <= OLD_VERSION

    def sees(self, notion_id: str) -> bool:
        """Return whether something is shared with who is asking."""
        return self.access.sees(self.db, notion_id)

    def database(self, database_id: str) -> Database:
        """Return a database; raises 404 where there is none, or none that is shared, and 400 for a page."""
        self._check_shared("database", database_id)
        found = DATABASES.find(self.db, database_id)
        if found is None and PAGES.find(self.db, database_id):
            raise wrong_kind(database_id, "page", "database")
        return found or self._missing("database", database_id)

    def page(self, page_id: str) -> Page:
        """Return a page; raises 404 where there is none, or none that is shared, and 400 for a database."""
        self._check_shared("page", page_id)
        found = PAGES.find(self.db, page_id)
        if found is None and DATABASES.find(self.db, page_id):
            raise wrong_kind(page_id, "database", "page")
        return found or self._missing("page", page_id)

    def data_source(self, data_source_id: str) -> DataSource:
        """Return a data source, read once a request.

        Raises 404 where there is none, none that is shared, or where it stands below a trashed page (measured).
        """
        self._check_shared("data_source", data_source_id)
        found = self.known_data_source(data_source_id)
        database = DATABASES.find(self.db, found.database_id)
        if database is not None and trash.is_below_trash(self, database):
            raise self.not_found("data_source", data_source_id)
        return found

    def known_data_source(self, data_source_id: str) -> DataSource:
        """Return the data source that something shared refers to, shared itself or not."""
        return self.find_data_source(data_source_id) or self._missing("data_source", data_source_id)

    def known_database(self, database_id: str) -> Database:
        """Return the database that something shared refers to, shared itself or not."""
        return DATABASES.find(self.db, database_id) or self._missing("database", database_id)

    def find_data_source(self, data_source_id: str) -> DataSource | None:
        """Return a data source if there is one."""
        if data_source_id not in self._data_sources:
            self._data_sources[data_source_id] = DATA_SOURCES.find(self.db, data_source_id)
        return self._data_sources[data_source_id]

    def data_sources_of(self, database_id: str) -> list[DataSource]:
        """Return a database's data sources that are not in the trash, in order of creation."""
        return DATA_SOURCES.select(
            self.db, "WHERE database_id = ? AND in_trash = 0 ORDER BY seq", (database_id,)
        )

    def save_data_source(self, data_source: DataSource) -> DataSource:
        """Replace a data source, in the file and for the rest of this request."""
        DATA_SOURCES.update(self.db, data_source)
        self._data_sources[data_source.id] = data_source
        return data_source

    def not_found(self, kind: str, notion_id: str) -> ApiError:
        """Make the 404 in the words the service uses."""
        integration = {"id": self.settings.bot_id, "name": self.settings.integration_name}
        return object_not_found(kind, notion_id, integration)

    def _check_shared(self, kind: str, notion_id: str) -> None:
        if not self.sees(notion_id):
            raise self.not_found(kind, notion_id)

    def _missing(self, kind: str, notion_id: str) -> NoReturn:
        raise self.not_found(kind, notion_id)
