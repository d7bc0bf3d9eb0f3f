"""Log lines on stderr for scheduled jobs: time, level, run and message."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LEVELS = ("debug", "info", "warning", "error")
_LINE = "%(asctime)s %(levelname)s [%(run)s] %(message)s"
_TIME = "%Y-%m-%dT%H:%M:%S%z"


class RunId(logging.Filter):
    """Add the id of the current run to every log line, from any thread."""

    run = "-"

    def filter(self, record: logging.LogRecord) -> bool:
        record.run = self.run
        return True


@contextmanager
def log_to_stderr(level: str) -> Iterator[RunId]:
    """Send the log of notion-pm to stderr during the `with` block.

    Yields the object that holds the id of the current run.
    """
    handler, of_run = logging.StreamHandler(sys.stderr), RunId()
    handler.setFormatter(logging.Formatter(_LINE, _TIME))
    handler.addFilter(of_run)
    root = logging.getLogger("notion_pm")
    before = root.level
    # Only the logger of notion-pm: HTTP libraries would add a line for each request.
    root.addHandler(handler)
    root.setLevel(level.upper())
    try:
        yield of_run
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
