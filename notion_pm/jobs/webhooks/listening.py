"""Turn deliveries into syncs.

The pages that deliveries name are read when no more deliveries arrive. Deliveries can get lost, so
everything that was edited is also read at an interval.
"""

from __future__ import annotations

from collections.abc import Callable

from notion_pm.jobs.webhooks.deliveries import EVERYTHING, Named
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.sync.run import SyncRun

TICK = 0.2
"""Seconds between two checks of the inbox."""
RETRY = 15.0
"""Seconds before a failed or skipped run is repeated; they double each time, up to an interval."""
_DOUBLINGS = 12


def listen(
    inbox: Inbox,
    attempt: Callable[[Named], SyncRun],
    *,
    every: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Sync what was missed, then what is named or due, until `sleep` or the attempt raises."""
    next_full = not_before = clock()
    failures = 0
    while True:
        now = clock()
        if now < not_before or now < min(next_full, inbox.due):
            sleep(TICK)
            continue
        named = inbox.take()
        if now >= next_full:
            named = EVERYTHING
            next_full = now + every
        run = attempt(named)
        failures = 0 if run.result is not None else failures + 1
        if failures:
            # After a failure, read everything: deliveries may have been lost in the same outage. A
            # skipped or stopped run loses nothing, because the queue was kept.
            inbox.put_back(EVERYTHING if run.trouble else named)
            pause = min(RETRY * 2 ** min(failures - 1, _DOUBLINGS), every)
            not_before = clock() + max(pause, run.asks_to_wait)
