"""The properties of a data source as a query sees them: found by name or by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from notion_pm.emulator.store import ids


class SchemaProperty(Protocol):
    """A property as the store keeps it in a schema."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def config(self) -> Mapping[str, Any]: ...


CHOICES = frozenset({"select", "multi_select", "status"})


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a select, multi-select or status property, at its place in the schema."""

    id: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property with the little that filters and sorts need of its schema."""

    id: str
    name: str
    type: str
    options: tuple[Option, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def ranks(self) -> dict[str, int]:
        """Each option's place in the schema, by option id: the order in which they sort."""
        return {option.id: option.rank for option in self.options}

    def option_ids(self, name: str) -> tuple[str, ...]:
        """Return the ids that a filter's `name` stands for: an option, or a status group's options."""
        for option in self.options:
            if name in (option.name, option.id):
                return (option.id,)
        return self.groups.get(name, ())


class Properties:
    """A schema to look properties up in, by name first and then by id."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self._all = tuple(properties)
        self._by_name = {one.name: one for one in self._all}
        self._by_id = {one.id: one for one in self._all}

    @classmethod
    def of_schema(cls, schema: Iterable[SchemaProperty]) -> Properties:
        """Read the stored schema of a data source."""
        return cls(_property(one) for one in schema)

    def __iter__(self) -> Iterator[Property]:
        return iter(self._all)

    def find(self, name_or_id: str) -> Property | None:
        """Return the property of that name, or of that id as responses show it, if there is one."""
        if name_or_id in self._by_name:
            return self._by_name[name_or_id]
        found = self._by_id.get(name_or_id) or self._by_id.get(ids.decode_property_id(name_or_id))
        return found if found and ids.is_accepted(found.id, name_or_id) else None


def _property(stored: SchemaProperty) -> Property:
    options = stored.config.get("options") or () if stored.type in CHOICES else ()
    groups = stored.config.get("groups") or () if stored.type == "status" else ()
    return Property(
        id=stored.id,
        name=stored.name,
        type=stored.type,
        options=tuple(
            Option(option["id"], option["name"], rank) for rank, option in enumerate(options)
        ),
        groups={group["name"]: tuple(group["option_ids"]) for group in groups},
    )
