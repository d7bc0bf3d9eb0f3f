"""Ctrl-C ends every wait at once: without this, workers sleep on until Notion's window or pause is over."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

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

    def interrupt(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        raise KeyboardInterrupt

    def restore() -> None:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()

    signal.signal(signal.SIGINT, interrupt)
    closing(restore)
