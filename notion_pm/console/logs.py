"""Log lines on stderr for those who look after a job: when, how grave, in which run, what."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LEVELS = ("debug", "info", "warning", "error")
_LINE = "%(asctime)s %(levelname)s [%(run)s] %(message)s"
_TIME = "%Y-%m-%dT%H:%M:%S%z"


class RunId(logging.Filter):
    """Writes the id of the present run on every line, whichever thread it comes from."""

    run = "-"

    def filter(self, record: logging.LogRecord) -> bool:
        record.run = self.run
        return True


@contextmanager
def logged(level: str) -> Iterator[RunId]:
    """Send the log of notion-pm to stderr meanwhile; lends where the id of a run is set."""
    handler, of_run = logging.StreamHandler(sys.stderr), RunId()
    handler.setFormatter(logging.Formatter(_LINE, _TIME))
    handler.addFilter(of_run)
    root = logging.getLogger("notion_pm")
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    try:
        yield of_run
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
