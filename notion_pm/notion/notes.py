"""Notes about what Notion gives and notion-pm leaves out: each is said once, on stderr."""

from __future__ import annotations

import logging
import threading

_log = logging.getLogger(__name__)


class Notes:
    """Says each note once. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def once(self, text: str) -> None:
        """Say a note, unless it was said before."""
        with self._lock:
            if text in self._said:
                return
            self._said.add(text)
        _log.warning("%s", text)
