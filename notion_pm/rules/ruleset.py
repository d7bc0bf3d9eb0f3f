"""A template's rules, ready to run: paths resolved, conditions compiled, properties ordered.

A property is settled after the properties that its rules read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TypeVar

from notion_pm.conditions.evaluate import Test, compile_where
from notion_pm.model.rule import Related, Rule, ValueOf
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules import arithmetic
from notion_pm.rules.paths import Path, parse_property, parse_relations, parse_target

Target = tuple[str, str]
"""A property that rules set or read: database key, property key."""


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """A part of a rule's `if`, about the pages at the end of a path.

    `quantifier`: any, all or none of them. `of`: the pages that count. `where`: what they must
    satisfy. `after`: dates of the related page that must be later than dates of the page itself.
    """

    quantifier: str
    path: Path
    of: Test
    where: Test
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CompiledValue:
    """A rule's `value`. `path`: to the pages that it is computed from, None for a formula."""

    spec: ValueOf
    path: Path | None
    of: Test


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its paths resolved and its conditions compiled.

    `spec`: the rule as the template states it. `paths`: by the text that the rule has for them.
    """

    name: str
    spec: Rule
    database: str
    key: str
    paths: dict[str, Path]
    when: Test
    parts: tuple[CompiledPart, ...] = ()
    value: CompiledValue | None = None

    @property
    def target(self) -> Target:
        """The property that the rule sets."""
        return self.database, self.key

    @property
    def is_note(self) -> bool:
        """Whether the rule writes a note."""
        return self.spec.note is not None

    @property
    def reads(self) -> frozenset[Target]:
        """Every property that the rule reads: the one it sets only if a condition is about it."""
        return self.own_reads | self.far_reads

    @property
    def own_reads(self) -> frozenset[Target]:
        """The properties that the rule reads on the page itself."""
        keys = set(self.spec.when)
        value = self.spec.value
        if value is not None and value.way == "formula":
            keys.update(arithmetic.property_names(value.expression))
        for _, related in related_parts(self.spec):
            keys.update(related.after.values())
        return frozenset((self.database, key) for key in keys)

    @property
    def far_reads(self) -> frozenset[Target]:
        """The relations that the rule follows, and what it reads on the pages at their end."""
        targets: set[Target] = set()
        for path in self.paths.values():
            targets.update((hop.holder, hop.relation) for hop in path.hops)
        for _, related in related_parts(self.spec):
            database = self.paths[related.over].end
            keys = (*related.where, *related.of, *related.after)
            targets.update((database, key) for key in keys)
        value = self.spec.value
        if value is not None and value.way != "formula":
            targets.update(_value_reads(self.paths[value.expression], value))
        return frozenset(targets)


def _value_reads(path: Path, value: ValueOf) -> Iterator[Target]:
    """Yield what a `value` reads on the pages that it is computed from."""
    for key in (path.key, value.weight, value.once_per, value.latest_by):
        if key is not None:
            yield path.end, key
    for key in (*value.where, *value.of):
        yield path.end, key


class RuleSet:
    """All rules of a template."""

    def __init__(self, template: Template) -> None:
        """Compile the rules. Raises BadPath or BadFormula for what `rules.check` reports."""
        self.schema = TemplateSchema(template)
        self.rules = tuple(
            compile_rule(self.schema, name, rule) for name, rule in template.sync.items()
        )

    @cached_property
    def writers(self) -> dict[Target, tuple[CompiledRule, ...]]:
        """The rules that set a property, by property; without rules that only propose."""
        by_target: dict[Target, list[CompiledRule]] = defaultdict(list)
        for rule in self.rules:
            if not rule.spec.propose:
                by_target[rule.target].append(rule)
        return {target: tuple(rules) for target, rules in by_target.items()}

    @cached_property
    def proposing(self) -> tuple[CompiledRule, ...]:
        """The rules that only propose."""
        return tuple(rule for rule in self.rules if rule.spec.propose)

    @cached_property
    def groups(self) -> tuple[tuple[Target, ...], ...]:
        """The properties that rules set, in the order to settle them.

        Properties that need each other are one group.
        """
        return dependency_groups(self.dependencies)

    @cached_property
    def dependencies(self) -> dict[Target, frozenset[Target]]:
        """For each property that rules set: the properties set by rules that its own rules read."""
        found = {}
        for target, writers in self.writers.items():
            reads: set[Target] = set()
            for rule in writers:
                reads |= rule.reads
            found[target] = frozenset(reads & self.writers.keys())
        return found

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """The properties that sync must read, by database: whatever rules read or set.

        With two-way relations both sides are read, because a page that was edited may show only one
        of them as changed. A database needs its `lock` property as soon as anything of it is read.
        """
        wanted = self._read_or_set()
        for database, key in list(wanted):
            related = self.schema.target(database, key)
            mirror = self.schema.mirror(database, key)
            if related and mirror:
                wanted.add((related, mirror))

        # A database on a path is read even if none of its properties is needed:
        # `count: features.insights` must know which insights exist.
        needed_databases = {database for database, _ in wanted} | self._databases_on_paths()

        needs = {}
        for database, spec in self.schema.template.databases.items():
            if database not in needed_databases:
                continue
            keys = {key for owner, key in wanted if owner == database}
            if spec.lock:
                keys.add(spec.lock)
            needs[database] = tuple(sorted(keys))
        return needs

    def _read_or_set(self) -> set[Target]:
        targets: set[Target] = set()
        for rule in self.rules:
            targets.add(rule.target)
            targets |= rule.reads
        return targets

    def _databases_on_paths(self) -> set[str]:
        databases: set[str] = set()
        for rule in self.rules:
            for path in rule.paths.values():
                databases.update(hop.end for hop in path.hops)
        return databases


def compile_rule(schema: TemplateSchema, name: str, rule: Rule) -> CompiledRule:
    """Resolve one rule. Raises BadPath or BadFormula."""
    database, key = parse_target(schema, rule.set)
    paths = {}
    for _, related in related_parts(rule):
        paths[related.over] = parse_relations(schema, database, related.over)

    value = None
    if rule.value is not None:
        path = value_path(schema, database, rule.value)
        if path is not None:
            paths[rule.value.expression] = path
        value = CompiledValue(rule.value, path, compile_where(rule.value.of))

    parts = []
    for quantifier, related in related_parts(rule):
        of, where = compile_where(related.of), compile_where(related.where)
        parts.append(CompiledPart(quantifier, paths[related.over], of, where, related.after))

    when = compile_where(rule.when)
    return CompiledRule(name, rule, database, key, paths, when, tuple(parts), value)


def related_parts(rule: Rule) -> tuple[tuple[str, Related], ...]:
    """Return the parts of a rule's `if`, each with its quantifier: any, all, none."""
    if rule.if_ is None:
        return ()
    named = (("any", rule.if_.any), ("all", rule.if_.all), ("none", rule.if_.none))
    return tuple((quantifier, related) for quantifier, related in named if related is not None)


