"""Stop early: Ctrl-C, SIGTERM, or a time limit.

Ctrl-C ends every wait at once; without this, worker threads would sleep until Notion's request
window or pause is over. A scheduled job is asked to stop by SIGTERM: it finishes and records its
current requests and starts nothing new. A second signal ends the process immediately.
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
"""A second signal within this many seconds is taken for the same one.

Terminals and `timeout` signal a whole process group, so one Ctrl-C may arrive twice.
"""


class _StopRequest:
    """Whether the process shall stop, and why. There is one per process, as for signal handlers."""

    def __init__(self) -> None:
        self._is_made = threading.Event()
        self._why: type[BaseException] = KeyboardInterrupt
        self._made_at = 0.0
        self._deadline = math.inf
        self._limit = math.inf

    def make(self, why: type[BaseException]) -> None:
        """Request a stop for this reason. A second request ends the process immediately."""
        if self._is_made.is_set():
            # A person who presses Ctrl-C again means it. `sys.exit` would still wait for worker
            # threads.
            if time.monotonic() - self._made_at > _ECHO:
                os._exit(ENDED_BY_SIGNAL)
            return
        self._why = why
        self._made_at = time.monotonic()
        self._is_made.set()
        # Raised in the main thread, where Python runs signal handlers. Worker threads notice the
        # stop at their next `sleep`.
        if why is KeyboardInterrupt:
            raise KeyboardInterrupt

    @property
    def is_pending(self) -> bool:
        return self._is_made.is_set()

    def forget(self) -> None:
        self._is_made.clear()

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise the reason to stop."""
        if self._is_made.is_set():
            raise self._why
        # At once, not at the deadline: a run with five minutes left that has to wait ten would only
        # delay the next run.
        if time.monotonic() + seconds >= self._deadline:
            raise TimeLimitReached(self._limit)
        if self._is_made.wait(seconds):
            raise self._why

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._limit, self._deadline = seconds, time.monotonic() + seconds
        # Only one limit at a time, and it ends with the block: a process such as `serve` has many
        # runs.
        try:
            yield
        finally:
            self._deadline = math.inf


_stop_request = _StopRequest()


def sleep(seconds: float) -> None:
    """Sleep, in any thread.

    Raises KeyboardInterrupt after Ctrl-C, Stopped after a request to stop, and TimeLimitReached at
    once when the time limit would end during the sleep.
    """
    _stop_request.sleep(seconds)


def raise_if_stopping() -> None:
    """Return if the run may start another request. Raises what `sleep` raises."""
    _stop_request.sleep(0)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Limit the time of the `with` block, for all threads together. None: no limit."""
    with _stop_request.within(math.inf if seconds is None else seconds):
        yield


def install_ctrl_c_handler(closing: Callable[[Callable[[], object]], object]) -> None:
    """Let Ctrl-C end the sleeps of all threads, until the command closes."""
    closing(_stop_request.forget)
    _on(signal.SIGINT, KeyboardInterrupt, closing)


def treat_sigterm_as_ctrl_c(closing: Callable[[Callable[[], object]], object]) -> None:
    """Let SIGTERM end the command at once, like Ctrl-C, so that it can clean up."""
    _on(signal.SIGTERM, KeyboardInterrupt, closing)


def finish_current_work_on_signal(
    closing: Callable[[Callable[[], object]], object], *, ctrl_c: bool
) -> None:
    """Let SIGTERM, and Ctrl-C if `ctrl_c`, stop the command after its current requests."""
    _on(signal.SIGTERM, Stopped, closing)
    if ctrl_c:
        _on(signal.SIGINT, Stopped, closing)


class _WorkUnderWay:
    """Counts of the current work, so that Ctrl-C can report them. One at a time."""

    def __init__(self) -> None:
        self.is_running = False
        self._counts: dict[str, tuple[int, int]] = {}

    def begin(self) -> None:
        self.is_running, self._counts = True, {}

    def end(self) -> None:
        self.is_running = False

    def note(self, what: str, done: int, total: int) -> None:
        self._counts[what] = done, total

    def summary(self) -> str:
        """Return the counts as text, empty if nothing was counted."""
        counts = [
            f"{what} {done:,} of {total:,}" if total else f"{what} {done:,}"
            for what, (done, total) in self._counts.items()
        ]
        return ", ".join(counts)


work_under_way = _WorkUnderWay()

_HOW_TO_CONTINUE = {
    "apply": "Run the same command again: it finds what exists and creates only the rest.",
    "import": "Run the same command again: rows that were written are not written twice.",
    "sync": "Run the same command again: it reads the pages again and writes the rest.",
    "undo": "Run the same command again: it undoes the rest.",
    "destroy": "Run the same command again: it moves the rest to the trash.",
    "adopt": "Run the same command again: it continues.",
    "repair": "Run the same command again: it writes what is still missing.",
    "doctor": "Run the same command again: it continues. The scratch page was moved to the trash "
    "if possible.",
    "export": "Finished files are kept. Run the same command again: it writes the rest.",
}


def interrupted_lines(command: str | None) -> list[str]:
    """Return the lines to print after Ctrl-C: what was done, and how to continue.

    Empty for commands that only read, and when the command was waiting for an answer.
    """
    if command not in _HOW_TO_CONTINUE or not work_under_way.is_running:
        return []
    so_far = work_under_way.summary()
    if so_far:
        first_line = f"Interrupted. Done so far: {so_far}."
    else:
        first_line = "Interrupted before anything was done."
    return [first_line, _HOW_TO_CONTINUE[command]]


def _on(
    number: signal.Signals,
    why: type[BaseException],
    closing: Callable[[Callable[[], object]], object],
) -> None:
    # Python allows signal handlers only in the main thread.
    if threading.current_thread() is not threading.main_thread():
        return

    def handle(number: int, frame: FrameType | None) -> None:
        _stop_request.make(why)

    before = signal.signal(number, handle)
    # After a stop the signal is ignored: its echo must not kill the last steps of the program.
    closing(lambda: signal.signal(number, signal.SIG_IGN if _stop_request.is_pending else before))
