"""The past of a workspace: the values that pages had when the period of a report began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RuleValue, SnapshotPage, is_empty
from notion_pm.rules.history import HistoryChange


@dataclass(frozen=True, slots=True)
class Past:
    """Pages as they were at the start of a period, and what has changed on them since.

    `asked_since`: the start that was asked for. `since`: the start that is known, which is later if
    the history begins later, None if there is no history. `until`: the end of the period, None for
    now. `pages` and `pages_until`: the pages at both ends.
    """

    asked_since: datetime
    since: datetime | None = None
    pages: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)
    changes: tuple[HistoryChange, ...] = ()
    until: datetime | None = None
    pages_until: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)

    def value_at_start(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return the value of a property at the start, None if it was empty or is not known."""
        earlier = self.pages.get(page.id)
        return earlier.values.get(key) if earlier else None

    def first_value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return the first value of a property in the period that is not empty."""
        value = self.value_at_start(page, key)
        if not is_empty(value):
            return value
        # Example: the date was empty when the period began, and set to 1 June a week later. The
        # first promise is 1 June.
        for change in self.changes:
            is_it = change.page == page.id and change.property == key
            if is_it and not is_empty(change.after):
                return change.after
        return None

    def value_at_end(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return the value of a property at the end: the current one if the period ends now."""
        if self.until is None:
            return page.values.get(key)
        later = self.pages_until.get(page.id)
        return later.values.get(key) if later else None

    def number_at_start(self, page: SnapshotPage, key: str) -> float | None:
        """Return the number of a property at the start of the period."""
        return _number(self.value_at_start(page, key))

    def number_at_end(self, page: SnapshotPage, key: str) -> float | None:
        """Return the number of a property at the end of the period."""
        return _number(self.value_at_end(page, key))


def _number(value: RuleValue) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]
