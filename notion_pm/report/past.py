"""What is remembered of a workspace: what pages held when the time began that a report looks back on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RuleValue, SnapshotPage, is_empty
from notion_pm.rules.history import HistoryChange


@dataclass(frozen=True, slots=True)
class Past:
    """Pages as they were at a moment, and what has changed on them since.

    `asked`: the moment that was asked for; `since` is later where memory begins later, None where there is none.
    `until`: when the time ends that a report looks back on, with the pages as they were then; None: now.
    """

    asked: datetime
    since: datetime | None = None
    pages: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)
    changes: tuple[HistoryChange, ...] = ()
    until: datetime | None = None
    pages_until: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)

    def held(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return what a property held then, None also where it was empty or is not remembered."""
        then = self.pages.get(page.id)
        return then.values.get(key) if then else None

    def first(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return what a property held then, or where it was empty the first value that it got since."""
        found = self.held(page, key)
        if not is_empty(found):
            return found
        later = (
            each.after for each in self.changes if each.page == page.id and each.property == key
        )
        return next((each for each in later if not is_empty(each)), None)

    def number(self, page: SnapshotPage, key: str) -> float | None:
        """Return the number that a property held then."""
        return _number(self.held(page, key))

    def last(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return what a property held when the time ended: what it holds, where that is now."""
        if self.until is None:
            return page.values.get(key)
        then = self.pages_until.get(page.id)
        return then.values.get(key) if then else None

    def last_number(self, page: SnapshotPage, key: str) -> float | None:
        """Return the number that a property held when the time ended."""
        return _number(self.last(page, key))


def _number(value: RuleValue) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
