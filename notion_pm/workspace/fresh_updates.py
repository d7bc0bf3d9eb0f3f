"""Update pages that people edit at the same time.

Whoever decides on what pages hold and then writes for minutes would overwrite what people set in
between. So updates are sent in batches. Before each batch the caller reads its pages again where
somebody edited them, with one query for `created_range`, and decides again where they differ. An
update that would have to wait, or to be sent again after a failure, is postponed: it belongs to the
next batch. Notion has no conditional write, so what a person sets between that query and the update
is still lost; that is the time in which a batch is sent without a pause.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from notion_pm.gateway.connection import Postponed, Tries
from notion_pm.gateway.notion import Gateway
from notion_pm.gateway.paging import PAGE_SIZE, Range
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PropertyValue

BATCH = PAGE_SIZE
"""Pages that are updated after one query for what people edited: as many as its answer holds."""

OVERLAP = timedelta(minutes=2)
"""Notion floors the time of an edit to the minute and may show it late (notion-api.md 6, points 1 and 6)."""


class UpdateSender:
    """Sends updates once, and remembers how often each page was tried, so that failures come to an end."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._tries: dict[NotionId, Tries] = {}

    def send(self, page_id: NotionId, values: Iterable[PropertyValue]) -> Page | Postponed:
        """Set values of a page now; return it, or why it has to be decided again. Safe for threads."""
        tries = self._tries.setdefault(page_id, Tries())
        try:
            return self._gateway.update_page_now(page_id, values, tries)
        except Postponed as postponed:
            return postponed


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
