"""Find out why a data source cannot be reached: is its database in the trash?

Below a trashed page a data source answers 404 and the text blames sharing. Its database still
answers 200, with `in_trash` false (notion-seed, measured in September 2026). So only the pages
above the database show what happened.
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
"""Pages and blocks above a database to read at most."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The ways to read Notion that an explanation needs."""

    database: Callable[[str], Database]
    page: Callable[[str], Page]
    parent_id: Callable[[str], NotionId | None]


class KnownDatabases:
    """Remembers the database of each data source, and explains a 404 of the data source with it."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, tuple[str, str]] = {}

    def learn(self, database_id: str, title: str, data_source_ids: Iterable[str]) -> None:
        """Remember the database of these data sources, and its title."""
        for data_source_id in data_source_ids:
            self._known[data_source_id] = (database_id, title)

    @contextmanager
    def explaining(self, data_source_id: str) -> Iterator[None]:
        """Replace a 404 of a data source by InTrash if its database, or a page above, is there."""
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
            return InTrash(f"{name} is in the trash.", lost.facts)
        if trashed is not None:
            return InTrash(
                f"{name} is in the trash, together with the page {trashed.title!r} above it.",
                lost.facts,
            )
        return None

    def _topmost_in_trash(self, above: NotionId | None) -> Page | None:
        """Return the highest page in the trash: restoring it restores everything below it."""
        trashed = None
        for _ in range(_MOST_LEVELS):
            if above is None:
                break
            page = self._page(above)
            if page is None:  # `above` is a block, such as a column or a toggle
                above = self._parent_of_block(above)
                continue
            if not page.in_trash:
                break
            # A page above may be in the trash as well: restoring only the lower one would not help.
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
