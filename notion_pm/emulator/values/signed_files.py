"""URLs of hosted files. Like those of the service they are signed and expire after an hour.

See notion-api.md 2.8. The store has a URL that never changes. Each response signs it again.
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
    r"https?://[^\s/]+/files/(?P<id>[0-9a-f-]{36})/(?P<name>[^\s?)\"]*)"
    r"\?expires=\d+&signature=[0-9a-f]+"
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the URLs of files with the secret of a workspace, which is served at `origin`."""

    secret: str
    origin: str
    now: datetime

    def sign_all(self, value: Any) -> Any:
        """Return JSON with the URL of every hosted file signed, also inside Markdown."""
        if isinstance(value, str):
            return _STORED.sub(self._sign, value)
        if isinstance(value, list):
            return [self.sign_all(item) for item in value]
        if not isinstance(value, dict):
            return value
        signed = {key: self.sign_all(item) for key, item in value.items()}
        if "expiry_time" in value and str(value.get("url")).startswith(FILES_URL):
            expiry = self._expiry().astimezone(UTC)
            signed["expiry_time"] = expiry.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return signed

    def _expiry(self) -> datetime:
        return self.now + _SIGNED_FOR

    def _sign(self, found: re.Match[str]) -> str:
        expires = int(self._expiry().timestamp())
        signature = self._signature(found["id"], expires)
        url = f"{self.origin.rstrip('/')}{PATH}{found['id']}/{found['name']}"
        return f"{url}?expires={expires}&signature={signature}"

    def is_open(self, upload_id: str, expires: str | None, signature: str | None) -> bool:
        """Return whether a URL was signed by this workspace and has not expired."""
        # `str.isdigit` would accept digits that `int` does not, and a very long number is slow.
        if expires is None or not re.fullmatch("[0-9]{1,11}", expires):
            return False
        if int(expires) < self.now.timestamp():
            return False
        expected = self._signature(upload_id, int(expires))
        return hmac.compare_digest(expected.encode(), (signature or "").encode(errors="replace"))

    def _signature(self, upload_id: str, expires: int) -> str:
        message = f"{upload_id}:{expires}".encode()
        return hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()


def as_stored(value: Any) -> Any:
    """Return a request's JSON with signed URLs turned back into stored ones.

    Clients read Markdown with signed URLs and send it back changed.
    """
    if isinstance(value, str):
        return _SIGNED.sub(rf"{FILES_URL}/\g<id>/\g<name>", value)
    if isinstance(value, list):
        return [as_stored(item) for item in value]
    if isinstance(value, dict):
        return {key: as_stored(item) for key, item in value.items()}
    return value


def contents(db: sqlite3.Connection, upload_id: str) -> tuple[bytes, str] | None:
    """Return the bytes and the content type of a file, None if it does not exist."""
    row = db.execute("SELECT content_type FROM file_uploads WHERE id = ?", (upload_id,)).fetchone()
    if row is None:
        return None
    parts = db.execute(
        "SELECT data FROM file_parts WHERE upload_id = ? ORDER BY number", (upload_id,)
    ).fetchall()
    return b"".join(part[0] for part in parts), row[0] or "application/octet-stream"