def value_path(schema: TemplateSchema, database: str, value: ValueOf) -> Path | None:
    """Return the path that a `value` follows, None for a formula. Raises BadPath or BadFormula."""
    match value.way:
        case "formula":
            arithmetic.property_names(value.expression)  # raises BadFormula
            return None
        case "count" | "share":
            return parse_relations(schema, database, value.expression)
        case _:
            return parse_property(schema, database, value.expression)


N = TypeVar("N")


def dependency_groups(dependencies: Mapping[N, Set[N]]) -> tuple[tuple[N, ...], ...]:
    """Return all nodes in groups, dependencies first. Nodes that need each other share a group."""
    reachable = {node: _reachable(node, dependencies) for node in dependencies}
    groups: dict[N, tuple[N, ...]] = {}
    for node in dependencies:
        # Example: the status of a parent depends on those of its children, and theirs on it.
        mutual = [other for other in reachable[node] if node in reachable[other]]
        groups[node] = tuple(other for other in dependencies if other == node or other in mutual)

    needed_groups: dict[tuple[N, ...], set[tuple[N, ...]]] = {}
    for node, group in groups.items():
        needed = {groups[other] for other in dependencies[node]}
        needed_groups.setdefault(group, set()).update(needed - {group})
    return tuple(TopologicalSorter(needed_groups).static_order())


def _reachable(start: N, dependencies: Mapping[N, Set[N]]) -> set[N]:
    """Return the nodes that a node depends on, directly or through others."""
    reached: set[N] = set()
    waiting = [start]
    while waiting:
        new = set(dependencies.get(waiting.pop(), ())) - reached
        reached |= new
        waiting.extend(new)
    return reached
