"""From deliveries to syncs: what they name is read once it is quiet, and everything on a beat, for some get lost."""

from __future__ import annotations

from collections.abc import Callable

from notion_pm.jobs.webhooks.deliveries import EVERYTHING, NOTHING, Named
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.sync.run import SyncRun

TICK = 0.2
"""Seconds between two looks into the inbox."""
RETRY = 15.0
"""Seconds after which a failed or skipped run is tried again; twice as long each time, at most a beat."""
_DOUBLINGS = 12


def listen(
    inbox: Inbox,
    attempt: Callable[[Named], SyncRun],
    *,
    every: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Sync what was missed, then whatever is named or due, for ever: until `sleep`, or the attempt, raises."""
    beat = not_before = clock()
    failures = 0
    while True:
        now = clock()
        if now < not_before or now < min(beat, inbox.due):
            sleep(TICK)
            continue
        is_beat = now >= beat
        named = inbox.take() | (EVERYTHING if is_beat else NOTHING)
        beat = now + every if is_beat else beat
        run = attempt(named)
        failures = 0 if run.result is not None else failures + 1
        if failures:
            inbox.put_back(EVERYTHING if run.trouble else named)
            not_before = clock() + max(
                min(RETRY * 2 ** min(failures - 1, _DOUBLINGS), every), run.asks_to_wait
            )
