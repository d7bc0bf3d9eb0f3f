"""Pages as rules see them: plain values, with options by the keys of the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from math import isclose

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class RelatedPages:
    """A relation: the related pages. Incomplete when some of them are not known."""

    ids: tuple[NotionId, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class UnknownOption:
    """An option that people added and the template does not know.

    Rules neither understand nor overwrite it.
    """

    id: str
    name: str


UNREADABLE = UnknownOption("", "unknown")
"""A value that could not be read. Rules treat it like an option that people added."""

RuleValue = (
    None
    | bool
    | int
    | float
    | str
    | RelatedPages
    | UnknownOption
    | tuple["str | UnknownOption", ...]
)
"""A property's value. Options are their keys, dates ISO 8601 texts, people their ids."""


class NoResult(Enum):
    """Why a rule yields no value. The values are stored in the state file."""

    NOT_APPLICABLE = "silent"  # its conditions do not hold
    UNKNOWN = "unknown"  # something it needs could not be read


NOT_APPLICABLE, UNKNOWN = NoResult.NOT_APPLICABLE, NoResult.UNKNOWN


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """A page as it was read, its values by property key.

    `created` never changes, so comparisons ignore it. It is None for pages that an older version
    has remembered.
    """

    id: NotionId
    database: str
    title: str
    url: str
    last_edited: datetime
    values: Mapping[str, RuleValue]
    created: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All pages that a set of rules looks at, by database key."""

    databases: Mapping[str, Mapping[NotionId, SnapshotPage]]

    def page(self, database: str, page_id: NotionId) -> SnapshotPage | None:
        """Return one page, None when it is not there."""
        return self.databases.get(database, {}).get(page_id)


@dataclass(frozen=True, slots=True)
class BaseValue:
    """The value of one property after the last sync, and the value that rules wanted then.

    `starter`: apply wrote the value and no sync has seen it yet. It is no person's work, so rules
    may change it.
    """

    value: RuleValue
    derived: RuleValue | NoResult = NOT_APPLICABLE
    starter: bool = False


Baseline = Mapping[NotionId, Mapping[str, BaseValue]]
"""Page id -> property key -> its memory of the last sync."""


def is_empty(value: RuleValue | NoResult) -> bool:
    """Return whether a value is empty. A checkbox is never empty."""
    # 0 and False are values. A relation whose pages are not all known does not count as empty.
    return value is None or value == "" or value == () or value == RelatedPages()


def same_value(one: RuleValue | NoResult, other: RuleValue | NoResult) -> bool:
    """Return whether two values are the same.

    Empty values are equal, and numbers are equal within the precision of Notion's JSON.
    """
    if type(one) is str and type(other) is str:  # by far the most frequent
        return one == other
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    # Before the numbers: in Python True is the number 1.
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other
