"""The verification token of webhooks, and the ids of received events; both are stored in files."""

from __future__ import annotations

import hmac
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from notion_pm.errors import FileUnusable
from notion_pm.files.writing import prepare_private_database, write_private

TOKEN_FILE = "webhook-token"  # noqa: S105
EVENTS_FILE = "webhook-events.sqlite"


def read_token(directory: Path) -> str | None:
    """Return the stored verification token, or None. Raises FileUnusable."""
    try:
        return (directory / TOKEN_FILE).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnusable(directory / TOKEN_FILE, str(error)) from error


def keep_token(directory: Path, token: str) -> None:
    """Store the verification token. Raises FileUnusable."""
    write_private(directory / TOKEN_FILE, f"{token}\n")


class SeenEvents:
    """The ids of received events, so that a delivery that is repeated or replayed counts once."""

    def __init__(self, directory: Path, *, keep: timedelta) -> None:
        """Open the record. Raises FileUnusable."""
        self._keep = keep
        self._lock = threading.Lock()
        prepare_private_database(directory / EVENTS_FILE)
        try:
            self._db = sqlite3.connect(
                directory / EVENTS_FILE, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS events"
                " (id TEXT PRIMARY KEY, seen REAL NOT NULL) WITHOUT ROWID"
            )
            self._db.execute("CREATE INDEX IF NOT EXISTS by_time ON events (seen)")
        except sqlite3.Error as error:
            raise FileUnusable(directory / EVENTS_FILE, str(error)) from error

    def is_new(self, event_id: str, now: datetime) -> bool:
        """Store the id of an event; return whether it is new. Delete old ids."""
        with self._lock:
            self._db.execute("DELETE FROM events WHERE seen < ?", ((now - self._keep).timestamp(),))
            row = (event_id, now.timestamp())
            return self._db.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", row).rowcount == 1

    def close(self) -> None:
        """Close the record."""
        with self._lock:
            self._db.close()


class Key:
    """The verification token, which is the key of signatures.

    While it is open, the first handshake sets it; `keep` stores it and shows it to the operator.
    """

    def __init__(self, token: str | None, *, is_open: bool, keep: Callable[[str], None]) -> None:
        self._lock = threading.Lock()
        self._token = token
        self._is_open = is_open
        self._keep = keep

    @property
    def token(self) -> str | None:
        """The token, None while there was no handshake."""
        return self._token

    def offer(self, token: str) -> bool:
        """Set the token of a handshake; return whether it is the one that counts now.

        A handshake is not signed, so the first one wins. If that was not Notion's, the token that
        the operator sees does not fit in Notion, and no subscription begins.
        """
        with self._lock:
            if not self._is_open:
                return self._token is not None and hmac.compare_digest(
                    self._token.encode(), token.encode()
                )
            self._keep(token)
            self._token, self._is_open = token, False
            return True
