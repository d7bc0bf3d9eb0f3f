"""The journal of an apply: what each write found before it, and what Notion answered. `undo` plays it backwards.

A write is told twice, before and after it, so that one whose outcome nobody heard of shows as a `Doing` without a
`Done`. An apply that was interrupted and run again is one apply, with one journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from notion_pm.model.manifest import Manifest
from notion_pm.model.property_ids import as_received
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.schema import (
    Database,
    FormulaConfig,
    NoConfig,
    NumberConfig,
    OptionsConfig,
    Property,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
    View,
)
from notion_pm.model.template import LoadedTemplate
from notion_pm.model.view_settings import (
    conditions_as_received,
    configuration_as_received,
    quick_filters_as_received,
)

_STRICT = ConfigDict(extra="forbid", frozen=True)
_CONFIGS: dict[str, type[Any]] = {
    "number": NumberConfig,
    "relation": RelationConfig,
    "rollup": RollupConfig,
    "formula": FormulaConfig,
    "unique_id": UniqueIdConfig,
    **dict.fromkeys(OPTION_TYPES, OptionsConfig),
}

Verb = Literal[
    "create page", "create row", "update page", "trash page", "create database", "update database", "trash database",
    "update data source", "create view", "update view", "delete view",
]  # fmt: skip


class Begun(BaseModel):
    """How it stood before, and the template that is applied. `manifest` is None before a first apply.

    `stamped` are properties that rules fill in, by database.

    `partial`: the apply began elsewhere, and only its later part is told here.
    """

    model_config = _STRICT

    kind: Literal["begun"] = "begun"
    format: Literal[1] = 1
    loaded: LoadedTemplate
    started: datetime
    manifest: Manifest | None
    stamped: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    partial: bool = False


class Doing(BaseModel):
    """A write that is about to be sent; `id` is empty where it makes something."""

    model_config = _STRICT

    kind: Literal["doing"] = "doing"
    number: int
    verb: Verb
    id: str = ""
    name: str = ""
    before: Any = None


class Done(BaseModel):
    """A write that was answered, and with what."""

    model_config = _STRICT

    kind: Literal["done"] = "done"
    number: int
    id: str
    after: Any = None


class Ended(BaseModel):
    """The apply came to its end."""

    model_config = _STRICT

    kind: Literal["ended"] = "ended"
    moment: datetime


class Undone(BaseModel):
    """The apply was taken back."""

    model_config = _STRICT

    kind: Literal["undone"] = "undone"
    moment: datetime


Line = Begun | Doing | Done | Ended | Undone
LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])
_VIEW, _DATABASE = TypeAdapter(View), TypeAdapter(Database)


@dataclass(frozen=True)
class Journal:
    """A journal as it was read: how it stood before, and everything that was done since."""

    begun: Begun
    lines: tuple[Line, ...] = ()

    @property
    def writes(self) -> Iterator[tuple[Doing, Done | None]]:
        """Every write with its answer, None where nobody heard of it."""
        done = {each.number: each for each in self.lines if isinstance(each, Done)}
        return ((each, done.get(each.number)) for each in self.lines if isinstance(each, Doing))

    @property
    def ids(self) -> frozenset[str]:
        """The ids of everything that was written to."""
        return frozenset(
            each
            for doing, done in self.writes
            for each in (doing.id, done.id if done else "")
            if each
        )

    def before(self, verb: Verb, notion_id: str) -> Any:
        """Return how a thing was before the first such write to it, None when it was not written to."""
        return next(
            (each.before for each, _ in self.writes if (each.verb, each.id) == (verb, notion_id)),
            None,
        )

    def after(self, notion_id: str) -> Any:
        """Return what Notion last answered of a thing, None when it did not."""
        answers = [
            each.after for each in self.lines if isinstance(each, Done) and each.id == notion_id
        ]
        return answers[-1] if answers else None

    def view_before(self, view_id: str) -> View | None:
        """Return a view as it was before it was changed or deleted."""
        found = self.before("update view", view_id) or self.before("delete view", view_id)
        return _view(found) if found else None

    def view_after(self, view_id: str) -> View | None:
        """Return a view as it was made or changed."""
        found = self.after(view_id)
        return _view(found) if found else None

    def database_before(self, database_id: str) -> Database | None:
        """Return title, icon and description of a database before they were changed."""
        found = self.before("update database", database_id)
        return _DATABASE.validate_python(found) if found else None

    def database_after(self, database_id: str) -> Database | None:
        """Return title, icon and description of a database as they were changed."""
        found = self.after(database_id)
        return _DATABASE.validate_python(found) if found else None

    def properties_before(self, data_source_id: str) -> dict[str, Property]:
        """Return the properties that were changed or removed as they were before, by id."""
        writes = [
            each
            for each, _ in self.writes
            if (each.verb, each.id) == ("update data source", data_source_id)
        ]
        return _properties(each.before for each in reversed(writes))

    def properties_after(self, data_source_id: str) -> dict[str, Property]:
        """Return the properties that were made or changed as Notion last answered them, by id."""
        return _properties(
            each.after
            for each in self.lines
            if isinstance(each, Done) and each.id == data_source_id
        )

    def page_after(self, page_id: str) -> Mapping[str, Any] | None:
        """Return the values that a row was written with, by property id, as JSON."""
        found = self.after(page_id)
        return (
            {as_received(key): value for key, value in found.items()}
            if isinstance(found, dict)
            else None
        )


def _properties(told: Iterator[Any]) -> dict[str, Property]:
    """Return the properties of several tellings, the last of each."""
    return {
        as_received(each): _property(json)
        for telling in told
        for each, json in (telling or {}).items()
    }


# Journals of earlier versions hold the ids of properties decoded. Both forms are read as Notion gives them.


def _property(json: Mapping[str, Any]) -> Property:
    config = TypeAdapter(_CONFIGS.get(json["type"], NoConfig)).validate_python(json["config"])
    if isinstance(config, RelationConfig) and config.synced_property_id:
        config = replace(config, synced_property_id=as_received(config.synced_property_id))
    if isinstance(config, RollupConfig):
        config = replace(
            config,
            relation_property_id=as_received(config.relation_property_id),
            rollup_property_id=as_received(config.rollup_property_id),
        )
    return Property(
        as_received(json["id"]), json["name"], json["type"], config, json["description"]
    )


def _view(json: Mapping[str, Any]) -> View:
    view = _VIEW.validate_python(json)
    return replace(
        view,
        filter=conditions_as_received(view.filter) if view.filter else None,
        sorts=tuple(conditions_as_received(each) for each in view.sorts),
        quick_filters=quick_filters_as_received(view.quick_filters),
        configuration=configuration_as_received(view.configuration),
    )
