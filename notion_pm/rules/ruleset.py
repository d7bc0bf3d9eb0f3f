"""A template's rules, ready to run: paths resolved, ordered so that what a rule reads is settled before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from notion_pm.conditions.evaluate import Test, test_of
from notion_pm.model.rule import Related, Rule, ValueOf
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules import arithmetic
from notion_pm.rules.order import ordered_groups
from notion_pm.rules.paths import Path, parse_property, parse_relations, parse_target

Target = tuple[str, str]
"""A property that rules set or read: database key, property key."""


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """A part of a rule's `if`: what must be so (any, all, none) of the pages at the end of a path."""

    quantifier: str
    path: Path
    of: Test
    where: Test
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CompiledValue:
    """A rule's `value`: the path to the pages it is computed from, None for arithmetic on the page itself."""

    spec: ValueOf
    path: Path | None
    of: Test


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its paths resolved and its conditions made tests. `paths` are by the text that the rule has."""

    name: str
    rule: Rule
    database: str
    key: str
    paths: dict[str, Path]
    when: Test
    parts: tuple[CompiledPart, ...] = ()
    value: CompiledValue | None = None

    @property
    def target(self) -> Target:
        return self.database, self.key

    @property
    def reads(self) -> frozenset[Target]:
        """Every property that the rule looks at, except the one that it sets for being set."""
        return self.own_reads | self.far_reads

    @property
    def own_reads(self) -> frozenset[Target]:
        """The properties that the rule looks at on the page itself."""
        value = self.rule.value
        names = arithmetic.names(value.expression) if value and value.way == "formula" else ()
        dates = [key for _, related in related_parts(self.rule) for key in related.after.values()]
        return frozenset((self.database, key) for key in (*self.rule.when, *names, *dates))

    @property
    def far_reads(self) -> frozenset[Target]:
        """The relations that the rule follows, and what it looks at on the pages they lead to."""
        return frozenset(_far_reads(self))


class RuleSet:
    """All rules of a template."""

    def __init__(self, template: Template) -> None:
        """Resolve the rules. Raises BadPath or BadFormula for what `rules.check` would have reported."""
        self.schema = TemplateSchema(template)
        self.rules = tuple(
            compile_rule(self.schema, name, rule) for name, rule in template.sync.items()
        )

    @cached_property
    def writers(self) -> dict[Target, tuple[CompiledRule, ...]]:
        """The rules that set a property, by property; those that only propose are not among them."""
        writing = [each for each in self.rules if not each.rule.propose]
        targets = dict.fromkeys(each.target for each in writing)
        return {
            target: tuple(each for each in writing if each.target == target) for target in targets
        }

    @cached_property
    def proposing(self) -> tuple[CompiledRule, ...]:
        """The rules that only propose."""
        return tuple(each for each in self.rules if each.rule.propose)

    @cached_property
    def groups(self) -> tuple[tuple[Target, ...], ...]:
        """The properties that rules set, in the order to settle them; those of a cycle stand in one group."""
        return ordered_groups(dependencies(self))

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """The properties that rules read or set, by database: all that has to be read of a workspace."""
        wanted = {target for each in self.rules for target in (each.target, *each.reads)}
        wanted |= {mirror for database, key in wanted if (mirror := self._mirror(database, key))}
        passed = {
            hop.end for each in self.rules for path in each.paths.values() for hop in path.hops
        }
        databases = self.schema.template.databases
        needed = {
            key
            for key in databases
            if key in passed or any(key == database for database, _ in wanted)
        }
        wanted |= {(key, lock) for key in needed if (lock := databases[key].lock)}
        return {
            key: tuple(sorted(k for database, k in wanted if database == key))
            for key in databases
            if key in needed
        }

    def _mirror(self, database: str, key: str) -> Target | None:
        target, mirror = (
            self.schema.target(database, key),
            self.schema.mirror(database, key),
        )
        return (target, mirror) if target and mirror else None


def compile_rule(schema: TemplateSchema, name: str, rule: Rule) -> CompiledRule:
    """Resolve one rule. Raises BadPath or BadFormula."""
    database, key = parse_target(schema, rule.set)
    paths = {
        related.over: parse_relations(schema, database, related.over)
        for _, related in related_parts(rule)
    }
    if rule.value is not None:
        paths.update(_value_path(schema, database, rule.value))
    parts = tuple(
        CompiledPart(
            quantifier, paths[each.over], test_of(each.of), test_of(each.where), each.after
        )
        for quantifier, each in related_parts(rule)
    )
    return CompiledRule(
        name, rule, database, key, paths, test_of(rule.when), parts, _ready_value(rule.value, paths)
    )


def related_parts(rule: Rule) -> tuple[tuple[str, Related], ...]:
    """Return the parts of a rule's `if`, each with its name."""
    named = (
        (("any", rule.if_.any), ("all", rule.if_.all), ("none", rule.if_.none)) if rule.if_ else ()
    )
    return tuple((quantifier, each) for quantifier, each in named if each is not None)


def _ready_value(value: ValueOf | None, paths: Mapping[str, Path]) -> CompiledValue | None:
    if value is None:
        return None
    return CompiledValue(value, paths.get(value.expression), test_of(value.of))


def dependencies(rules: RuleSet) -> dict[Target, frozenset[Target]]:
    """Return for each property that rules set the set properties that its rules read."""
    return {
        target: frozenset(read for each in writers for read in each.reads if read in rules.writers)
        for target, writers in rules.writers.items()
    }


def _value_path(schema: TemplateSchema, database: str, value: ValueOf) -> dict[str, Path]:
    match value.way:
        case "formula":
            arithmetic.names(value.expression)
            return {}
        case "count" | "share":
            return {value.expression: parse_relations(schema, database, value.expression)}
        case _:
            return {value.expression: parse_property(schema, database, value.expression)}


def _far_reads(ready: CompiledRule) -> Iterator[Target]:
    for path in ready.paths.values():
        yield from ((hop.holder, hop.relation) for hop in path.hops)
    for _, related in related_parts(ready.rule):
        yield from (
            (ready.paths[related.over].end, key)
            for key in (*related.where, *related.of, *related.after)
        )
    value = ready.rule.value
    if value is not None and value.way != "formula":
        path = ready.paths[value.expression]
        keys = (path.key, value.weight, value.once_per, value.latest_by, *value.where, *value.of)
        yield from ((path.end, key) for key in keys if key is not None)
