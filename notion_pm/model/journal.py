"""The journal of an apply: the state before each write, and Notion's answer. `undo` reverses it.

A write is recorded twice: before it as `Doing`, and after it as `Done`. If the answer was lost,
there is a `Doing` without a `Done`, and `undo` must find out whether the write happened. An apply
that was interrupted and run again is one apply, with one journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

# Journals contain these words, so that they must never be renamed.
Verb = Literal[
    "create page", "create row", "update page", "trash page",
    "create database", "update database", "trash database", "update data source",
    "create view", "update view", "delete view",
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
        # A creation is begun without an id, and has none if the answer was lost.
        return frozenset(ids - {""})

    def before(self, verb: Verb, notion_id: str) -> Any:
        """Return the state before the first such write to a thing, None when there was none."""
        for doing in self._writes_to(verb, notion_id):
            return doing.before
        return None

    def after(self, notion_id: str) -> Any:
        """Return Notion's last answer for a thing, None when there was none."""
        answers = self._answers_for(notion_id)
        return answers[-1] if answers else None

    def view_before(self, view_id: str) -> View | None:
        """Return a view as it was before it was changed or deleted."""
        # Of a view that was changed and then deleted, the change has the older state.
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
        # The latest write first, so that the earliest state of a property wins in `_properties`.
        writes = self._writes_to("update data source", data_source_id)
        return _properties(doing.before for doing in reversed(writes))

    def properties_after(self, data_source_id: str) -> dict[str, Property]:
        """Return the created or changed properties as in Notion's last answer, by id."""
        return _properties(self._answers_for(data_source_id))

    def page_after(self, page_id: str) -> Mapping[str, Any] | None:
        """Return the values that were written to a row, by property id, as JSON."""
        written = self.after(page_id)
        if not isinstance(written, dict):
            return None
        return {as_received(key): value for key, value in written.items()}

    def _writes_to(self, verb: Verb, notion_id: str) -> list[Doing]:
        return [doing for doing, _ in self.writes if doing.verb == verb and doing.id == notion_id]

    def _answers_for(self, notion_id: str) -> list[Any]:
        """Return Notion's answers to the writes to a thing, the first one first."""
        return [
            line.after for line in self.lines if isinstance(line, Done) and line.id == notion_id
        ]


def _properties(records: Iterable[Any]) -> dict[str, Property]:
    """Return the properties of several records; of a property that is in several, the last one."""
    properties: dict[str, Property] = {}
    for record in records:
        for property_id, json in (record or {}).items():
            properties[as_received(property_id)] = _property(json)
    return properties


# Journals of earlier versions have decoded property ids ("a@b"), newer ones have them as Notion
# sends them ("a%40b"). The functions named `..._as_received` convert both to Notion's form.


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
        sorts=tuple(conditions_as_received(sort) for sort in view.sorts),
        quick_filters=quick_filters_as_received(view.quick_filters),
        configuration=configuration_as_received(view.configuration),
    )
