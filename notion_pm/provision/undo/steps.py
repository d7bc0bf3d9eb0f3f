"""What taking back an apply comes to: the steps that can be made, and what stays, each with its reason. Pure.

Three states are compared: how it was before the apply, what the apply made of it, and how it is now. What people have
changed or filled in since is theirs and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import Database, DataSource, PropertyPatch, View
from notion_pm.provision.plan.change import Change


@dataclass(frozen=True, slots=True)
class Found:
    """A database of the manifest as it is now. `views` are those that the apply touched or that we do not know.

    `pages` are empty where nothing is to be learnt from them.
    """

    database: Database
    source: DataSource
    view_ids: tuple[NotionId, ...] = ()
    views: Mapping[NotionId, View] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is known of one database of an apply: before, by the apply's end, and now."""

    key: str
    journal: Journal
    before: DatabaseEntry | None
    entry: DatabaseEntry
    found: Found
    going: frozenset[NotionId]
    """The pages that the apply made, in all databases."""

    @property
    def stamped(self) -> frozenset[str]:
        """The ids of properties that rules fill in."""
        keys = self.journal.begun.stamped.get(self.key, ())
        return frozenset(each for key in keys if (each := self.entry.properties.get(key)))

    @property
    def made_rows(self) -> dict[str, NotionId]:
        """The rows that the apply made, by key."""
        known = set(self.before.rows.values()) if self.before else set()
        return {key: each for key, each in self.entry.rows.items() if each not in known}


# --- what is done, each one request


@dataclass(frozen=True, slots=True)
class TrashPage:
    database: str
    page_id: NotionId


@dataclass(frozen=True, slots=True)
class TrashDatabase:
    database: str
    database_id: NotionId


@dataclass(frozen=True, slots=True)
class DeleteView:
    database: str
    view_id: NotionId


@dataclass(frozen=True, slots=True)
class SetView:
    """Give a view the settings that it had."""

    database: str
    before: View
    now: View


@dataclass(frozen=True, slots=True)
class MakeView:
    """Make a deleted view again, with its settings; under another id. A `twin` was made by an interrupted undo."""

    database: str
    key: str
    before: View
    database_id: NotionId
    twin: NotionId | None = None


@dataclass(frozen=True, slots=True)
class SetDatabase:
    """Give a database its title, icon or description again; None leaves it, and empty is none."""

    database: str
    database_id: NotionId
    title: str | None
    icon: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class SetProperties:
    """Change or (None) remove properties of a data source, by id; nothing where one goes along with another."""

    database: str
    data_source_id: NotionId
    patches: Mapping[str, PropertyPatch | None]
    level: int = 0
    """Properties of one level are set by one request."""
    options_back: Mapping[str, OptionBack] = field(default_factory=dict)
    """Options that are made again, under another id, by `property.option`."""


@dataclass(frozen=True, slots=True)
class OptionBack:
    """An option that the apply removed and that is made again. Its property, by id, tells its new id."""

    property_id: str
    name: str


Act = TrashPage | TrashDatabase | DeleteView | SetView | MakeView | SetDatabase | SetProperties
_ORDER = (TrashPage, DeleteView, SetView, SetProperties, SetDatabase, MakeView, TrashDatabase)
"""Rows before the properties that they fill, views before what they show, databases when nothing leads there."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the apply did: how it is taken back, or (None) why it stays. `level` orders properties."""

    change: Change
    act: Act | None = None
    level: int = 0


@dataclass(frozen=True)
class UndoPlan:
    """How an apply is taken back. `manifest` is the record afterwards, None when nothing is left to record."""

    template: str
    started: datetime
    steps: tuple[Step, ...]
    manifest: Manifest | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is taken back, by address."""
        return tuple(
            sorted((each.change for each in self.steps if each.act), key=lambda each: each.order)
        )

    @property
    def left(self) -> tuple[Change, ...]:
        """What stays, by address; each of the class `blocked`."""
        return tuple(
            sorted(
                (each.change for each in self.steps if not each.act), key=lambda each: each.order
            )
        )

    @property
    def acts(self) -> tuple[Act, ...]:
        """The requests, in their order: those to one data source and of one level are one."""
        taken = [(each.act, each.level) for each in self.steps if each.act]
        others = [act for act, _ in taken if not isinstance(act, SetProperties)]
        return tuple(sorted([*others, *_joined(taken)], key=lambda act: _ORDER.index(type(act))))

    def says_the_same_as(self, other: UndoPlan) -> bool:
        """Return whether a person who agreed to the other plan has agreed to this one."""
        return self._content == other._content

    @property
    def _content(self) -> tuple[object, ...]:
        return self.template, self.started, self.acts, self.changes, self.left

    def left_since(self, agreed: UndoPlan) -> tuple[Change, ...]:
        """Return what stays although the agreed plan would have taken it back."""
        known = {(each.address, each.option_id) for each in agreed.left}
        return tuple(each for each in self.left if (each.address, each.option_id) not in known)

    def as_data(self) -> dict[str, Any]:
        """Return the plan as JSON data with stable keys."""
        return {
            "undo": "apply",
            "template": self.template,
            "applied": self.started.isoformat(),
            "changes": [each.as_data() for each in self.changes],
            "left": [each.as_data() for each in self.left],
        }


def _joined(taken: list[tuple[Act, int]]) -> list[SetProperties]:
    joined: dict[tuple[int, NotionId], SetProperties] = {}
    for act, level in taken:
        if isinstance(act, SetProperties) and act.patches:
            place = (level, act.data_source_id)
            others = joined.get(place, replace(act, patches={}, options_back={}))
            joined[place] = replace(
                act,
                patches={**others.patches, **act.patches},
                level=level,
                options_back={**others.options_back, **act.options_back},
            )
    return [joined[place] for place in sorted(joined)]
