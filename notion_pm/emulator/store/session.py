"""The session of one request: its transaction, time, API version, and who sent it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from notion_pm.emulator.blocks import trash
from notion_pm.emulator.http.errors import ApiError, object_not_found, wrong_kind
from notion_pm.emulator.store.access import EVERYTHING, Access
from notion_pm.emulator.store.clock import to_stored
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
    """The settings in a workspace file, and those given when it is opened."""

    workspace_id: str
    workspace_name: str
    bot_id: str
    integration_name: str
    token: str
    root_page_id: str
    search_lag: timedelta = timedelta()
    template_delay: timedelta = timedelta()
    is_person: bool = False
    """Whether a person acts in Notion's app, which can do more than the API."""


@dataclass(slots=True)
class Session:
    """The context of one request. It lives as long as its transaction."""

    db: sqlite3.Connection
    moment: datetime
    version: str
    settings: Settings
    access: Access = EVERYTHING
    _data_sources: dict[str, DataSource | None] = field(default_factory=dict)
    below_trash: dict[str, bool] = field(default_factory=dict)
    """Whether something is in the trash or below it, by id: what trash.py has looked up so far."""

    @property
    def now(self) -> str:
        """The time of the request, as the store writes it."""
        return to_stored(self.moment)

    @property
    def is_old(self) -> bool:
        """Whether the API version is 2025-09-03 or older, where `in_trash` is also `archived`."""
        return self.version <= OLD_VERSION

    def sees(self, notion_id: str) -> bool:
        """Return whether something is shared with the sender of the request."""
        return self.access.sees(self.db, notion_id)

    def database(self, database_id: str) -> Database:
        """Return a database.

        Raises 404 if it does not exist or is not shared, 400 if it is a page.
        """
        self._check_shared("database", database_id)
        found = DATABASES.find(self.db, database_id)
        # The error names the right endpoint for an id of the other kind.
        if found is None and PAGES.find(self.db, database_id):
            raise wrong_kind(database_id, "page", "database")
        return found or self._raise_not_found("database", database_id)

    def page(self, page_id: str) -> Page:
        """Return a page.

        Raises 404 if it does not exist or is not shared, 400 if it is a database.
        """
        self._check_shared("page", page_id)
        found = PAGES.find(self.db, page_id)
        if found is None and DATABASES.find(self.db, page_id):
            raise wrong_kind(page_id, "database", "page")
        return found or self._raise_not_found("page", page_id)

    def data_source(self, data_source_id: str) -> DataSource:
        """Return a data source.

        Raises 404 if it does not exist, is not shared, or is below a trashed page (measured).
        """
        self._check_shared("data_source", data_source_id)
        found = self.known_data_source(data_source_id)
        database = DATABASES.find(self.db, found.database_id)
        if database is not None and trash.is_below_trash(self, database):
            raise self.not_found("data_source", data_source_id)
        return found

    def known_data_source(self, data_source_id: str) -> DataSource:
        """Return a data source that a shared object refers to. It need not be shared itself."""
        return self.find_data_source(data_source_id) or self._raise_not_found(
            "data_source", data_source_id
        )

    def known_database(self, database_id: str) -> Database:
        """Return a database that a shared object refers to. It need not be shared itself."""
        return DATABASES.find(self.db, database_id) or self._raise_not_found(
            "database", database_id
        )

    def find_data_source(self, data_source_id: str) -> DataSource | None:
        """Return a data source, None if it does not exist. It is read once per request."""
        if data_source_id not in self._data_sources:
            self._data_sources[data_source_id] = DATA_SOURCES.find(self.db, data_source_id)
        return self._data_sources[data_source_id]

    def data_sources_of(self, database_id: str) -> list[DataSource]:
        """Return the data sources of a database, without those in the trash, oldest first."""
        return DATA_SOURCES.select(
            self.db, "WHERE database_id = ? AND in_trash = 0 ORDER BY seq", (database_id,)
        )

    def save_data_source(self, data_source: DataSource) -> DataSource:
        """Save a data source in the file and for the rest of this request, and return it."""
        DATA_SOURCES.update(self.db, data_source)
        self._data_sources[data_source.id] = data_source
        return data_source

    def not_found(self, kind: str, notion_id: str) -> ApiError:
        """Return the 404 with the wording of the service."""
        integration = {"id": self.settings.bot_id, "name": self.settings.integration_name}
        return object_not_found(kind, notion_id, integration)

    def _check_shared(self, kind: str, notion_id: str) -> None:
        if not self.sees(notion_id):
            raise self.not_found(kind, notion_id)

    def _raise_not_found(self, kind: str, notion_id: str) -> NoReturn:
        raise self.not_found(kind, notion_id)
