"""Limit the requests of the process: a budget per window, and pauses that Notion asks for.

Notion gives each connection a number of requests per 60-second window, which may be used in a
burst, and each workspace a shared one (https://developers.notion.com/reference/request-limits;
notion-api.md 4.1). A 429 names the seconds to wait: every worker waits that long, never less.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

NOTION_BUDGET = 180
"""Requests per window on most plans; 600 on Business and Enterprise."""

WINDOW = 60.0
"""Seconds."""


class WindowLimiter:
    """Lets `budget` requests through per window (None: any number) and none while paused."""

    def __init__(
        self,
        budget: int | None,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        window: float = WINDOW,
    ) -> None:
        self._budget = budget
        self._window = window
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._window_ends = float("-inf")
        self._spent = 0
        self._paused_until = float("-inf")
        self.waited = 0.0
        """Seconds that requests have waited here, all workers together."""

    def acquire(self) -> None:
        """Return when one more request may be sent."""
        wait = self._try_to_spend()
        while wait > 0:
            self._sleep(wait)  # outside of the lock, or no other worker could ask
            with self._lock:
                self.waited += wait
            # Another worker may have taken the request, so this may have to wait again.
            wait = self._try_to_spend()

    def acquire_without_waiting(self) -> bool:
        """Spend one request if it may be sent now; return whether it may.

        With a budget of one request per window this waits after all: the read before each write
        would always take that one, and no write would ever be sent.
        """
        with self._lock:
            is_enough_for_read_and_write = self._budget is None or self._budget > 1
        if is_enough_for_read_and_write:
            return self._try_to_spend() <= 0
        self.acquire()
        return True

    def restrict(self, budget: int | None) -> None:
        """Lower the budget: of two budgets for one connection the smaller one applies."""
        with self._lock:
            if self._budget is None:
                self._budget = budget
            elif budget is not None:
                self._budget = min(self._budget, budget)

    def pause(self, seconds: float) -> None:
        """Let nothing through for that long, then start a new window.

        Notion has said that the budget is spent, whatever was counted here: other programs may use
        the same connection.
        """
        with self._lock:
            now = self._clock()
            # Several workers may get a 429 for the same reason: the longest pause applies.
            self._paused_until = max(self._paused_until, now + seconds)
            self._window_ends = min(self._window_ends, self._paused_until)

    @property
    def wait(self) -> float:
        """Seconds until one more request may be sent; 0 when it may now."""
        with self._lock:
            return self._wait(self._clock())

    def _try_to_spend(self) -> float:
        """Spend one request and return 0, or return how long to wait before trying again."""
        with self._lock:
            now = self._clock()
            wait = self._wait(now)
            if wait > 0:
                return wait
            if now >= self._window_ends:
                self._window_ends = now + self._window
                self._spent = 0
            self._spent += 1
            return 0.0

    def _wait(self, now: float) -> float:
        if now < self._paused_until:
            return self._paused_until - now
        is_spent = self._budget is not None and self._spent >= self._budget
        if is_spent and now < self._window_ends:
            return self._window_ends - now
        return 0.0
