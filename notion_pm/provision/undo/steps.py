"""What an undo consists of: its steps, the requests that they need, and the plan. Pure.

Three states of everything are compared: before the apply, after it, and now. What people have
changed or filled in since the apply is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import Database, DataSource, PropertyPatch, View
from notion_pm.provision.plan.change import Change

MADE_BY_APPLY = "made by the apply"
CHANGED_BY_APPLY = "changed by the apply"
REMOVED_BY_APPLY = "removed by the apply"
CHANGED_SINCE = "people changed it since"


@dataclass(frozen=True, slots=True)
class CurrentDatabase:
    """A database of the record as it is now.

    `views`: those that the apply changed and those that the record does not know. `pages` is empty
    when the undo does not depend on them.
    """

    database: Database
    source: DataSource
    view_ids: tuple[NotionId, ...] = ()
    views: Mapping[NotionId, View] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseHistory:
    """One database before the apply, after it, and now.

    `before` is None for a database that the apply made. `made_pages`: the pages that the apply
    made, in all databases.
    """

    key: str
    journal: Journal
    before: DatabaseEntry | None
    after: DatabaseEntry
    now: CurrentDatabase
    made_pages: frozenset[NotionId]

    @property
    def rule_filled_ids(self) -> frozenset[str]:
        """The ids of properties that rules fill in."""
        keys = self.journal.begun.stamped.get(self.key, ())
        return frozenset(self.after.properties[key] for key in keys if key in self.after.properties)

    @property
    def made_rows(self) -> dict[str, NotionId]:
        """The rows that the apply made, by key."""
        rows_before = set(self.before.rows.values()) if self.before else set()
        return {
            key: page_id for key, page_id in self.after.rows.items() if page_id not in rows_before
        }


# --- requests: each of these values is one request to Notion


@dataclass(frozen=True, slots=True)
class TrashPage:
    """Put a row into the trash."""

    database: str
    page_id: NotionId


@dataclass(frozen=True, slots=True)
class TrashDatabase:
    """Put a database into the trash."""

    database: str
    database_id: NotionId


@dataclass(frozen=True, slots=True)
class DeleteView:
    """Delete a view; Notion has no trash for views."""

    database: str
    view_id: NotionId


@dataclass(frozen=True, slots=True)
class SetView:
    """Give a view the settings that it had before the apply."""

    database: str
    before: View
    now: View


@dataclass(frozen=True, slots=True)
class MakeView:
    """Make a deleted view again with its settings. It gets another id.

    `existing_id`: the view that an interrupted undo has made already.
    """

    database: str
    key: str
    before: View
    database_id: NotionId
    existing_id: NotionId | None = None


@dataclass(frozen=True, slots=True)
class SetDatabase:
    """Set title, icon or description of a database. None leaves it; an empty text clears it."""

    database: str
    database_id: NotionId
    title: str | None
    icon: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class SetProperties:
    """Change properties of a data source, or remove them (None), by property id.

    `patches` is empty for the second side of a two-way relation: Notion removes both sides at once.
    The properties of one `level` are set by one request. `remade_options`: the options that are
    made again with another id, by `property key.option key`.
    """

    database: str
    data_source_id: NotionId
    patches: Mapping[str, PropertyPatch | None]
    level: int = 0
    remade_options: Mapping[str, RemadeOption] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemadeOption:
    """An option that the apply removed and the undo makes again.

    Notion gives it a new id, which is found by its name in the property with this id.
    """

    property_id: str
    name: str


UndoRequest = (
    TrashPage | TrashDatabase | DeleteView | SetView | MakeView | SetDatabase | SetProperties
)

# Rows before the properties that they fill in, views before the properties that they show.
# Databases come last: no relation to them is left by then.
_ORDER = (TrashPage, DeleteView, SetView, SetProperties, SetDatabase, MakeView, TrashDatabase)


# --- the plan


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the apply did, and the request that undoes it.

    `request` is None for a thing that is kept. `level` orders the properties of a database.
    """

    change: Change
    request: UndoRequest | None = None
    level: int = 0


def keep(change: Change) -> Step:
    """Return the step of something that the undo does not touch; the change has the reason."""
    return Step(replace(change, change_class="blocked"))


@dataclass(frozen=True)
class UndoPlan:
    """How an apply is undone. `manifest`: the record after the undo, None to remove the record."""

    template: str
    started: datetime
    steps: tuple[Step, ...]
    manifest: Manifest | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is undone, by address."""
        return _sorted_changes(step for step in self.steps if step.request is not None)

    @property
    def kept(self) -> tuple[Change, ...]:
        """What is kept although the apply did it, by address; the class is always `blocked`."""
        return _sorted_changes(step for step in self.steps if step.request is None)

    @property
    def requests(self) -> tuple[UndoRequest, ...]:
        """The requests, in their order."""
        requests: list[UndoRequest] = []
        property_steps = []
        for step in self.steps:
            if isinstance(step.request, SetProperties):
                property_steps.append((step.level, step.request))
            elif step.request is not None:
                requests.append(step.request)
        requests += _join_by_level(property_steps)
        return tuple(sorted(requests, key=lambda request: _ORDER.index(type(request))))

    def has_same_content(self, other: UndoPlan) -> bool:
        """Return whether a person who agreed to the other plan has agreed to this one."""
        return self._content == other._content

    @property
    def _content(self) -> tuple[object, ...]:
        return self.template, self.started, self.requests, self.changes, self.kept

    def kept_since(self, agreed: UndoPlan) -> tuple[Change, ...]:
        """Return what this plan keeps and the agreed plan would have undone."""
        known = {(change.address, change.option_id) for change in agreed.kept}
        return tuple(
            change for change in self.kept if (change.address, change.option_id) not in known
        )

    def as_data(self) -> dict[str, Any]:
        """Return the plan as JSON data with stable keys."""
        return {
            "undo": "apply",
            "template": self.template,
            "applied": self.started.isoformat(),
            "changes": [change.as_data() for change in self.changes],
            "left": [change.as_data() for change in self.kept],
        }


def _sorted_changes(steps: Iterable[Step]) -> tuple[Change, ...]:
    changes = [step.change for step in steps]
    return tuple(sorted(changes, key=lambda change: change.order))


def _join_by_level(steps: Iterable[tuple[int, SetProperties]]) -> list[SetProperties]:
    """Return one request per level and data source for all that set properties."""
    joined: dict[tuple[int, NotionId], SetProperties] = {}
    for level, request in steps:
        if not request.patches:
            continue
        place = (level, request.data_source_id)
        so_far = joined.get(place)
        if so_far is None:
            joined[place] = replace(request, level=level)
        else:
            joined[place] = replace(
                so_far,
                patches={**so_far.patches, **request.patches},
                remade_options={**so_far.remade_options, **request.remade_options},
            )
    return [joined[place] for place in sorted(joined)]
