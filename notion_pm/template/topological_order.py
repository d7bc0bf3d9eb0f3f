"""The order in which the parts of a template can be made.

Databases are made after those that their relations link to, as far as possible. A property has a
level: level 0 is created with its database; a higher level needs ids that Notion gives when the
level below is created.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.model.property_lookup import property_title
from notion_pm.model.template import FormulaProperty, RelationProperty, RollupProperty, Template

PropertyName = tuple[str, str]
"""A property of a template: the key of its database and its own."""

REFERENCE = re.compile(r"""prop\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*\)""")
"""A property in a formula: `prop("Effort")`."""


class Circular(ValueError):
    """Properties are computed from each other. `cycle`: their addresses."""

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(" -> ".join(cycle))
        self.cycle = tuple(cycle)


def referenced_titles(expression: str) -> tuple[str, ...]:
    """Return the titles of the properties that a formula refers to."""
    titles = []
    for in_double_quotes, in_single_quotes in REFERENCE.findall(expression):
        title = in_double_quotes or in_single_quotes
        titles.append(title.replace('\\"', '"'))
    return tuple(dict.fromkeys(titles))


# --- things in the order of their needs


@dataclass(frozen=True, slots=True)
class Ordering:
    """Things in an order in which each comes after what it needs.

    `deferred`: the needs (thing, needed) that the order cannot meet, because the two things need
    each other in a circle.
    """

    order: tuple[str, ...]
    deferred: frozenset[tuple[str, str]]


def topological_order(needs: Mapping[str, Iterable[str]]) -> Ordering:
    """Return the keys in an order that meets their needs as far as possible.

    Otherwise the keys keep the order that they have in `needs`.
    """
    order: list[str] = []
    deferred: set[tuple[str, str]] = set()
    begun: set[str] = set()
    done: set[str] = set()
    for start in needs:
        if start in begun:
            continue
        begun.add(start)
        # Depth first, without recursion: starter rows can form chains of thousands.
        trail = [(start, iter(sorted(needs[start])))]
        while trail:
            key, unvisited = trail[-1]
            needed = _next_unmet(unvisited, needs, done)
            if needed is None:
                order.append(key)
                done.add(key)
                trail.pop()
            elif needed in begun:  # it is on the trail: a circle
                deferred.add((key, needed))
            else:
                begun.add(needed)
                trail.append((needed, iter(sorted(needs[needed]))))
    return Ordering(tuple(order), frozenset(deferred))


def _next_unmet(
    needed_keys: Iterator[str], known: Mapping[str, object], done: set[str]
) -> str | None:
    for needed in needed_keys:
        if needed in known and needed not in done:
            return needed
    return None


# --- databases and properties


def database_order(template: Template) -> tuple[str, ...]:
    """Return the databases so that relations link to earlier ones, as far as possible.

    Bound databases come first, because they exist already.
    """
    needs: dict[str, set[str]] = {}
    for key, database in template.databases.items():
        if database.bind is not None:
            needs[key] = set()
    for key, database in template.databases.items():
        if database.bind is None:
            relations = [
                spec for spec in database.properties.values() if isinstance(spec, RelationProperty)
            ]
            needs[key] = {relation.to for relation in relations} - {key}
    return topological_order(needs).order


def property_levels(template: Template) -> dict[PropertyName, int]:
    """Return the level of every property that the template lists under its database.

    Raises Circular when rollups and formulas are computed from each other.
    """
    leveller = _Leveller(template)
    for database in leveller.database_order:
        for key in template.databases[database].properties:
            leveller.level((database, key))
    return leveller.levels


def created_with_database(template: Template, database: str) -> tuple[str, ...]:
    """Return the properties that are part of the request that creates their database."""
    levels = property_levels(template)
    properties = template.databases[database].properties
    return tuple(key for key in properties if levels[database, key] == 0)


class _Leveller:
    """Computes the levels of properties. `levels` has those computed so far."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self.database_order = database_order(template)
        self.levels: dict[PropertyName, int] = {}

    def level(self, name: PropertyName, trail: tuple[PropertyName, ...] = ()) -> int:
        """Return the level of a property. `trail`: the properties that need it."""
        if name in trail:
            circle = (*trail[trail.index(name) :], name)
            raise Circular([".".join(member) for member in circle])
        if name not in self.levels:
            self.levels[name] = self._compute(name, trail)
        return self.levels[name]

    def _compute(self, name: PropertyName, trail: tuple[PropertyName, ...]) -> int:
        database, key = name
        spec = self._template.databases[database].properties[key]
        needed = self._properties_needed_by(name)
        levels = [self.level(needed_name, (*trail, name)) for needed_name in needed]
        match spec:
            case RelationProperty():
                position = self.database_order.index
                return 0 if position(spec.to) < position(database) else 1
            case RollupProperty():
                # A rollup refers to properties by their ids.
                return 1 + max(levels, default=0)
        # A formula refers to properties by their names. So it can be created together with
        # properties of its own database.
        is_in_database = all(needed_database == database for needed_database, _ in needed)
        if is_in_database and not any(levels):
            return 0
        return 1 + max(levels)

    def _properties_needed_by(self, name: PropertyName) -> list[PropertyName]:
        """Return the properties that must exist before a property can be created."""
        database, key = name
        spec = self._template.databases[database].properties[key]
        match spec:
            case RollupProperty():
                target = self._template.relation_target(database, spec.relation) or database
                return [
                    self._listed_as(database, spec.relation),
                    self._listed_as(target, spec.property),
                ]
            case FormulaProperty():
                keys = self._keys_by_title(database, referenced_titles(spec.expression))
                return [self._listed_as(database, needed_key) for needed_key in keys]
        return []

    def _listed_as(self, database: str, key: str) -> PropertyName:
        """Return where the template lists a property.

        The other side of a two-way relation is listed as the relation.
        """
        if key in self._template.databases[database].properties:
            return database, key
        near_database, near_key, _ = self._template.far_sides(database)[key]
        return near_database, near_key

    def _keys_by_title(self, database: str, titles: Iterable[str]) -> list[str]:
        wanted = set(titles)
        template = self._template
        keys = [*template.databases[database].properties, *template.far_sides(database)]
        return [key for key in keys if property_title(template, database, key) in wanted]
