"""What an evaluation of rules comes to: plain values for reports, writes and the next baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue, RuleValue, SnapshotPage


@dataclass(frozen=True, slots=True)
class Change:
    """A property gets another value: by which rules, and because of which pages. `starter`: see BaseValue."""

    property: str
    before: RuleValue
    after: RuleValue
    rules: tuple[str, ...]
    why: str
    because: tuple[NotionId, ...] = ()
    starter: bool = False


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """Everything that changes on one page."""

    page: SnapshotPage
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A person's value that a rule would overwrite. `new` is false when an earlier sync has reported it already."""

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
    """What a rule suggests to a person."""

    page: SnapshotPage
    property: str
    value: RuleValue
    proposed: RuleValue
    rule: str
    why: str
    because: tuple[NotionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know: why a rule could not act. `page` is None where it is about several."""

    message: str
    page: SnapshotPage | None = None


PropertyRef = tuple[NotionId, str]
"""A property of a page."""


@dataclass(frozen=True, slots=True)
class QuarantinedValue:
    """A property in quarantine: what it holds, what rules say and do not write, why, and the runs that led to it.

    `told` when a sync has reported it.
    """

    value: RuleValue
    derived: RuleValue
    reason: str
    runs: tuple[str, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that rules come to, at rest.

    `baseline` holds the pages whose memory changes, by page id; `holds` is all that is in quarantine afterwards.
    """

    updates: tuple[PageUpdate, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[Note, ...] = ()
    baseline: dict[NotionId, dict[str, BaseValue]] = field(default_factory=dict)
    holds: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)
