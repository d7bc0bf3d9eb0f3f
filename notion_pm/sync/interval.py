"""Running again and again on a fixed beat: without drift, without overlap, and less often while it fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

LONGEST_PAUSE = 3600.0
"""Seconds after which a job that fails and fails is tried again at the latest, unless its beat is longer."""
_DOUBLINGS = 12


class Ended(Protocol):
    """How an attempt ended: what kind of failure it was, empty when it was none, and how long to wait at least."""

    @property
    def trouble(self) -> str: ...

    @property
    def asks_to_wait(self) -> float: ...


def next_start(began: float, now: float, every: float, failures: int, wait: float = 0.0) -> float:
    """Return when the next run starts: on the beat of the first one, beats that were missed are left out.

    After several failures in a row it is the 2nd, the 4th, the 8th beat from now. `wait`: Notion asked for so long.
    """
    pause = (
        min(every * 2 ** min(failures - 1, _DOUBLINGS), max(every, LONGEST_PAUSE)) - every
        if failures
        else 0.0
    )
    earliest = now + max(pause, wait)
    return began + every * (math.floor((earliest - began) / every) + 1)


def repeat(
    attempt: Callable[[], Ended],
    *,
    every: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Attempt on a beat for ever: until `sleep`, or the attempt, raises."""
    began, failures = clock(), 0
    while True:
        ended = attempt()
        failures = failures + 1 if ended.trouble else 0
        now = clock()
        sleep(next_start(began, now, every, failures, ended.asks_to_wait) - now)
