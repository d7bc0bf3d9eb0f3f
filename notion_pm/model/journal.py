"""The journal of an apply: the state before each write, and Notion's answer. `undo` reverses it.

A write is recorded twice, before and after it. So a write whose answer was lost shows as a `Doing`
without a `Done`. An apply that was interrupted and run again is one apply, with one journal.
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
    """The start of an apply: the template and the manifest before it (None for a first apply).

    `stamped`: by database, the properties that rules fill in.
    `partial`: the apply began on another machine, and this journal has only its later part.
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
    """A write that is about to be sent. `id` is empty if it creates something."""

    model_config = _STRICT

    kind: Literal["doing"] = "doing"
    number: int
    verb: Verb
    id: str = ""
    name: str = ""
    before: Any = None


class Done(BaseModel):
    """Notion's answer to a write."""

    model_config = _STRICT

    kind: Literal["done"] = "done"
    number: int
    id: str
    after: Any = None


class Ended(BaseModel):
    """The apply finished."""

    model_config = _STRICT

    kind: Literal["ended"] = "ended"
    moment: datetime


class Undone(BaseModel):
    """The apply was undone."""

    model_config = _STRICT

    kind: Literal["undone"] = "undone"
    moment: datetime


Line = Begun | Doing | Done | Ended | Undone
LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])
_VIEW, _DATABASE = TypeAdapter(View), TypeAdapter(Database)


@dataclass(frozen=True)
class Journal:
    """A journal: the state before the apply, and every write since."""

    begun: Begun
    lines: tuple[Line, ...] = ()

    @property
    def writes(self) -> Iterator[tuple[Doing, Done | None]]:
        """Every write with its answer, None if the answer was lost."""
        answers = {line.number: line for line in self.lines if isinstance(line, Done)}
        for line in self.lines:
            if isinstance(line, Doing):
                yield line, answers.get(line.number)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of everything that was written to."""
        ids: set[str] = set()
        for doing, done in self.writes:
            ids.add(doing.id)
            ids.add(done.id if done else "")
        return frozenset(ids - {""})

    def before(self, verb: Verb, notion_id: str) -> Any:
        """Return the state before the first such write to a thing, None when there was none."""
        return next(
            (each.before for each, _ in self.writes if (each.verb, each.id) == (verb, notion_id)),
            None,
        )

    def after(self, notion_id: str) -> Any:
        """Return Notion's last answer for a thing, None when there was none."""
        answers = [
            each.after for each in self.lines if isinstance(each, Done) and each.id == notion_id
        ]
        return answers[-1] if answers else None

    def view_before(self, view_id: str) -> View | None:
        """Return a view as it was before it was changed or deleted."""
        found = self.before("update view", view_id) or self.before("delete view", view_id)
        return _view(found) if found else None

    def view_after(self, view_id: str) -> View | None:
        """Return a view as it was created or changed."""
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
        """Return the properties before they were changed or removed, by id."""
        writes = [
            each
            for each, _ in self.writes
            if (each.verb, each.id) == ("update data source", data_source_id)
        ]
        return _properties(each.before for each in reversed(writes))

    def properties_after(self, data_source_id: str) -> dict[str, Property]:
        """Return the created or changed properties as in Notion's last answer, by id."""
        return _properties(
            each.after
            for each in self.lines
            if isinstance(each, Done) and each.id == data_source_id
        )

    def page_after(self, page_id: str) -> Mapping[str, Any] | None:
        """Return the values that were written to a row, by property id, as JSON."""
        found = self.after(page_id)
        return (
            {as_received(key): value for key, value in found.items()}
            if isinstance(found, dict)
            else None
        )


def _properties(records: Iterator[Any]) -> dict[str, Property]:
    """Return the properties of several records, the last record of each property."""
    properties: dict[str, Property] = {}
    for record in records:
        for property_id, json in (record or {}).items():
            properties[as_received(property_id)] = _property(json)
    return properties


# Journals of earlier versions have decoded property ids. Both forms are converted to Notion's form.


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
