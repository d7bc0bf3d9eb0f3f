"""What a template has of the thread: its databases from the vision down to the customers, and the relations between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from notion_pm.model.template import DatabaseSpec, RelationProperty, Role
from notion_pm.model.template_schema import TemplateSchema

ROLES: tuple[Role, ...] = get_args(Role)
"""The parts of the thread from the top down. A database has the role that its template states, else that of its key."""

_PARENT = "parent"
"""The key of a relation of a database to itself that makes a tree; others (`depends_on`) are no part of the thread."""

_NOT_READ = frozenset({"rollup", "files"})
"""Rollups are counted here, completely; addresses of files expire."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between a lower and an upper database, held by the pages of one of them; `held_below`: the lower."""

    upper: str
    lower: str
    key: str
    held_below: bool = True

    @property
    def holder(self) -> str:
        """The database whose pages have the relation."""
        return self.lower if self.held_below else self.upper


class Chain:
    """The databases of a template that make the thread.

    `there`: the property keys that the workspace has, by database; what is missing is as if the template had it not.
    """

    def __init__(self, schema: TemplateSchema, there: Mapping[str, Collection[str]]) -> None:
        self.schema = schema
        self._there = there
        specs = schema.template.databases
        self._roles = {
            role: key for key, spec in specs.items() if key in there and (role := _role(key, spec))
        }
        self._role_of = {key: role for role, key in self._roles.items()}

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases of the thread, from the top down."""
        return tuple(self._roles[role] for role in ROLES if role in self._roles)

    @property
    def asides(self) -> tuple[str, ...]:
        """The other databases that hold a relation to the thread: releases, experiments, decisions."""
        return tuple(dict.fromkeys(each.lower for each in self._aside_edges()))

    def database(self, role: Role) -> str | None:
        """Return the database that has a role, None when the template has none."""
        return self._roles.get(role)

    def role(self, database: str) -> Role | None:
        """Return the role of a database, None for one that is aside."""
        return self._role_of.get(database)

    def has(self, database: str | None, key: str, *types: str) -> bool:
        """Whether a database has a property of that key, of one of these types where any are named."""
        if database is None or key not in self._there.get(database, ()):
            return False
        kind = self.schema.type(database, key)
        return kind is not None and (not types or kind in types)

    def status_key(self, database: str) -> str | None:
        """Return the key of a database's status, None when it has none."""
        specs = self.schema.template.databases[database].properties
        return next(
            (
                key
                for key, spec in specs.items()
                if spec.type == "status" and self.has(database, key)
            ),
            None,
        )

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The relations of the thread, ordered from the top down by their lower database.

        Of a two-way relation the side is read whose pages name few others, the lower one (of insights and customers the
        insights): where it is long Notion cuts it at 25, and telling it whole takes further requests.
        """
        rank = {key: place for place, key in enumerate(self.databases)}
        found = [edge for holder in self.databases for edge in self._edges_of(holder, rank)]
        return tuple(sorted(found, key=lambda each: rank[each.lower]))

    def edges_of(self, aside: str) -> tuple[Edge, ...]:
        """Return the relations that a database beside the thread holds to it."""
        return tuple(each for each in self._aside_edges() if each.lower == aside)

    def needs(self, databases: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the properties to read of databases: their own values, and the relations of the thread."""
        held = {(each.holder, each.key) for each in (*self.edges, *self._aside_edges())}
        return {
            database: tuple(key for key in self._read_of(database) if self.has(database, key))
            + tuple(sorted(key for holder, key in held if holder == database))
            for database in databases
        }

    def _read_of(self, database: str) -> Iterator[str]:
        for key, spec in self.schema.template.databases[database].properties.items():
            if spec.type not in _NOT_READ and not isinstance(spec, RelationProperty):
                yield key

    def _edges_of(self, holder: str, rank: Mapping[str, int]) -> Iterator[Edge]:
        for key, spec in self.schema.template.databases[holder].properties.items():
            if isinstance(spec, RelationProperty) and spec.to in rank and self.has(holder, key):
                yield from self._edge(holder, key, spec, rank)

    def _edge(
        self, holder: str, key: str, spec: RelationProperty, rank: Mapping[str, int]
    ) -> Iterator[Edge]:
        if spec.to == holder:
            if key == _PARENT:
                yield Edge(holder, holder, key)
            return
        upper, lower = sorted((holder, spec.to), key=rank.__getitem__)
        teller = upper if lower == self._roles.get("customers") else lower
        if teller != holder and spec.two_way and self.has(spec.to, spec.two_way.key):
            yield Edge(upper, lower, spec.two_way.key, held_below=teller == lower)
        else:
            yield Edge(upper, lower, key, held_below=holder == lower)

    def _aside_edges(self) -> Iterator[Edge]:
        """Relations of databases beside the thread, which hold it or mirror it."""
        for aside in self.schema.template.databases:
            if aside in self._there and aside not in self.databases:
                for key in self.schema.keys(aside):
                    target = self.schema.target(aside, key)
                    if target in self.databases and self.has(aside, key):
                        yield Edge(target, aside, key)


def _role(key: str, spec: DatabaseSpec) -> Role | None:
    return spec.role or next((role for role in ROLES if role == key), None)
