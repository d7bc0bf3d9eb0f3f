"""Open a local workspace: its SQLite file, and the WSGI application that serves it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from notion_pm.emulator.faults import NO_FAULTS, FaultInjector, FaultMiddleware, Faults
from notion_pm.emulator.http.app import create_app
from notion_pm.emulator.http.app_actions import AppActions
from notion_pm.emulator.http.app_routes import app_routes
from notion_pm.emulator.http.control import Controls, with_control
from notion_pm.emulator.http.traffic import Recorder
from notion_pm.emulator.pages import duplicate, page_templates
from notion_pm.emulator.sample_data import SampleRows
from notion_pm.emulator.store import bootstrap, connections
from notion_pm.emulator.store.access import CAPABILITIES
from notion_pm.emulator.store.clock import AdjustableClock, Clock, system_clock, to_stored
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.webhooks import Pace, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_SAMPLE_TITLE = "Test data"
DEFAULT_PACE = Pace()
TEMPLATE_DELAY = timedelta(seconds=1)
_RECORD_VARIABLE = "NOTION_PM_LOCAL_RECORD"


@dataclass(frozen=True, slots=True)
class LocalWorkspace:
    """An open workspace.

    Give `app` to httpx.WSGITransport or a server, and call `close` at the end.
    """

    app: WSGIApplication
    token: str = field(repr=False)
    root_page_id: str
    path: Path
    faults: FaultInjector
    """The current faults, what they have done so far, and a way to change them."""
    webhooks: Webhooks
    _store: Store = field(repr=False)
    _settings: Settings = field(repr=False)
    _clock: Clock = field(repr=False)

    def connect(
        self, name: str, capabilities: Iterable[str] | None = None, shared: Iterable[str] = ()
    ) -> str:
        """Add or change another connection and return its token.

        `capabilities`: without them it has all. `shared`: the ids of the pages and databases that
        it sees, with everything inside them; without them it sees the root page. Raises ApiError
        for an unknown capability or id.
        """
        with self._store.transaction(write=True) as db:
            visible = list(shared) or [self.root_page_id]
            connection = connections.connect(
                db, self._settings, name, capabilities or CAPABILITIES, visible
            )
        return connection.token

    def fill(
        self,
        data_source_id: str | None,
        count: int,
        *,
        seed: int = 0,
        progress: Callable[[int], object] = lambda done: None,
    ) -> str:
        """Add rows of test data to a data source and return its id. Without an id, make a new one.

        `progress` is called with the number of rows added so far. Raises ApiError (404) if there is
        no such data source.
        """
        sample_rows = SampleRows(self._store, self._settings, self._clock)
        data_source_id = data_source_id or sample_rows.new_data_source(_SAMPLE_TITLE)
        sample_rows.fill(data_source_id, count, seed, progress)
        return data_source_id

    def add_template(
        self, data_source_id: str, name: str, markdown: str, *, is_default: bool = False
    ) -> str:
        """Add a page template to a data source, as people do in Notion's app, and return its id.

        Raises ApiError (404) if there is no such data source.
        """
        with self._store.transaction(write=True) as db:
            session = Session(db, self._clock(), NEW_VERSION, self._settings)
            return page_templates.add(
                session, data_source_id, name, markdown, is_default=is_default
            )

    def duplicate(self, page_id: str) -> str:
        """Duplicate a page with everything on it, as people do in Notion's app.

        Return the id of the duplicate. Raises ApiError (404) if there is no such page.
        """
        with self._store.transaction(write=True) as db:
            return duplicate.duplicate(
                Session(db, self._clock(), NEW_VERSION, self._settings), page_id
            )

    def counts(self) -> dict[str, int]:
        """Return the number of pages, rows, databases and other objects, by kind."""
        with self._store.transaction(write=False) as db:
            return bootstrap.count_objects(db)

    def reset(self) -> None:
        """Delete everything except tokens, users and webhook subscriptions.

        The root page keeps its id.
        """
        _reset(self._store, self._settings, self._clock)

    def copy(self, target: Path) -> None:
        """Copy the workspace to a new file, even while it is served. Raises FileExistsError."""
        with self._store.connection() as db:
            bootstrap.copy_file(db, target)

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
    faults: Faults = NO_FAULTS,
    sleep: Callable[[float], object] = time.sleep,
    webhook_pace: Pace = DEFAULT_PACE,
) -> LocalWorkspace:
    """Open a workspace file.

    A new one gets a bot, a person, a token and a page shared with the bot.

    `record`: a file to append the traffic to (default: the variable NOTION_PM_LOCAL_RECORD).
    `search_lag`: how long search does not find a new or renamed object, like the real index.
    `template_delay`: how long a page waits for its template.
    `faults`: disturb the API's clients. When they drop a connection, `app` raises
    faults.ConnectionDroppedError, an httpx.RemoteProtocolError.

    Webhooks are sent while the workspace is served, or when `webhooks.deliver` is called.
    """
    true_clock = clock or system_clock
    clock = AdjustableClock(true_clock)
    store = Store(Path(path))
    with store.transaction(write=True) as db:
        settings = _read_settings(db, search_lag, template_delay)
        if settings is None:
            bootstrap.create_workspace(db, to_stored(clock()))
            settings = _read_settings(db, search_lag, template_delay)
    assert settings is not None

    # Requests pass through the layers from the last to the first: control routes, faults, the
    # recorder of the traffic, the API.
    injector = FaultInjector(faults)
    api = create_app(store, settings, clock)
    app = _with_recorder(api, record)
    # Rate limits use the true time: a workspace with its clock set back must still answer.
    app = FaultMiddleware(app, injector, true_clock, sleep)
    webhooks = Webhooks(store, settings, clock, webhook_pace)
    routes = app_routes(AppActions(store, settings, clock), clock, api)
    controls = Controls(
        settings.token, injector, webhooks, lambda: _reset(store, settings, clock), routes
    )
    app = with_control(app, controls)
    return LocalWorkspace(
        app=app,
        token=settings.token,
        root_page_id=settings.root_page_id,
        path=Path(path),
        faults=injector,
        webhooks=webhooks,
        _store=store,
        _settings=settings,
        _clock=clock,
    )


def _with_recorder(app: WSGIApplication, record: Path | str | None) -> WSGIApplication:
    """Record what the API answers, before faults change it."""
    record = record or os.environ.get(_RECORD_VARIABLE)
    return Recorder(app, Path(record)) if record else app


def _read_settings(
    db: sqlite3.Connection, search_lag: timedelta, template_delay: timedelta
) -> Settings | None:
    """Return the settings of a file, None for a new file."""
    rows = dict(db.execute("SELECT key, value FROM settings").fetchall())
    if not rows:
        return None
    return Settings(**rows, search_lag=search_lag, template_delay=template_delay)


def _reset(store: Store, settings: Settings, clock: Clock) -> None:
    with store.transaction(write=True) as db:
        bootstrap.reset_workspace(db, settings, to_stored(clock()))
