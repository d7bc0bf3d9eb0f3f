"""Write pages that people edit at the same time.

A command that decides on what pages hold and then writes for minutes would overwrite what people
set in between. So writes are sent in batches. Before each batch the caller reads its pages again
where somebody edited them, with one query for `created_range`, and decides again where they differ.
A write is postponed to the next batch when it would have to wait, when it has to be sent again
after a failure, and when that query is more than `FRESH_SECONDS` old. Notion has no conditional
write, so what a person sets between that query and the write is still lost: at most those seconds,
and the time of one request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Postponed
from notion_pm.notion.paging import PAGE_SIZE, Range
from notion_pm.notion.retry import Tries

BATCH = PAGE_SIZE
"""Pages that are updated after one query for what people edited: as many as its answer holds."""

FRESH_SECONDS = 5.0
"""Writes begin only this long after the pages of their batch were read.

Measured with 1,000 pages and 4 requests at once: with answers in 20 ms a whole batch is sent in a
second, and the limit adds no query. With answers in 300 ms it takes 17 queries, not 11.
"""

OVERLAP = timedelta(minutes=2)
"""Notion floors the time of an edit to the minute and may show it late (notion-api.md 6, points 1 and 6)."""


class UpdateSender:
    """Sends each write once, and only while what it was decided on is fresh. Safe for threads.

    It counts how often each page was tried, so that failures come to an end. `clock`: seconds.
    """

    def __init__(self, gateway: NotionClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._tries: dict[NotionId, Tries] = {}
        self._lock = threading.Lock()
        self.start_batch()

    def start_batch(self) -> None:
        """Call this when the pages that are written next have just been read."""
        self._read_at = self._clock()
        self._has_begun = False

    def send(self, page_id: NotionId, values: Iterable[PropertyValue]) -> Page | Postponed:
        """Set values of a page now; return it, or why it has to be decided again."""
        return self._write(
            page_id, lambda tries: self._gateway.update_page_now(page_id, values, tries)
        )

    def trash(self, page_id: NotionId) -> Page | Postponed:
        """Put a page in the trash now; return it, or why it has to be decided again."""
        return self._write(page_id, lambda tries: self._gateway.trash_page_now(page_id, tries))

    def _write(self, page_id: NotionId, write: Callable[[Tries], Page]) -> Page | Postponed:
        if not self._may_begin():
            return Postponed()
        tries = self._tries.setdefault(page_id, Tries())
        try:
            return write(tries)
        except Postponed as postponed:
            return postponed

    def _may_begin(self) -> bool:
        with self._lock:
            # The first write of a batch always goes, however long its decision took: else a run
            # that needs more than these seconds to decide would never end.
            is_first, self._has_begun = not self._has_begun, True
            return is_first or self._clock() - self._read_at < FRESH_SECONDS


def created_range(pages: Iterable[datetime | None]) -> Range | None:
    """Return when the first and the last of pages were created, None where that is not known of all.

    A query for this range finds the pages of a batch. When a page was created never changes, and
    pages that were updated before are mostly outside, where batches go in the order of creation.
    """
    created = list(pages)
    known = [moment for moment in created if moment is not None]
    return (min(known), max(known)) if known and len(known) == len(created) else None


def batch_size(rows: int) -> int:
    """Return how many pages to update next, after a query that returned so many rows.

    Thousands of pages may have been created in the same minute. Those of them that were just
    updated come again with each query; larger batches keep the cost at a request per 100 pages.
    """
    return max(BATCH, rows)
