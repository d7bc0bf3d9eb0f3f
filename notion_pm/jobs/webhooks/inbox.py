"""What deliveries have named and no sync has read yet. HTTP threads put in, one listener takes out."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from notion_pm.jobs.webhooks.deliveries import NOTHING, Edit, Event, Named, named_by
from notion_pm.model.property_ids import as_received

MOST_QUIET_TIMES = 6
"""After this many quiet times since the first delivery a sync runs, also while more are coming."""
OWN_EDITS_KNOWN_FOR = 900.0
"""Seconds. Notion delivers within five minutes; a delivery that failed comes again later."""


@dataclass(slots=True)
class Counts:
    """What happened to the deliveries since the start. The names are those of /health."""

    taken: int = 0
    repeated: int = 0
    stale: int = 0
    our_own: int = 0
    of_no_concern: int = 0
    refused: int = 0


class Inbox:
    """Collects what is named until nothing has come for a while.

    The lock keeps the marks of the first and last delivery together with what waits.
    """

    def __init__(self, *, quiet: float, clock: Callable[[], float]) -> None:
        self._quiet = quiet
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = NOTHING
        self._first = self._last = -math.inf
        self._bot = ""
        self._written: dict[Edit, float] = {}
        self.counts = Counts()

    def put(self, event: Event) -> None:
        """Add an event: what it names waits to be read, unless the edit is our own."""
        with self._lock:
            named = named_by(event)
            if not named:
                self.counts.of_no_concern += 1
            elif self._is_our_own(event):
                self.counts.our_own += 1
            else:
                self.counts.taken += 1
                self._add(named)

    def put_back(self, named: Named) -> None:
        """Let what was taken out wait again, because the sync of it failed."""
        with self._lock:
            self._add(named)

    def take(self) -> Named:
        """Return what waits, and empty the inbox."""
        with self._lock:
            taken, self._waiting = self._waiting, NOTHING
            return taken

    @property
    def waiting(self) -> Named:
        """What waits to be read."""
        return self._waiting

    @property
    def due(self) -> float:
        """When to read what waits, by the clock; infinity when nothing waits."""
        with self._lock:
            if not self._waiting:
                return math.inf
            return min(self._last + self._quiet, self._first + MOST_QUIET_TIMES * self._quiet)

    def expect(self, bot: str, edits: Iterable[Edit]) -> None:
        """Ignore the deliveries that our own edits of these properties will cause."""
        with self._lock:
            now = self._clock()
            recent = {
                edit: at for edit, at in self._written.items() if now - at < OWN_EDITS_KNOWN_FOR
            }
            new = ((page, as_received(property_id)) for page, property_id in edits)
            self._bot, self._written = bot, recent | dict.fromkeys(new, now)

    def _add(self, named: Named) -> None:
        now = self._clock()
        if not self._waiting:
            self._first = now
        self._waiting, self._last = self._waiting | named, now

    def _is_our_own(self, event: Event) -> bool:
        """Whether the bot alone edited what a sync here has just written.

        The bot alone is not enough: other programs may use its token.
        """
        now = self._clock()
        lately = (
            now - self._written.get(edit, -math.inf) < OWN_EDITS_KNOWN_FOR for edit in event.edits
        )
        return bool(event.edits) and event.is_by(self._bot) and all(lately)
