"""The time by the server's clock, as its answers state it.

Times that Notion stores are compared with it. The clock of this machine may be minutes ahead or behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class ServerClock:
    """Goes on from the `Date` of the last answer. Safe for threads.

    `monotonic` counts seconds, from any moment on.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None

    def note(self, date: str | None) -> None:
        """Remember the `Date` header of an answer that has just arrived. One that is no date changes nothing."""
        try:
            moment = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        if moment.tzinfo is None:  # "-0000": a time of UTC whose place is unknown
            moment = moment.replace(tzinfo=UTC)
        self._last = (moment.astimezone(UTC), self._monotonic())

    def now(self) -> datetime | None:
        """Return the time, up to a second and the way of the answer too early; None before the first answer."""
        if self._last is None:
            return None
        moment, arrived = self._last
        return moment + timedelta(seconds=self._monotonic() - arrived)
