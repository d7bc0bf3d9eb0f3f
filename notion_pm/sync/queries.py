"""The queries of a sync: all rows of a database, or those that were edited since a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.notion.client import NotionClient
from notion_pm.notion.paging import PAGE_SIZE, Range
from notion_pm.rules.page_codec import PageCodec
from notion_pm.state.cache import Part
from notion_pm.workspace.fresh_updates import OVERLAP

BATCH = PAGE_SIZE
"""So many rows of a full read are kept at a time: what one answer holds."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that came of a query; whether all that was asked for has come with them."""

    rows: Sequence[Page]
    to_the_end: bool = False
    created_until: datetime | None = None
    """All rows of the database that were created before are in, where that is known."""


class Queries:
    """Asks for the rows of databases. Requests are sent as the rows are taken."""

    def __init__(
        self,
        gateway: NotionClient,
        sources: Mapping[str, NotionId],
        codecs: Mapping[str, PageCodec],
    ) -> None:
        self._gateway = gateway
        self._sources = sources
        self._codecs = codecs

    def everything(self, database: str, part: Part | None) -> Iterator[Batch]:
        """Yield the rows of a database, oldest first; where a part is there, the others and what was edited since."""
        source, ids = self._sources[database], self._codecs[database].property_ids
        rows = self._gateway.query(
            source, property_ids=ids, created_since=part.created_until if part else None
        )
        while batch := list(islice(rows, BATCH)):
            full = (
                len(batch) == BATCH
            )  # what is less is the end, and read again as quickly as it is kept
            yield Batch(batch, created_until=batch[-1].created_time if full else None)
        edited = (
            self._gateway.edited_since(source, part.began - OVERLAP, property_ids=ids)
            if part
            else ()
        )
        yield Batch(tuple(edited), to_the_end=True)

    def edited(
        self, database: str, known: Mapping[NotionId, SnapshotPage], mark: datetime, now: datetime
    ) -> Iterator[Batch]:
        """Yield the rows edited since the mark, latest first.

        Edits fall on whole minutes, so that right after many edits (an apply, a sync) all of them come again. Shortly
        after a read to the end it is therefore enough to read until a request brings nothing new; the mark stays, and
        a later sync reads the rest.
        """
        source, ids = self._sources[database], self._codecs[database].property_ids
        rows: list[Page] = []
        unchanged = 0
        for row in self._gateway.edited_since(source, mark - OVERLAP, property_ids=ids):
            rows.append(row)
            same = self._codecs[database].decode(row) == known.get(row.id)
            unchanged = unchanged + 1 if same else 0
            if unchanged == PAGE_SIZE and now - mark < OVERLAP:
                yield Batch(rows)
                return
        yield Batch(rows, to_the_end=True)

    def edited_since(
        self, database: str, moment: datetime, created: Range | None
    ) -> Iterator[Page]:
        """Yield all rows edited since a moment, and shortly before it; `created`: from when to when."""
        source, ids = self._sources[database], self._codecs[database].property_ids
        return self._gateway.edited_since(
            source, moment - OVERLAP, property_ids=ids, created=created
        )
