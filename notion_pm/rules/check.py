"""Find the problems of a template's rules when the template is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TypeVar

from notion_pm.conditions.check import Place, Problem, condition_problems
from notion_pm.model.condition import Condition
from notion_pm.model.property_types import DATE_TYPES, READ_ONLY_TYPES
from notion_pm.model.rule import Related, Rule, ValueOf
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules import arithmetic
from notion_pm.rules.arithmetic import BadFormula
from notion_pm.rules.check_disagreement import disagreement_problems
from notion_pm.rules.paths import BadPath, parse_relations, parse_target, require_property
from notion_pm.rules.ruleset import CompiledRule, RuleSet, Target, related_parts, value_path
from notion_pm.text import suggest

N = TypeVar("N")

_RANKED_TYPES = frozenset({"status", "select"})
"""Types whose options have an order, for rules that only move forward."""

_CONVERGENCE_ADVICE = (
    "Let its rules be `forward_only`, let them fill only what is empty, "
    "or let one of them only `propose`."
)


def check(template: Template) -> list[Problem]:
    """Return every problem of a template's rules.

    A problem is a place (keys and indices into the template) and a message for a person.
    """
    schema = TemplateSchema(template)
    problems: list[Problem] = []
    for name, rule in template.sync.items():
        problems += _rule_problems(schema, name, rule)
    problems += _mixed_note_problems(template.sync)
    if problems:
        return problems  # rules with errors cannot be compiled, so the rest cannot be checked
    rules = RuleSet(template)
    return [*_cycle_problems(rules), *disagreement_problems(rules)]


def _rule_problems(schema: TemplateSchema, name: str, rule: Rule) -> Iterator[Problem]:
    place: Place = ("sync", name)
    try:
        database, key = parse_target(schema, rule.set)
    except BadPath as error:
        yield (*place, "set"), str(error)
        return
    yield from _target_problems(schema, place, rule, (database, key))
    yield from condition_problems(schema, (*place, "when"), database, rule.when, own=True)
    for quantifier, related in related_parts(rule):
        yield from _related_problems(schema, (*place, "if", quantifier), database, related)
    if rule.value is not None:
        yield from _value_problems(schema, (*place, "value"), database, rule.value)


def _target_problems(
    schema: TemplateSchema, place: Place, rule: Rule, target: Target
) -> Iterator[Problem]:
    """Yield what a rule cannot set its property to."""
    kind = schema.type(*target) or ""
    options = [option.key for option in schema.options(*target)]
    if kind in READ_ONLY_TYPES:
        yield (*place, "set"), f"{rule.set} is computed by Notion and cannot be set."
    elif rule.note is not None:
        if kind != "rich_text":
            message = f"A note needs a property of type rich_text; {rule.set} is of type {kind}."
            yield (*place, "note"), message
    elif rule.value is not None:
        # Only `max` and `min` can yield a date; all other values are numbers.
        accepted = {"number", "date"} if rule.value.way in {"max", "min"} else {"number"}
        if kind not in accepted:
            message = f"{rule.value.way} cannot be written to {rule.set}, which is of type {kind}."
            yield (*place, "value"), message
    elif rule.to is not None:
        problem = _constant_problem(kind, options, constant=rule.to)
        if problem:
            yield (*place, "to"), f"{rule.set} {problem}"

    if rule.forward_only and kind not in _RANKED_TYPES:
        message = f"Only options have an order; {rule.set} is of type {kind}."
        yield (*place, "forward_only"), message
    for option in rule.keep:
        if option not in options:
            message = f"{rule.set} has no option {option!r}. {suggest(option, options)}".strip()
            yield (*place, "keep"), message


def _constant_problem(kind: str, options: list[str], *, constant: str | bool) -> str:
    """Return what is wrong with a value that a rule sets (`to`); an empty text if nothing is."""
    match kind:
        case "status" | "select":
            if constant in options:
                return ""
            return f"has no option {constant!r}. {suggest(str(constant), options)}".strip()
        case "date":
            return "" if constant == "today" else "is a date: `to` can only be today."
        case "checkbox":
            if isinstance(constant, bool):
                return ""
            return "is a checkbox: `to` can only be true or false."
        case _:
            return f"is of type {kind}; `to` sets a status, a select, a date or a checkbox."


def _related_problems(
    schema: TemplateSchema, place: Place, database: str, related: Related
) -> Iterator[Problem]:
    try:
        end = parse_relations(schema, database, related.over).end
    except BadPath as error:
        yield (*place, "over"), str(error)
        return
    yield from condition_problems(schema, (*place, "where"), end, related.where)
    yield from condition_problems(schema, (*place, "of"), end, related.of)
    for related_key, own_key in related.after.items():
        yield from _date_problems(schema, (*place, "after"), end, related_key)
        yield from _date_problems(schema, (*place, "after"), database, own_key)


def _date_problems(
    schema: TemplateSchema, place: Place, database: str, key: str
) -> Iterator[Problem]:
    """Yield a problem if a property does not exist or is not a date."""
    try:
        kind = require_property(schema, database, key)
    except BadPath as error:
        yield place, str(error)
        return
    if kind not in DATE_TYPES:
        yield place, f"{database}.{key} is not a date: it is of type {kind}."


def _value_problems(
    schema: TemplateSchema, place: Place, database: str, value: ValueOf
) -> Iterator[Problem]:
    try:
        if value.way == "formula":
            _require_numbers(schema, database, value.expression)
        path = value_path(schema, database, value)
    except (BadPath, BadFormula) as error:
        yield (*place, value.way), str(error)
        return
    if path is None:
        return

    if value.way in {"sum", "only"} and not _has_numbers(schema, path.end, path.key or ""):
        message = (
            f"`{value.way}` needs numbers: {path.end}.{path.key} is neither a number nor a select "
            "whose options have weights."
        )
        yield (*place, value.way), message
    yield from condition_problems(schema, (*place, "of"), path.end, value.of)
    yield from condition_problems(schema, (*place, "where"), path.end, value.where)
    named = {
        "weight": value.weight,
        "once_per": value.once_per,
        "latest_by": value.latest_by,
    }
    for field, key in named.items():
        if key is None:
            continue
        try:
            require_property(schema, path.end, key)
        except BadPath as error:
            yield (*place, field), str(error)


def _require_numbers(schema: TemplateSchema, database: str, expression: str) -> None:
    """Raise BadPath or BadFormula unless a formula reads only numbers and options with weights."""
    for name in arithmetic.property_names(expression):
        if require_property(schema, database, name) not in {"number", "select"}:
            raise BadPath(f"{database}.{name} is not a number.")


def _has_numbers(schema: TemplateSchema, database: str, key: str) -> bool:
    if schema.type(database, key) == "number":
        return True
    return any(option.weight is not None for option in schema.options(database, key))


def _mixed_note_problems(rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """Yield the rules that write notes to a property that other rules set to something else."""
    set_otherwise = {rule.set for rule in rules.values() if rule.note is None and not rule.propose}
    for name, rule in rules.items():
        if rule.note is not None and rule.set in set_otherwise:
            message = f"Other rules set {rule.set} as well, and not as a note."
            yield ("sync", name, "note"), message


def _cycle_problems(rules: RuleSet) -> Iterator[Problem]:
    """Yield a problem for each group of properties whose rules might never converge.

    Rules whose properties need each other converge if each rule can act only a limited number of
    times: it only moves forward along the options, or it only fills an empty property. Rules that
    look at nothing but the property they set converge if their steps from option to option never
    lead back to an earlier option.
    """
    for group in rules.groups:
        unlimited = []
        for target in group:
            unlimited += [
                rule for rule in rules.writers[target] if not _acts_limited_times(rule, group)
            ]
        cycle = shortest_cycle(group[0], rules.dependencies)
        # Without a cycle one round is enough. If every rule can act only a limited number of times,
        # the rounds end.
        if not cycle or not unlimited:
            continue
        steps: Iterable[str] = [".".join(target) for target in reversed(cycle)]
        if len(group) == 1:
            steps = _steps_back_to_start(rules, group[0])
            if not steps:
                continue
        message = (
            f"This rule could set off a chain without an end: {' -> '.join(steps)}. "
            f"{_CONVERGENCE_ADVICE}"
        )
        yield ("sync", unlimited[0].name), message


def _acts_limited_times(rule: CompiledRule, group: tuple[Target, ...]) -> bool:
    """Whether a rule cannot act forever: it only moves forward, only fills an empty property, or
    reads nothing of the group."""
    condition = rule.spec.when.get(rule.key)
    fills_empty = condition is not None and condition.empty is True
    return rule.spec.forward_only or fills_empty or rule.reads.isdisjoint(group)


def _steps_back_to_start(rules: RuleSet, target: Target) -> tuple[str, ...]:
    """Return options through which the rules of one property lead back to the first of them.

    Empty when they never do. Example: "Idea -> Spec" and "Spec -> Idea" return idea, spec, idea.
    """
    steps: dict[str, set[str]] = defaultdict(set)
    for rule in rules.writers[target]:
        # A computed value, or a property read on other pages: its steps cannot be listed.
        if not isinstance(rule.spec.to, str) or target in rule.far_reads:
            return (".".join(target), ".".join(target))
        for option in _options_changed_by(rules.schema, rule):
            steps[option].add(rule.spec.to)
    for spec in rules.schema.options(*target):
        cycle = shortest_cycle(spec.key, steps)
        if cycle:
            return cycle
    return ()


def _options_changed_by(schema: TemplateSchema, rule: CompiledRule) -> Iterator[str]:
    """Yield the options that a rule changes to its own."""
    condition = rule.spec.when.get(rule.key)
    wanted_rank = schema.rank(*rule.target, rule.spec.to)
    for rank, option in enumerate(schema.options(*rule.target)):
        if option.key == rule.spec.to or option.key in rule.spec.keep:
            continue
        if rule.spec.forward_only and wanted_rank is not None and rank >= wanted_rank:
            continue
        if condition is None or _may_be(condition, option.key, option.meaning):
            yield option.key


def _may_be(condition: Condition, option: str, category: str | None) -> bool:
    """Whether a page that satisfies a condition can hold an option."""
    if condition.is_ is not None and option not in condition.is_:
        return False
    if condition.not_ is not None and option in condition.not_:
        return False
    return condition.category is None or category in condition.category


def shortest_cycle(start: N, dependencies: Mapping[N, Set[N]]) -> tuple[N, ...]:
    """Return a shortest way from a node back to itself, with the node at both ends.

    Empty when there is none.
    """
    ways: list[tuple[N, ...]] = [(start,)]
    seen: set[N] = set()
    for way in ways:  # breadth first: the list grows while it is walked
        for needed in dependencies.get(way[-1], ()):
            if needed == start:
                return (*way, start)
            if needed not in seen:
                seen.add(needed)
                ways.append((*way, needed))
    return ()
