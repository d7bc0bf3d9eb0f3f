"""Ctrl-C ends every wait at once: without this, workers sleep on until Notion's window or pause is over.

What is under way is still finished. Whoever presses Ctrl-C again has no time for that either.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

ENDED_BY_SIGNAL = 128 + signal.SIGINT
_ECHO = 1.0
"""Seconds in which a second signal is the first one's echo: terminals and `timeout` send it to a whole group."""

_interrupted = threading.Event()


def sleep(seconds: float) -> None:
    """Sleep. Raises KeyboardInterrupt when Ctrl-C is pressed meanwhile, in whichever thread this is."""
    if _interrupted.wait(seconds):
        raise KeyboardInterrupt


def heed(closing: Callable[[Callable[[], object]], object]) -> None:
    """Let Ctrl-C end the sleeps of all threads until the command is closed; only the main thread can ask for it."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGINT)
    began = 0.0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal began
        if not _interrupted.is_set():
            began = time.monotonic()
            _interrupted.set()
            raise KeyboardInterrupt
        if time.monotonic() - began > _ECHO:
            os._exit(ENDED_BY_SIGNAL)

    def restore() -> None:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()

    signal.signal(signal.SIGINT, interrupt)
    closing(restore)
