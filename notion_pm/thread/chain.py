"""Find the thread in a template: the databases from vision to customers, and their relations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from notion_pm.model.template import DatabaseSpec, RelationProperty, Role
from notion_pm.model.template_schema import TemplateSchema

ROLES: tuple[Role, ...] = get_args(Role)
"""The parts of the thread, from the top down."""

_PARENT = "parent"
"""The relation of a database to itself that makes a tree. Others (`depends_on`) are ignored."""

_NOT_READ = frozenset({"rollup", "files"})
"""Rollups are computed here, since Notion may return them incomplete; file addresses expire."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between an upper and a lower database.

    `held_below`: the pages of the lower database have it, otherwise those of the upper one.
    """

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

    `existing`: the property keys that the workspace has, by database. What it does not have is
    ignored, as if the template did not have it.
    """

    def __init__(self, schema: TemplateSchema, existing: Mapping[str, Collection[str]]) -> None:
        self.schema = schema
        self._existing = existing
        self._database_by_role: dict[Role, str] = {}
        for key, spec in schema.template.databases.items():
            role = _role(key, spec)
            # A database that the workspace lacks (an older version of the template) has no role.
            if role and key in existing:
                self._database_by_role[role] = key
        self._role_by_database = {key: role for role, key in self._database_by_role.items()}

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases of the thread, from the top down."""
        by_role = self._database_by_role
        return tuple(by_role[role] for role in ROLES if role in by_role)

    @property
    def asides(self) -> tuple[str, ...]:
        """The other databases with a relation to the thread: releases, experiments, decisions."""
        return tuple(dict.fromkeys(edge.lower for edge in self._aside_edges()))

    def database(self, role: Role) -> str | None:
        """Return the database that has a role, None if the template has none."""
        return self._database_by_role.get(role)

    def role(self, database: str) -> Role | None:
        """Return the role of a database, None for one beside the thread."""
        return self._role_by_database.get(database)

    def has(self, database: str | None, key: str, *types: str) -> bool:
        """Whether a database has a property, of one of the types if any are given."""
        if database is None or key not in self._existing.get(database, ()):
            return False
        property_type = self.schema.type(database, key)
        return property_type is not None and (not types or property_type in types)

    def status_key(self, database: str) -> str | None:
        """Return the key of a database's status, None if it has none."""
        specs = self.schema.template.databases[database].properties
        for key, spec in specs.items():
            if spec.type == "status" and self.has(database, key):
                return key
        return None

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The relations of the thread, ordered by their lower database from the top down.

        Of a two-way relation one side is enough. It is the side whose pages name few others: the
        lower one, but of insights and customers the insights. A page answer holds 25 related pages
        at most; a longer relation takes further requests (notion-api.md, property items).
        """
        level = {database: index for index, database in enumerate(self.databases)}
        found: list[Edge] = []
        for holder in self.databases:
            for key, spec in self.schema.template.databases[holder].properties.items():
                if not isinstance(spec, RelationProperty) or not self.has(holder, key):
                    continue
                edge = self._edge(holder, key, spec, level)
                if edge is not None:
                    found.append(edge)
        return tuple(sorted(found, key=lambda edge: level[edge.lower]))

    def edges_of(self, aside: str) -> tuple[Edge, ...]:
        """Return the relations of a database beside the thread to the thread."""
        return tuple(edge for edge in self._aside_edges() if edge.lower == aside)

    def needs(self, databases: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the properties to read, by database: values, and relations of the thread."""
        all_edges = (*self.edges, *self._aside_edges())
        needed = {}
        for database in databases:
            values = [key for key in self._value_keys(database) if self.has(database, key)]
            relations = {edge.key for edge in all_edges if edge.holder == database}
            needed[database] = (*values, *sorted(relations))
        return needed

    def _value_keys(self, database: str) -> Iterator[str]:
        for key, spec in self.schema.template.databases[database].properties.items():
            if spec.type not in _NOT_READ and not isinstance(spec, RelationProperty):
                yield key

    def _edge(
        self, holder: str, key: str, spec: RelationProperty, level: Mapping[str, int]
    ) -> Edge | None:
        """Return the edge for a relation, None if it does not connect databases of the thread."""
        if spec.to not in level:
            return None
        # A relation of a database to itself is an edge only if it makes a tree.
        if spec.to == holder:
            return Edge(holder, holder, key) if key == _PARENT else None

        upper, lower = sorted((holder, spec.to), key=level.__getitem__)
        # A feature names a few objectives, an objective many features. But a customer may have
        # hundreds of insights, and an insight names one customer.
        preferred = upper if lower == self.database("customers") else lower
        mirror = spec.two_way
        if holder != preferred and mirror and self.has(spec.to, mirror.key):
            return Edge(upper, lower, mirror.key, held_below=preferred == lower)
        return Edge(upper, lower, key, held_below=holder == lower)

    def _aside_edges(self) -> Iterator[Edge]:
        """Yield the relations of databases beside the thread to the thread."""
        for aside in self.schema.template.databases:
            if aside not in self._existing or aside in self.databases:
                continue
            for key in self.schema.keys(aside):
                target = self.schema.target(aside, key)
                if target in self.databases and self.has(aside, key):
                    yield Edge(target, aside, key)


def _role(key: str, spec: DatabaseSpec) -> Role | None:
    """Return the role of a database: the one its template states, or the one it is named after."""
    if spec.role:
        return spec.role
    return next((role for role in ROLES if role == key), None)
