"""In which order the parts of a template can be made, because some need what Notion says of others.

Databases come after those that their relations lead to, where that is possible. A property has a level: 0 is created
with its database; 1 and up need ids that only exist after the level below was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.model.property_lookup import property_title
from notion_pm.model.template import FormulaProperty, RelationProperty, RollupProperty, Template

Node = tuple[str, str]
"""A property: database key and property key."""

REFERENCE = re.compile(r"""prop\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*\)""")
"""A property that a formula names."""


class Circular(ValueError):
    """Properties that are computed from each other. Field: `cycle`, the addresses."""

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(" -> ".join(cycle))
        self.cycle = tuple(cycle)


def referenced_titles(expression: str) -> tuple[str, ...]:
    """Return the titles of the properties that a formula names: `prop("Effort")`."""
    found = (
        (double or single).replace('\\"', '"') for double, single in REFERENCE.findall(expression)
    )
    return tuple(dict.fromkeys(found))


def database_order(template: Template) -> tuple[str, ...]:
    """Return the databases so that relations lead back to earlier ones; the template's own order settles the rest."""
    targets = {
        key: {spec.to for spec in each.properties.values() if isinstance(spec, RelationProperty)}
        - {key}
        for key, each in template.databases.items()
        if each.bind is None
    }
    there: dict[str, set[str]] = {
        key: set() for key, each in template.databases.items() if each.bind is not None
    }
    return arranged({**there, **targets}).order


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Things in an order in which each comes after what it needs.

    `late` are the needs (thing, needed) that the order cannot meet, because the two need each other in a circle.
    """

    order: tuple[str, ...]
    late: frozenset[tuple[str, str]]


def arranged(needs: Mapping[str, Iterable[str]]) -> Arrangement:
    """Return the keys in an order that meets the needs as far as possible; their own order settles the rest."""
    order: list[str] = []
    late: set[tuple[str, str]] = set()
    begun: set[str] = set()
    done: set[str] = set()
    for start in needs:
        trail = [(start, iter(sorted(needs[start])))] if start not in begun else []
        begun.add(start)
        while trail:  # depth first, without recursion: starter rows may form long chains
            key, waiting = trail[-1]
            needed = next((each for each in waiting if each in needs and each not in done), None)
            if needed is None:
                order.append(key)
                done.add(key)
                trail.pop()
            elif needed in begun:
                late.add((key, needed))
            else:
                begun.add(needed)
                trail.append((needed, iter(sorted(needs[needed]))))
    return Arrangement(tuple(order), frozenset(late))


def property_levels(template: Template) -> dict[Node, int]:
    """Return the level of every property that a database itself states.

    Raises Circular when rollups and formulas are computed from each other.
    """
    order = database_order(template)
    levels: dict[Node, int] = {}
    for database in order:
        for key in template.databases[database].properties:
            _level(template, order, (database, key), levels, ())
    return levels


def created_at_once(template: Template, database: str) -> tuple[str, ...]:
    """Return the properties that are sent with the request that creates their database."""
    levels = property_levels(template)
    return tuple(
        key for key in template.databases[database].properties if levels[database, key] == 0
    )


def _level(
    template: Template,
    order: tuple[str, ...],
    node: Node,
    levels: dict[Node, int],
    trail: tuple[Node, ...],
) -> int:
    if node in trail:
        raise Circular([".".join(each) for each in (*trail[trail.index(node) :], node)])
    if node not in levels:
        spec = template.databases[node[0]].properties[node[1]]
        needed = _needed(template, node)
        below = [_level(template, order, each, levels, (*trail, node)) for each in needed]
        if isinstance(spec, RelationProperty):
            levels[node] = 0 if order.index(spec.to) < order.index(node[0]) else 1
        elif isinstance(spec, RollupProperty):
            levels[node] = 1 + max(below, default=0)
        else:
            at_once = all(each[0] == node[0] for each in needed) and not any(below)
            levels[node] = 0 if at_once else 1 + max(below)
    return levels[node]


def _needed(template: Template, node: Node) -> list[Node]:
    """Return the properties whose existence a property needs; for a mirror that of the relation it mirrors."""
    database, key = node
    spec = template.databases[database].properties[key]
    if isinstance(spec, RollupProperty):
        target = template.relation_target(database, spec.relation)
        return [
            _stated(template, database, spec.relation),
            _stated(template, target or database, spec.property),
        ]
    if isinstance(spec, FormulaProperty):
        return [
            _stated(template, database, each)
            for each in _keys_titled(template, node, spec.expression)
        ]
    return []


def _stated(template: Template, database: str, key: str) -> Node:
    if key in template.databases[database].properties:
        return database, key
    near, near_key, _ = template.far_sides(database)[key]
    return near, near_key


def _keys_titled(template: Template, node: Node, expression: str) -> list[str]:
    titles = set(referenced_titles(expression))
    database = node[0]
    keys = (*template.databases[database].properties, *template.far_sides(database))
    return [key for key in keys if property_title(template, database, key) in titles]
