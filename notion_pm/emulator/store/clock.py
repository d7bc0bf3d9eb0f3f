"""Time as the local workspace keeps it (microseconds, UTC) and as the API shows it (notion-api.md 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is moved: for tests and for replaying a failure."""

    now: datetime = field(default_factory=lambda: datetime(2026, 7, 1, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        """Move on by a timedelta's keywords: `clock.advance(minutes=2)`."""
        self.now += timedelta(**delta)


@dataclass(slots=True)
class AdjustableClock:
    """A clock that can be set to another moment, from which it runs on."""

    base: Clock
    _ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return self.base() + self._ahead

    def set(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self._ahead = moment - self.base()

    def reset(self) -> None:
        """Return to the time of the clock underneath."""
        self._ahead = timedelta()


def stored(moment: datetime) -> str:
    """Write a moment for the store: fixed width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_the_minute(stored_time: str) -> str:
    """Show a stored time as pages, data sources, blocks and comments do: cut to the minute."""
    return f"{stored_time[:16]}:00.000Z"


def to_the_millisecond(stored_time: str) -> str:
    """Show a stored time as databases and views do."""
    return f"{stored_time[:23]}+00:00"
