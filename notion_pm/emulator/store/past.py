"""The workspace as it was some seconds ago: for queries that lag behind, where the behaviour wants them to.

Before each write a reading transaction is begun on a connection of its own. SQLite keeps for it what it has seen.
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
    """States before recent writes. Safe for threads: one query reads an old state at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._states: deque[tuple[datetime, sqlite3.Connection]] = deque()

    def keep_present(self, moment: datetime, lag: float) -> None:
        """Keep the state before a write, as long as queries may still show it. Without a lag keep nothing."""
        with self._lock:
            while self._states and (
                not lag or self._states[0][0] <= moment - timedelta(seconds=lag)
            ):
                self._states.popleft()[1].close()
            if lag:
                db = self._store.reader()
                db.execute("BEGIN")
                db.execute(
                    "SELECT count(*) FROM settings"
                ).fetchone()  # only the first read pins the state
                self._states.append((moment, db))

    @contextmanager
    def state_at(self, moment: datetime) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees the workspace as it was then; the present where nothing was written since."""
        with self._lock:
            later = next((db for written, db in self._states if written > moment), None)
            if later is not None:
                yield later
                return
        with self._store.transaction(write=False) as db:
            yield db
