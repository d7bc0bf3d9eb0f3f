"""The key of signatures: Notion's verification token, given by the operator or by the first handshake."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable


class Key:
    """Knows the token. While it is open, a handshake may set it; then it is told to the operator, once, and closed."""

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
        """Take the token of a handshake, and return whether it is the one that counts now.

        Who is first may set it: a handshake is not signed. If that was not Notion, what it shows the operator does not
        fit, and no subscription begins.
        """
        with self._lock:
            if not self._is_open:
                return self._token is not None and hmac.compare_digest(
                    self._token.encode(), token.encode()
                )
            self._keep(token)
            self._token, self._is_open = token, False
            return True
