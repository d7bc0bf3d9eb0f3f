"""A local workspace: its file, opened, and the WSGI application that serves it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from notion_pm.emulator.faults import CALM, Conditions, Weather, WeatherFront
from notion_pm.emulator.http.app import create_app
from notion_pm.emulator.http.app_actions import AppActions
from notion_pm.emulator.http.app_routes import app_routes
from notion_pm.emulator.http.control import Controls, with_control
from notion_pm.emulator.http.traffic import Recorder
from notion_pm.emulator.pages import duplicate, page_templates
from notion_pm.emulator.store import bootstrap, connections, state
from notion_pm.emulator.store.access import CAPABILITIES
from notion_pm.emulator.store.clock import AdjustableClock, Clock, stored, system_clock
from notion_pm.emulator.store.fill import Filler
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.webhooks import Pace, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_FILLED_TITLE = "Test data"
DEFAULT_PACE = Pace()
TEMPLATE_DELAY = timedelta(seconds=1)
_RECORD_VARIABLE = "NOTION_PM_LOCAL_RECORD"


@dataclass(frozen=True, slots=True)
class LocalWorkspace:
    """A handle on an open workspace: give `app` to httpx.WSGITransport or to a server, and close it at the end."""

    app: WSGIApplication
    token: str = field(repr=False)
    root_page_id: str
    path: Path
    weather: Conditions
    """The weather, what it has done so far, and a way to change it."""
    webhooks: Webhooks
    _store: Store = field(repr=False)
    _settings: Settings = field(repr=False)
    _clock: Clock = field(repr=False)

    def connect(
        self, name: str, capabilities: Iterable[str] | None = None, shared: Iterable[str] = ()
    ) -> str:
        """Make or change a further connection and return its token.

        Without `capabilities` it has all. `shared` are ids of pages and databases, with all that stands in them;
        without, it sees the root page. Raises ApiError for an unknown capability or id.
        """
        with self._store.transaction(write=True) as db:
            seen = list(shared) or [self.root_page_id]
            made = connections.connect(db, self._settings, name, capabilities or CAPABILITIES, seen)
        return made.token

    def fill(
        self,
        data_source_id: str | None,
        count: int,
        *,
        seed: int = 0,
        progress: Callable[[int], object] = lambda done: None,
    ) -> str:
        """Add rows of test data to a data source, or to one of a new database, and return its id.

        `progress` is told how many rows are there. Raises ApiError (404) where there is no such data source.
        """
        filler = Filler(self._store, self._settings, self._clock)
        data_source_id = data_source_id or filler.new_data_source(_FILLED_TITLE)
        filler.fill(data_source_id, count, seed, progress)
        return data_source_id

    def add_template(
        self, data_source_id: str, name: str, markdown: str, *, is_default: bool = False
    ) -> str:
        """Give a data source a page template, as people do in Notion's app, and return its id.

        Raises ApiError (404) where there is no such data source.
        """
        with self._store.transaction(write=True) as db:
            session = Session(db, self._clock(), NEW_VERSION, self._settings)
            return page_templates.add(
                session, data_source_id, name, markdown, is_default=is_default
            )

    def duplicate(self, page_id: str) -> str:
        """Duplicate a page with everything on it, as people do in Notion's app, and return the id of the duplicate.

        Raises ApiError (404) where there is no such page.
        """
        with self._store.transaction(write=True) as db:
            return duplicate.duplicate(
                Session(db, self._clock(), NEW_VERSION, self._settings), page_id
            )

    def counts(self) -> dict[str, int]:
        """Return how many pages, rows, databases... the workspace holds."""
        with self._store.transaction(write=False) as db:
            return state.counts(db)

    def reset(self) -> None:
        """Throw everything away but tokens, users and webhook subscriptions; the root page keeps its id."""
        _reset(self._store, self._settings, self._clock)

    def copy(self, target: Path) -> None:
        """Copy the workspace to a new file, also while it is being served. Raises FileExistsError."""
        with self._store.connection() as db:
            state.copy(db, target)

    def close(self) -> None:
        """Close the file."""
        self._store.close()


def open_workspace(
    path: Path | str,
    *,
    clock: Clock | None = None,
    record: Path | str | None = None,
    search_lag: timedelta = timedelta(),
    template_delay: timedelta = TEMPLATE_DELAY,
    weather: Weather = CALM,
    sleep: Callable[[float], object] = time.sleep,
    webhook_pace: Pace = DEFAULT_PACE,
) -> LocalWorkspace:
    """Open a workspace file; a new one gets a bot, a person, a token and a page shared with the bot.

    `record` (else the variable NOTION_PM_LOCAL_RECORD) names a file to which the traffic is appended. `search_lag` is
    how long a new or renamed object stays unknown to search, as the real index lags; `template_delay`, how long a page
    waits for its template. `weather` troubles the API's clients; where it drops a connection, `app` raises
    weather.ConnectionDroppedError, an httpx.RemoteProtocolError.
    Webhooks are sent while the workspace is served, or when `webhooks.deliver` is called.
    """
    true_clock = clock or system_clock
    clock = AdjustableClock(true_clock)
    store = Store(Path(path))
    with store.transaction(write=True) as db:
        settings = _settings(db, search_lag, template_delay)
        if settings is None:
            bootstrap.found(db, stored(clock()))
            settings = _settings(db, search_lag, template_delay)
    assert settings is not None
    conditions = Conditions(weather)
    api = create_app(store, settings, clock)
    # The limits of requests go by the true time: a workspace whose clock is set back must not stop answering.
    app: WSGIApplication = WeatherFront(_recorded(api, record), conditions, true_clock, sleep)
    webhooks = Webhooks(store, settings, clock, webhook_pace)
    routes = app_routes(AppActions(store, settings, clock), clock, api)
    controls = Controls(
        settings.token, conditions, webhooks, lambda: _reset(store, settings, clock), routes
    )
    app = with_control(app, controls)
    return LocalWorkspace(
        app,
        settings.token,
        settings.root_page_id,
        Path(path),
        conditions,
        webhooks,
        store,
        settings,
        clock,
    )


def _recorded(app: WSGIApplication, record: Path | str | None) -> WSGIApplication:
    """Record what the workspace itself says; the weather comes between that and the client."""
    record = record or os.environ.get(_RECORD_VARIABLE)
    return Recorder(app, Path(record)) if record else app


def _settings(
    db: sqlite3.Connection, search_lag: timedelta, template_delay: timedelta
) -> Settings | None:
    rows = dict(db.execute("SELECT key, value FROM settings").fetchall())
    return Settings(**rows, search_lag=search_lag, template_delay=template_delay) if rows else None


def _reset(store: Store, settings: Settings, clock: Clock) -> None:
    with store.transaction(write=True) as db:
        bootstrap.reset(db, settings, stored(clock()))
