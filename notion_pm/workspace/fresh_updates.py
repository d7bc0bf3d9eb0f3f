"""Write pages that people edit at the same time.

A command that reads pages, decides, and then writes for minutes would overwrite the edits that
people make in between. So writes are sent in batches. Before each batch the caller reads the edited
pages of the batch again, with one query for `created_range`, and decides again for pages that
differ. A write is postponed to the next batch when it would have to wait, when it must be sent
again after a failure, and when that query is more than `FRESH_SECONDS` old. Notion has no
conditional write, so an edit between that query and the write is still lost. That window is at most
`FRESH_SECONDS` and the time of one request.
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
"""Pages that are updated after one query for edited pages: one page of its answer."""

FRESH_SECONDS = 5.0
"""Maximum age of the pages' values, in seconds, when a write begins.

Measured with 1,000 pages and 4 requests at once: with answers in 20 ms a whole batch is sent in a
second, and the limit adds no query. With answers in 300 ms it takes 17 queries, not 11.
"""

OVERLAP = timedelta(minutes=2)
"""How far a query for edits reaches back before the last one.

Notion floors the time of an edit to the minute and may show it late (notion-api.md 6, points 1 and
6).
"""


class UpdateSender:
    """Sends each write once, and only while the values it is based on are fresh. Thread-safe.

    It counts the attempts for each page, so that a page that always fails ends the run with an
    error. `clock`: seconds.
    """

    def __init__(self, notion: NotionClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._notion = notion
        self._clock = clock
        self._tries: dict[NotionId, Tries] = {}
        self._lock = threading.Lock()
        self.start_batch()

    def start_batch(self) -> None:
        """Start a batch. Call this right after its pages were read."""
        self._read_at = self._clock()
        self._has_begun = False

    def send(self, page_id: NotionId, values: Iterable[PropertyValue]) -> Page | Postponed:
        """Set values of a page now; return it, or why it has to be decided again."""
        return self._write(
            page_id, lambda tries: self._notion.update_page_now(page_id, values, tries)
        )

    def trash(self, page_id: NotionId) -> Page | Postponed:
        """Put a page in the trash now; return it, or why it has to be decided again."""
        return self._write(page_id, lambda tries: self._notion.trash_page_now(page_id, tries))

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
    """Return the first and last creation time, None if one is unknown (or there are no pages).

    A query for this range finds the pages of a batch. The creation time of a page never changes.
    If batches are in the order of creation, pages of earlier batches are mostly outside the range.
    """
    created = list(pages)
    known = [moment for moment in created if moment is not None]
    if not known or len(known) < len(created):
        return None
    return min(known), max(known)


def batch_size(rows: int) -> int:
    """Return how many pages to update next, after a query that returned this number of rows.

    Thousands of pages may have been created in the same minute. Those of them that were just
    updated come again with each query; larger batches keep the cost at a request per 100 pages.
    """
    return max(BATCH, rows)
