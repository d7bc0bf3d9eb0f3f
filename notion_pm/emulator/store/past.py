"""Earlier states of the workspace, for queries that lag (see Behaviour.query_lag).

Before each write, a reading transaction is opened on its own connection. As long as it is open,
SQLite (in WAL mode) keeps the state that it has seen.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from notion_pm.emulator.store.store import Store


class Past:
    """The states before recent writes.

    Threads may share it: one query at a time reads an old state.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._states: deque[tuple[datetime, sqlite3.Connection]] = deque()

    def keep_present(self, moment: datetime, lag: float) -> None:
        """Keep the state before a write for `lag` seconds. Without a lag, keep nothing."""
        with self._lock:
            self._close_older_than(moment - timedelta(seconds=lag), keep_any=lag > 0)
            if lag:
                # A connection of its own, because the transaction stays open across requests.
                db = self._store.reader()
                db.execute("BEGIN")
                # BEGIN alone does not fix the state that a transaction sees: the first read does.
                db.execute("SELECT count(*) FROM settings").fetchone()
                self._states.append((moment, db))

    def _close_older_than(self, oldest: datetime, *, keep_any: bool) -> None:
        while self._states:
            written, db = self._states[0]
            if keep_any and written > oldest:
                return
            db.close()
            self._states.popleft()

    @contextmanager
    def state_at(self, moment: datetime) -> Iterator[sqlite3.Connection]:
        """Return a connection that sees the workspace as it was at that moment."""
        with self._lock:
            # The oldest kept state that was replaced after the moment is what was visible then.
            older_state = None
            for written, db in self._states:
                if written > moment:
                    older_state = db
                    break
            if older_state is not None:
                yield older_state
                return
        # Nothing was written since: the present is what was visible then.
        with self._store.transaction(write=False) as db:
            yield db
