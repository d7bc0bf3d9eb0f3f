"""A full read that can be interrupted, by a time limit or the end of the process, and resumed.

Rows are read oldest first, so a part of a database is "all rows created before a moment". At the
end, one more query reads the rows that were edited since. A resumed read does not notice rows that
went to the trash since; the next full read does. It is due a day after the first part was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.state.cache import Part
from notion_pm.state.state import State

FULL_READ_AFTER = timedelta(days=1)
"""How often everything is read: deleted pages are found by full reads only."""


class InterruptedRead:
    """The stored parts of a full read: those of earlier runs, and those that this run adds."""

    def __init__(self, state: State, scope: str, now: datetime) -> None:
        """Load the stored parts. Parts that are old, or were read for other rules, are deleted."""
        self._state = state
        self._scope = scope
        self._now = now
        self._parts = state.pages.parts()
        for part in self._parts.values():
            if part.scope != scope or now - part.began >= FULL_READ_AFTER:
                self.discard()
                break

    @property
    def pages(self) -> Mapping[str, Mapping[NotionId, SnapshotPage]]:
        """The pages that earlier runs have read, by database."""
        return {database: part.pages for database, part in self._parts.items()}

    @property
    def began(self) -> datetime:
        """When the oldest part was read; without parts, when this run began."""
        return min((part.began for part in self._parts.values()), default=self._now)

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run has read some pages."""
        return bool(self._parts)

    def part(self, database: str) -> Part | None:
        """Return what earlier runs have read of a database."""
        return self._parts.get(database)

    def save(
        self,
        database: str,
        pages: Iterable[SnapshotPage],
        created_until: datetime,
        option_names: Mapping[str, str],
    ) -> None:
        """Keep the pages that came next, in the order of their creation."""
        earlier = self.part(database)
        began = earlier.began if earlier else self._now
        pages_by_id = {page.id: page for page in pages}
        # The first part's time stays: edits of all parts are queried since then.
        part = Part(self._scope, began, created_until, pages_by_id)
        self._state.pages.save_part(database, part)
        self._state.pages.save_option_names(option_names)

    def discard(self) -> None:
        """Forget what was read: the full read begins from the start."""
        if self._parts:
            self._state.pages.drop_parts()
        self._parts = {}
