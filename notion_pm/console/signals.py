"""Ending before the end: Ctrl-C, a request to stop, or a run whose time is up.

Ctrl-C ends every wait at once: without this, workers sleep on until Notion's window or pause is over. A scheduled job
is rather asked to stop (SIGTERM): what is under way is finished and remembered, and nothing new is begun. Whoever asks
again has no time for that either.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from notion_pm.errors import Stopped, TimeLimitReached

ENDED_BY_SIGNAL = 128 + signal.SIGINT
_ECHO = 1.0
"""Seconds in which a second signal is the first one's echo: terminals and `timeout` send it to a whole group."""


class _Ending:
    """Whether the process is to end, and why. There is one, as there is one set of signals."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._why: type[BaseException] = KeyboardInterrupt
        self._began = 0.0
        self._deadline = math.inf
        self._limit = math.inf

    def ask(self, why: type[BaseException]) -> None:
        """End for this reason; at once when it was asked before."""
        if self._asked.is_set():
            if time.monotonic() - self._began > _ECHO:
                os._exit(ENDED_BY_SIGNAL)
            return
        self._why, self._began = why, time.monotonic()
        self._asked.set()
        if why is KeyboardInterrupt:
            raise KeyboardInterrupt

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def forget(self) -> None:
        self._asked.clear()

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise why there is no time for that."""
        if self._asked.is_set():
            raise self._why
        if time.monotonic() + seconds >= self._deadline:
            raise TimeLimitReached(self._limit)
        if self._asked.wait(seconds):
            raise self._why

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._limit, self._deadline = seconds, time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = math.inf


_ending = _Ending()


def sleep(seconds: float) -> None:
    """Sleep, in whichever thread this is.

    Raises KeyboardInterrupt when Ctrl-C is pressed meanwhile, Stopped when the process is asked to
    stop, and TimeLimitReached at once when the run's time would be over before.
    """
    _ending.sleep(seconds)


def go_on() -> None:
    """Return when there is time for one thing more; otherwise raise what `sleep` raises."""
    _ending.sleep(0)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Let what is done meanwhile take so many seconds, all threads together."""
    with _ending.within(math.inf if seconds is None else seconds):
        yield


def heed(closing: Callable[[Callable[[], object]], object]) -> None:
    """Let Ctrl-C end the sleeps of all threads until the command is closed."""
    closing(_ending.forget)
    _on(signal.SIGINT, KeyboardInterrupt, closing)


def heed_sigterm_as_ctrl_c(closing: Callable[[Callable[[], object]], object]) -> None:
    """Let SIGTERM end the command as Ctrl-C does: at once, and what is half made goes."""
    _on(signal.SIGTERM, KeyboardInterrupt, closing)


def heed_requests_to_stop(
    closing: Callable[[Callable[[], object]], object], *, ctrl_c: bool
) -> None:
    """Let SIGTERM, and Ctrl-C where that is wanted, end the command as soon as what is under way is done."""
    _on(signal.SIGTERM, Stopped, closing)
    if ctrl_c:
        _on(signal.SIGINT, Stopped, closing)


class _WorkUnderWay:
    """How far the work is that a person is waiting for, so that Ctrl-C can say it. There is one at a time."""

    def __init__(self) -> None:
        self.is_running = False
        self._counts: dict[str, tuple[int, int]] = {}

    def begin(self) -> None:
        self.is_running, self._counts = True, {}

    def end(self) -> None:
        self.is_running = False

    def note(self, what: str, done: int, total: int) -> None:
        self._counts[what] = done, total

    def so_far(self) -> str:
        """Return what is done in words, empty where nothing was counted."""
        counts = [
            f"{what} {done:,} of {total:,}" if total else f"{what} {done:,}"
            for what, (done, total) in self._counts.items()
        ]
        return ", ".join(counts)


work_under_way = _WorkUnderWay()

_GOES_ON = {
    "apply": "The same command goes on from there: it finds what was made, and makes only the rest.",
    "import": "The same command goes on from there: rows that were written are not written again.",
    "sync": "The same command goes on from there: it decides again on what the pages hold by then.",
    "undo": "The same command goes on from there, and takes back the rest.",
    "destroy": "The same command goes on from there, and puts the rest in the trash.",
    "adopt": "The same command goes on from there.",
    "repair": "The same command looks again, and writes what is still missing.",
    "doctor": "The same command goes on from there. Until then the scratch page is in the trash, if possible.",
    "export": "Files that were finished are kept. The same command writes the rest.",
}


def interrupted_lines(command: str | None) -> list[str]:
    """Return what to say when Ctrl-C ended a command: what is done, and how to go on.

    Nothing where the command only reads, or was not at work: at a question there is nothing to go on with.
    """
    if command not in _GOES_ON or not work_under_way.is_running:
        return []
    so_far = work_under_way.so_far()
    done = (
        f"Interrupted. Done so far: {so_far}."
        if so_far
        else "Interrupted before anything was counted as done."
    )
    return [done, _GOES_ON[command]]


def _on(
    number: signal.Signals,
    why: type[BaseException],
    closing: Callable[[Callable[[], object]], object],
) -> None:
    """Heed a signal until the command is closed; only the main thread can ask for it."""
    if threading.current_thread() is not threading.main_thread():
        return

    def ask(number: int, frame: FrameType | None) -> None:
        _ending.ask(why)

    before = signal.signal(number, ask)
    # where it has ended the command, its echo must not kill the program on its last steps
    closing(lambda: signal.signal(number, signal.SIG_IGN if _ending.is_asked else before))
