"""Paths along relations: `features.vision`, `inverse(parent)`, `tree(parent).insights.customer`.

`features | opportunities.features` has two routes: it leads to the pages of both, each page once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from notion_pm.model.template_schema import TemplateSchema
from notion_pm.text import suggest

_SEGMENT = re.compile(r"(?:inverse|tree)\([^()]*\)|[^.]+")
_INVERSE = re.compile(r"inverse\((?:(?P<database>[^.()]+)\.)?(?P<relation>[^.()]+)\)$")
_OR = "|"
_TREE = re.compile(r"tree\((?P<relation>[^.()]+)\)$")


class BadPath(ValueError):
    """A path names something that the template does not have. Its text says what, for a person."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step from a page of `start` to pages of `end`, along a relation or backwards along one that `end` holds.

    A `deep` one leads backwards as often as it goes, and to the page itself: to a page and all below it.
    """

    start: str
    relation: str
    end: str
    inverse: bool = False
    deep: bool = False

    @property
    def holder(self) -> str:
        """The database whose pages hold the relation."""
        return self.end if self.inverse else self.start


@dataclass(frozen=True, slots=True)
class Path:
    """One or more routes from a database to pages of one other database.

    `key` is the property at their end, where the path means a value and not the pages.
    """

    start: str
    routes: tuple[tuple[Hop, ...], ...]
    key: str | None = None

    @property
    def end(self) -> str:
        """The database that the path leads to."""
        return self.routes[0][-1].end

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The hops of all routes."""
        return tuple(hop for route in self.routes for hop in route)


def parse_target(schema: TemplateSchema, text: str) -> tuple[str, str]:
    """Read `database.property`. Raises BadPath."""
    database, _, key = text.partition(".")
    databases = schema.template.databases
    if database not in databases:
        raise BadPath(f"There is no database {database!r}. {suggest(database, databases)}".strip())
    require_property(schema, database, key)
    return database, key


def parse_relations(schema: TemplateSchema, start: str, text: str) -> Path:
    """Read a path that leads to pages. Raises BadPath."""
    routes = tuple(_route(schema, start, part.strip()) for part in text.split(_OR))
    ends = tuple(dict.fromkeys(route[-1].end for route in routes))
    if len(ends) > 1:
        raise BadPath(f"The routes of {text!r} lead to different databases: {', '.join(ends)}.")
    return Path(start, routes)


def parse_property(schema: TemplateSchema, start: str, text: str) -> Path:
    """Read a path that leads to a property of related pages. Raises BadPath."""
    relations: list[str] = []
    keys: list[str] = []
    for part in text.split(_OR):
        route, _, key = part.strip().rpartition(".")
        if not route:
            raise BadPath(
                f"{text!r} should name a relation and a property of the related pages: relation.property."
            )
        relations.append(route)
        keys.append(key)
    if len(set(keys)) > 1:
        raise BadPath(f"The routes of {text!r} end in different properties: {', '.join(keys)}.")
    path = parse_relations(schema, start, _OR.join(relations))
    require_property(schema, path.end, keys[0])
    return Path(start, path.routes, keys[0])


def require_property(schema: TemplateSchema, database: str, key: str) -> str:
    """Return the type of a property. Raises BadPath when there is none of that key."""
    kind = schema.type(database, key)
    if kind is None:
        hint = suggest(key, schema.keys(database))
        raise BadPath(f"{database} has no property {key!r}. {hint}".strip())
    return kind


def _route(schema: TemplateSchema, start: str, text: str) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    for segment in _SEGMENT.findall(text):
        hops.append(_hop(schema, hops[-1].end if hops else start, segment))
    if not hops:
        raise BadPath("A path along relations is missing.")
    return tuple(hops)


def _hop(schema: TemplateSchema, start: str, segment: str) -> Hop:
    if inverse := _INVERSE.match(segment):
        return _inverse_hop(schema, start, inverse["database"] or start, inverse["relation"])
    if tree := _TREE.match(segment):
        return replace(_inverse_hop(schema, start, start, tree["relation"]), deep=True)
    require_property(schema, start, segment)
    target = schema.target(start, segment)
    if target is None:
        raise BadPath(f"{start}.{segment} is no relation.")
    if target not in schema.template.databases:
        raise BadPath(
            f"{start}.{segment} leads to {target!r}, which is no database of the template."
        )
    return Hop(start, segment, target)


def _inverse_hop(schema: TemplateSchema, start: str, database: str, relation: str) -> Hop:
    if database not in schema.template.databases:
        raise BadPath(
            f"There is no database {database!r}. {suggest(database, schema.template.databases)}"
        )
    require_property(schema, database, relation)
    if schema.target(database, relation) != start:
        raise BadPath(f"{database}.{relation} is no relation to {start}.")
    return Hop(start, relation, database, inverse=True)
