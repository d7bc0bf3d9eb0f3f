"""The order in which properties settle: each after those that its rules read."""

from __future__ import annotations

from collections.abc import Mapping, Set
from graphlib import TopologicalSorter
from typing import TypeVar

N = TypeVar("N")


def ordered_groups(dependencies: Mapping[N, Set[N]]) -> tuple[tuple[N, ...], ...]:
    """Return all nodes, what is needed first; nodes that need each other stand in one group."""
    groups = {node: _group(node, dependencies) for node in dependencies}
    needs = {
        group: {groups[needed] for node in group for needed in dependencies[node]} - {group}
        for group in groups.values()
    }
    return tuple(TopologicalSorter(needs).static_order())


def cycle_through(node: N, dependencies: Mapping[N, Set[N]]) -> tuple[N, ...]:
    """Return a shortest way from a node back to itself, the node at both ends; empty when there is none."""
    ways: list[tuple[N, ...]] = [(node,)]
    seen: set[N] = set()
    for way in ways:  # grows while it is walked
        for needed in dependencies.get(way[-1], ()):
            if needed == node:
                return (*way, node)
            if needed not in seen:
                seen.add(needed)
                ways.append((*way, needed))
    return ()


def _group(node: N, dependencies: Mapping[N, Set[N]]) -> tuple[N, ...]:
    below = _reachable(node, dependencies)
    return tuple(
        each
        for each in dependencies
        if each == node or (each in below and node in _reachable(each, dependencies))
    )


def _reachable(node: N, dependencies: Mapping[N, Set[N]]) -> set[N]:
    found: set[N] = set()
    waiting = [node]
    while waiting:
        new = set(dependencies.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found
