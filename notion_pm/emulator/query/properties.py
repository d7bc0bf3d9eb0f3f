"""The properties of a data source for queries, found by name or by id."""

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
    """An option of a select, multi-select or status. `rank` is its position in the schema."""

    id: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property with what filters and sorts need to know of it."""

    id: str
    name: str
    type: str
    options: tuple[Option, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def ranks(self) -> dict[str, int]:
        """The positions of the options in the schema, by id. Sorts use this order."""
        return {option.id: option.rank for option in self.options}

    def option_ids(self, name: str) -> tuple[str, ...]:
        """Return the ids of the options that a filter names: one option, or a group of a status."""
        for option in self.options:
            if name in (option.name, option.id):
                return (option.id,)
        # A filter may name a group of a status (notion-api.md 2.6).
        return self.groups.get(name, ())


class Properties:
    """The properties of a schema, found by name or else by id."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self._all = tuple(properties)
        self._by_name = {prop.name: prop for prop in self._all}
        self._by_id = {prop.id: prop for prop in self._all}

    @classmethod
    def of_schema(cls, schema: Iterable[SchemaProperty]) -> Properties:
        """Return the properties of a stored schema."""
        return cls(_property(stored) for stored in schema)

    def __iter__(self) -> Iterator[Property]:
        return iter(self._all)

    def find(self, name_or_id: str) -> Property | None:
        """Return the property of a name, or of an id as responses show it.

        None if it does not exist.
        """
        if name_or_id in self._by_name:
            return self._by_name[name_or_id]
        # The store has ids decoded, clients send them as received. Whether Notion also takes
        # decoded ones is not known (notion-measured.md 2), so `is_accepted` follows a setting.
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
