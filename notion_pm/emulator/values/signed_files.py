"""Hosted files: addresses that open for an hour to whoever has them, as the real service's do (notion-api.md 2.8).

The store keeps an address that never changes; each response shows it signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from notion_pm.emulator.values.file_uploads import FILES_URL

PATH = "/files/"
_SIGNED_FOR = timedelta(hours=1)
_STORED = re.compile(rf"{re.escape(FILES_URL)}/(?P<id>[0-9a-f-]{{36}})/(?P<name>[^\s?)\"]*)")
_SIGNED = re.compile(
    r"https?://[^\s/]+/files/(?P<id>[0-9a-f-]{36})/(?P<name>[^\s?)\"]*)\?expires=\d+&signature=[0-9a-f]+"
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the addresses of files with a workspace's own secret; `origin` is where the workspace is served."""

    secret: str
    origin: str
    now: datetime

    def shown(self, value: Any) -> Any:
        """Return a response with every hosted file's address signed, also in Markdown."""
        if isinstance(value, str):
            return _STORED.sub(self._signed, value)
        if isinstance(value, list):
            return [self.shown(item) for item in value]
        if not isinstance(value, dict):
            return value
        shown = {key: self.shown(each) for key, each in value.items()}
        if "expiry_time" in value and str(value.get("url")).startswith(FILES_URL):
            shown["expiry_time"] = self._expiry().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return shown

    def _expiry(self) -> datetime:
        return self.now + _SIGNED_FOR

    def _signed(self, found: re.Match[str]) -> str:
        expires = int(self._expiry().timestamp())
        signature = self._signature(found["id"], expires)
        place = f"{self.origin.rstrip('/')}{PATH}{found['id']}/{found['name']}"
        return f"{place}?expires={expires}&signature={signature}"

    def is_open(self, upload_id: str, expires: str | None, signature: str | None) -> bool:
        """Return whether an address was signed here and has not expired."""
        # Ten digits last until the year 2286. Others than ASCII ones are digits too, and not numbers.
        if (
            not re.fullmatch("[0-9]{1,11}", expires or "")
            or int(expires or 0) < self.now.timestamp()
        ):
            return False
        expected = self._signature(upload_id, int(expires or 0))
        return hmac.compare_digest(expected.encode(), (signature or "").encode(errors="replace"))

    def _signature(self, upload_id: str, expires: int) -> str:
        return hmac.new(
            self.secret.encode(), f"{upload_id}:{expires}".encode(), hashlib.sha256
        ).hexdigest()


def as_stored(value: Any) -> Any:
    """Return what a request sends with the signed addresses that it was shown before made into stored ones."""
    if isinstance(value, str):
        return _SIGNED.sub(rf"{FILES_URL}/\g<id>/\g<name>", value)
    if isinstance(value, list):
        return [as_stored(item) for item in value]
    return (
        {key: as_stored(each) for key, each in value.items()} if isinstance(value, dict) else value
    )


def contents(db: sqlite3.Connection, upload_id: str) -> tuple[bytes, str] | None:
    """Return a file's bytes and type, if it is there."""
    row = db.execute("SELECT content_type FROM file_uploads WHERE id = ?", (upload_id,)).fetchone()
    if row is None:
        return None
    parts = db.execute(
        "SELECT data FROM file_parts WHERE upload_id = ? ORDER BY number", (upload_id,)
    ).fetchall()
    return b"".join(part[0] for part in parts), row[0] or "application/octet-stream"
