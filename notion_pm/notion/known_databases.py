"""Which database a data source belongs to, and why the data source cannot be reached.

Below a trashed page a data source answers 404 and the text blames sharing. Its database still
answers 200, with `in_trash` false (notion-seed, measured in September 2026). So only the pages above
the database tell what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from notion_pm.errors import InTrash, NotionError, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.schema import Database

_MOST_LEVELS = 20
"""Pages and blocks that are looked at above a database."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What explaining needs to read of Notion."""

    database: Callable[[str], Database]
    page: Callable[[str], Page]
    parent_id: Callable[[str], NotionId | None]


class KnownDatabases:
    """Remembers the database of each data source, and explains a 404 of the data source with it."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, tuple[str, str]] = {}

    def learn(self, database_id: str, title: str, data_source_ids: Iterable[str]) -> None:
        """Remember which database holds these data sources, and what it is called."""
        for each in data_source_ids:
            self._known[each] = (database_id, title)

    @contextmanager
    def explaining(self, data_source_id: str) -> Iterator[None]:
        """Replace a 404 of a data source by InTrash where the database, or a page above it, is in the trash."""
        try:
            yield
        except NotShared as lost:
            explained = self._explain(data_source_id, lost)
            if explained is None:
                raise
            raise explained from None

    def _explain(self, data_source_id: str, lost: NotShared) -> InTrash | None:
        if data_source_id not in self._known:
            return None
        database_id, title = self._known[data_source_id]
        try:
            database = self._reads.database(database_id)
            trashed = None if database.in_trash else self._topmost_in_trash(database.parent_id)
        except NotionError:
            return None
        name = f"The database {database.title or title!r}"
        if database.in_trash:
            return _in_trash(f"{name} is in the trash.", lost)
        if trashed is not None:
            return _in_trash(
                f"{name} is in the trash, together with the page {trashed.title!r} above it.", lost
            )
        return None

    def _topmost_in_trash(self, above: NotionId | None) -> Page | None:
        """Return the highest page that is in the trash: restoring it brings everything below it back."""
        trashed = None
        for _ in range(_MOST_LEVELS):
            if above is None:
                break
            page = self._page(above)
            if page is None:  # a column, a toggle ...: the page is above it
                above = self._parent_of_block(above)
                continue
            if not page.in_trash:
                break
            trashed, above = page, page.parent_id
        return trashed

    def _page(self, page_id: NotionId) -> Page | None:
        try:
            return self._reads.page(page_id)
        except NotionError:
            return None

    def _parent_of_block(self, block_id: NotionId) -> NotionId | None:
        try:
            return self._reads.parent_id(block_id)
        except NotShared:
            return None


def _in_trash(message: str, lost: NotShared) -> InTrash:
    return InTrash(
        message,
        status=lost.status,
        code=lost.code,
        request=lost.request,
        request_id=lost.request_id,
    )
