"""A queue of what deliveries have named and no sync has read yet.

HTTP threads put in, one listener takes out.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from notion_pm.jobs.webhooks.deliveries import NOTHING, Edit, Event, Named, named_by
from notion_pm.model.property_ids import as_received

MOST_QUIET_TIMES = 6
"""A sync starts at the latest after this many quiet times, counted from the first delivery.

Otherwise a workspace with constant edits would never be synced.
"""

OWN_EDITS_KNOWN_FOR = 900.0
"""Seconds for which our own edits are remembered.

Notion delivers within five minutes. A delivery that failed is sent again later; it then causes a
sync that changes nothing.
"""


@dataclass(slots=True)
class Counts:
    """Numbers of deliveries since the start. The names are keys of /health: do not change them."""

    taken: int = 0
    repeated: int = 0
    stale: int = 0
    our_own: int = 0
    of_no_concern: int = 0
    refused: int = 0


class Inbox:
    """Collects what deliveries name until none has arrived for a while. Thread-safe."""

    def __init__(self, *, quiet: float, clock: Callable[[], float]) -> None:
        self._quiet = quiet
        self._clock = clock
        # The lock keeps the queue and the times of its first and last delivery consistent.
        self._lock = threading.Lock()
        self._waiting = NOTHING
        self._first = self._last = -math.inf
        self._bot = ""
        self._written: dict[Edit, float] = {}
        self.counts = Counts()

    def put(self, event: Event) -> None:
        """Add to the queue what an event names, unless a sync of ours made the edit."""
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
        """Put back into the queue what was taken out, because its sync failed."""
        with self._lock:
            self._add(named)

    def take(self) -> Named:
        """Return the content of the queue, and empty it."""
        with self._lock:
            taken, self._waiting = self._waiting, NOTHING
            return taken

    @property
    def waiting(self) -> Named:
        """The content of the queue."""
        return self._waiting

    @property
    def due(self) -> float:
        """When to start a sync, by the clock; infinity for an empty queue."""
        with self._lock:
            if not self._waiting:
                return math.inf
            return min(self._last + self._quiet, self._first + MOST_QUIET_TIMES * self._quiet)

    def expect(self, bot: str, edits: Iterable[Edit]) -> None:
        """Ignore the deliveries that our own edits of these properties will cause."""
        with self._lock:
            now = self._clock()
            # Forget old edits here, so that the memory does not grow.
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
        """Return whether a sync of ours has just written exactly these properties."""
        # The author is not enough: other programs may use the same token. The properties are not
        # enough either: a person may edit them right after us, and that edit must be read.
        if not event.edits or not event.is_by(self._bot):
            return False
        oldest = self._clock() - OWN_EDITS_KNOWN_FOR
        return all(self._written.get(edit, -math.inf) > oldest for edit in event.edits)
