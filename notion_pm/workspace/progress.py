"""How long work reports how far it is. The command line draws it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: unknown)."""


def no_progress(what: str, done: int, total: int) -> None:
    """Report nothing."""
