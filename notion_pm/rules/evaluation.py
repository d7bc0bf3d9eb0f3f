"""The result of evaluating rules: plain values for reports, writes and the next baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue, RuleValue, SnapshotPage


@dataclass(frozen=True, slots=True)
class Change:
    """A new value of a property, the rules that set it, and the pages that caused it.

    `starter`: see BaseValue.
    """

    property: str
    before: RuleValue
    after: RuleValue
    rules: tuple[str, ...]
    why: str
    because: tuple[NotionId, ...] = ()
    starter: bool = False


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """All changes to one page."""

    page: SnapshotPage
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A person's value that rules would overwrite. `new`: no earlier sync has reported it."""

    page: SnapshotPage
    property: str
    value: RuleValue
    derived: RuleValue
    rules: tuple[str, ...]
    why: str
    reason: str
    new: bool = True
    because: tuple[NotionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that a rule suggests to a person."""

    page: SnapshotPage
    property: str
    value: RuleValue
    proposed: RuleValue
    rule: str
    why: str
    because: tuple[NotionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Why a rule could not act. `page` is None if the note is about several pages."""

    message: str
    page: SnapshotPage | None = None


PropertyRef = tuple[NotionId, str]
"""A property of a page: page id, property key."""


@dataclass(frozen=True, slots=True)
class QuarantinedValue:
    """A property in quarantine: its value, the value that rules want and do not write, and why.

    `runs`: the runs that led to it. `reported`: a sync has reported it.
    """

    value: RuleValue
    derived: RuleValue
    reason: str
    runs: tuple[str, ...] = ()
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of all rules on all pages.

    `baseline`: the new memory of the pages whose memory changes. `quarantined`: all that is in
    quarantine afterwards.
    """

    updates: tuple[PageUpdate, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[Note, ...] = ()
    baseline: dict[NotionId, dict[str, BaseValue]] = field(default_factory=dict)
    quarantined: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)
