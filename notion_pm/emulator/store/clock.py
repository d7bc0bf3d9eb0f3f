"""Times: as the workspace stores them (microseconds, UTC) and as responses show them.

The precision of responses differs between kinds of objects (notion-api.md 4.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that only moves when it `advance` is called, for tests."""

    now: datetime = field(default_factory=lambda: datetime(2026, 7, 1, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        """Advance by the keywords of a timedelta: `clock.advance(minutes=2)`."""
        self.now += timedelta(**delta)


@dataclass(slots=True)
class AdjustableClock:
    """A clock that can be set to another time, and continues to run from there."""

    base: Clock
    _ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return self.base() + self._ahead

    def set(self, moment: datetime) -> None:
        """Make this moment the current time."""
        self._ahead = moment - self.base()

    def reset(self) -> None:
        """Use the time of the base clock again."""
        self._ahead = timedelta()


def to_stored(moment: datetime) -> str:
    """Return a moment as text of fixed width, so that the order of texts is the order of times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_the_minute(stored_time: str) -> str:
    """Return a stored time as pages, data sources, blocks and comments show it."""
    return f"{stored_time[:16]}:00.000Z"


def to_the_millisecond(stored_time: str) -> str:
    """Return a stored time as databases and views show it."""
    return f"{stored_time[:23]}+00:00"
