"""Counts of requests, shown in summaries and asserted in tests."""

from __future__ import annotations

import threading


class RequestCounts:
    """How many requests were asked for (`logical`) and how many went over the wire (`attempts`); safe for threads.

    They differ by what was sent again: after a 429, a 5xx or a lost connection.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logical = 0
        self._attempts = 0

    def count_request(self) -> None:
        with self._lock:
            self._logical += 1

    def count_attempt(self) -> None:
        with self._lock:
            self._attempts += 1

    @property
    def logical(self) -> int:
        """Requests asked for."""
        return self._logical

    @property
    def attempts(self) -> int:
        """Requests sent, with those that were sent again."""
        return self._attempts
