"""Paths along relations: `features.vision`, `inverse(parent)`, `tree(parent).insights.customer`.

`features | opportunities.features` has two routes: it ends at the pages of both, each page once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain

from notion_pm.model.template_schema import TemplateSchema
from notion_pm.text import suggest

_SEGMENT = re.compile(r"(?:inverse|tree)\([^()]*\)|[^.]+")
_INVERSE = re.compile(r"inverse\((?:(?P<database>[^.()]+)\.)?(?P<relation>[^.()]+)\)$")
_TREE = re.compile(r"tree\((?P<relation>[^.()]+)\)$")
_OR = "|"


class BadPath(ValueError):
    """A path names something that the template does not have. Its text is for a person."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step from a page of `start` to pages of `end`.

    It follows a relation of `start`, or with `inverse` a relation of `end` backwards. With `deep`
    it goes backwards any number of times, and includes the page itself: a page and all below it.
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

    `key`: the property at their end, if the path is about a value and not about the pages.
    """

    start: str
    routes: tuple[tuple[Hop, ...], ...]
    key: str | None = None

    @property
    def end(self) -> str:
        """The database at the end of the path."""
        return self.routes[0][-1].end

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The hops of all routes."""
        return tuple(chain.from_iterable(self.routes))


def parse_target(schema: TemplateSchema, text: str) -> tuple[str, str]:
    """Return the database and property of `database.property`. Raises BadPath."""
    database, _, key = text.partition(".")
    _require_database(schema, database)
    require_property(schema, database, key)
    return database, key


def parse_relations(schema: TemplateSchema, start: str, text: str) -> Path:
    """Return a path that ends at pages. Raises BadPath."""
    routes = tuple(_parse_route(schema, start, part.strip()) for part in text.split(_OR))
    ends = tuple(dict.fromkeys(route[-1].end for route in routes))
    if len(ends) > 1:
        raise BadPath(f"The routes of {text!r} end in different databases: {', '.join(ends)}.")
    return Path(start, routes)


def parse_property(schema: TemplateSchema, start: str, text: str) -> Path:
    """Return a path that ends at a property of related pages. Raises BadPath."""
    relations: list[str] = []
    keys: list[str] = []
    for part in text.split(_OR):
        route, _, key = part.strip().rpartition(".")
        if not route:
            raise BadPath(
                f"{text!r} should name a relation and a property of the related pages: "
                "relation.property."
            )
        relations.append(route)
        keys.append(key)
    if len(set(keys)) > 1:
        raise BadPath(f"The routes of {text!r} end in different properties: {', '.join(keys)}.")
    path = parse_relations(schema, start, _OR.join(relations))
    require_property(schema, path.end, keys[0])
    return Path(start, path.routes, keys[0])


def require_property(schema: TemplateSchema, database: str, key: str) -> str:
    """Return the type of a property. Raises BadPath when the database does not have it."""
    kind = schema.type(database, key)
    if kind is None:
        raise BadPath(schema.no_such_property(database, key))
    return kind


def _require_database(schema: TemplateSchema, database: str) -> None:
    databases = schema.template.databases
    if database not in databases:
        hint = suggest(database, databases)
        raise BadPath(f"There is no database {database!r}. {hint}".strip())


def _parse_route(schema: TemplateSchema, start: str, text: str) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    database = start
    # Every segment starts where the one before it ended: `features.vision` reads the key `vision`
    # on features.
    for segment in _SEGMENT.findall(text):
        hop = _parse_hop(schema, database, segment)
        hops.append(hop)
        database = hop.end
    if not hops:
        raise BadPath("A path along relations is missing.")
    return tuple(hops)


def _parse_hop(schema: TemplateSchema, start: str, segment: str) -> Hop:
    inverse = _INVERSE.match(segment)
    if inverse is not None:
        return _inverse_hop(schema, start, inverse["database"] or start, inverse["relation"])
    tree = _TREE.match(segment)
    if tree is not None:
        # A tree is within one database: its parent relation points to the database itself.
        return replace(_inverse_hop(schema, start, start, tree["relation"]), deep=True)

    require_property(schema, start, segment)
    target = schema.target(start, segment)
    if target is None:
        raise BadPath(f"{start}.{segment} is not a relation.")
    if target not in schema.template.databases:
        raise BadPath(
            f"{start}.{segment} is a relation to {target!r}, which is not a database of the "
            "template."
        )
    return Hop(start, segment, target)


def _inverse_hop(schema: TemplateSchema, start: str, database: str, relation: str) -> Hop:
    _require_database(schema, database)
    require_property(schema, database, relation)
    if schema.target(database, relation) != start:
        raise BadPath(f"{database}.{relation} is not a relation to {start}.")
    return Hop(start, relation, database, inverse=True)
