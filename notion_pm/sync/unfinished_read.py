"""A full read that may be broken off, by a time limit or the end of the process: the next run goes on where it ended.

Rows come oldest first, so that all are in that were created before a certain one. What people edited meanwhile is asked
for at the end, as between any two runs. What went to the trash meanwhile a part does not tell: it is noticed by the
next full read, which is due a day after the first part was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.state.cache import Part
from notion_pm.state.state import State

FULL_AFTER = timedelta(days=1)
"""Everything is read anew so often: pages that vanished are found by a full read only."""


class Unfinished:
    """What earlier runs have got of a full read, and where this one keeps what it gets."""

    def __init__(self, state: State, scope: str, now: datetime, *, anew: bool = False) -> None:
        """Look what there is. What is old, or was read in another way, is forgotten; with `anew` everything is."""
        self._state, self._scope, self._now = state, scope, now
        self._parts = state.pages.parts()
        if anew or not all(
            each.scope == scope and now - each.began < FULL_AFTER for each in self._parts.values()
        ):
            self.forget()

    @property
    def pages(self) -> Mapping[str, Mapping[NotionId, SnapshotPage]]:
        """The pages that earlier runs have read, by database."""
        return {database: part.pages for database, part in self._parts.items()}

    @property
    def began(self) -> datetime:
        """When the first of them were read; this run's beginning where there are none."""
        return min((part.began for part in self._parts.values()), default=self._now)

    @property
    def is_resumed(self) -> bool:
        """Whether there are any."""
        return bool(self._parts)

    def part(self, database: str) -> Part | None:
        """Return what earlier runs have read of a database."""
        return self._parts.get(database)

    def keep(
        self,
        database: str,
        pages: Iterable[SnapshotPage],
        created_until: datetime,
        option_names: Mapping[str, str],
    ) -> None:
        """Remember pages that came next, in the order of their creation."""
        began = part.began if (part := self.part(database)) else self._now
        came = {page.id: page for page in pages}
        self._state.pages.save_part(database, Part(self._scope, began, created_until, came))
        self._state.pages.save_option_names(option_names)

    def forget(self) -> None:
        """Begin anew."""
        if self._parts:
            self._state.pages.drop_parts()
        self._parts = {}
