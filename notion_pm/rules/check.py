"""What is wrong with a template's rules, for the report that is made when a template is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notion_pm.conditions.check import Place, Problem, condition_problems
from notion_pm.model.property_types import DATE_TYPES, READ_ONLY_TYPES
from notion_pm.model.rule import Related, Rule, ValueOf
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules import arithmetic
from notion_pm.rules.arithmetic import BadFormula
from notion_pm.rules.check_cycles import cycle_problems
from notion_pm.rules.check_disagreement import disagreement_problems
from notion_pm.rules.paths import (
    BadPath,
    Path,
    parse_property,
    parse_relations,
    parse_target,
    require_property,
)
from notion_pm.rules.ruleset import RuleSet
from notion_pm.text import suggest

_STAMPS = {"max": {"number", "date"}, "min": {"number", "date"}}
_COMPUTED = "is computed by Notion, nobody can set it."


def check(template: Template) -> list[Problem]:
    """Return every problem of a template's rules: where (keys and indices into the template) and what, for a person."""
    schema = TemplateSchema(template)
    found = [
        problem
        for name, rule in template.sync.items()
        for problem in _rule_problems(schema, name, rule)
    ]
    found += _mixed_notes(template.sync)
    if found:
        return found
    rules = RuleSet(template)
    return [*cycle_problems(rules), *disagreement_problems(rules)]


def _rule_problems(schema: TemplateSchema, name: str, rule: Rule) -> Iterator[Problem]:
    place: Place = ("sync", name)
    try:
        database, key = parse_target(schema, rule.set)
    except BadPath as error:
        yield (*place, "set"), str(error)
        return
    yield from _target_problems(schema, place, rule, database, key)
    yield from condition_problems(schema, (*place, "when"), database, rule.when, own=True)
    if rule.if_ is not None:
        parts = {"any": rule.if_.any, "all": rule.if_.all, "none": rule.if_.none}
        for quantifier, related in parts.items():
            if related is not None:
                yield from _related_problems(schema, (*place, "if", quantifier), database, related)
    if rule.value is not None:
        yield from _value_problems(schema, (*place, "value"), database, rule.value)


def _target_problems(
    schema: TemplateSchema, place: Place, rule: Rule, database: str, key: str
) -> Iterator[Problem]:
    kind = schema.type(database, key) or ""
    options = [each.key for each in schema.options(database, key)]
    if kind in READ_ONLY_TYPES:
        yield (*place, "set"), f"{rule.set} {_COMPUTED}"
    elif rule.note is not None and kind != "rich_text":
        yield (
            (*place, "note"),
            f"A note needs a property of type rich_text; {rule.set} is of type {kind}.",
        )
    elif rule.value is not None and kind not in _STAMPS.get(rule.value.way, {"number"}):
        yield (
            (*place, "value"),
            f"{rule.value.way} cannot be written to {rule.set}, which is of type {kind}.",
        )
    elif rule.to is not None and (message := _option_problem(kind, options, to=rule.to)):
        yield (*place, "to"), f"{rule.set} {message}"
    if rule.forward_only and kind not in {"status", "select"}:
        yield (*place, "forward_only"), f"Only options have an order; {rule.set} is of type {kind}."
    for option in rule.keep:
        if option not in options:
            yield (
                (*place, "keep"),
                f"{rule.set} has no option {option!r}. {suggest(option, options)}".strip(),
            )


def _option_problem(kind: str, options: list[str], *, to: str | bool) -> str:
    """What is wrong with a value that a rule sets; empty when nothing is."""
    match kind:
        case "status" | "select":
            return (
                ""
                if to in options
                else f"has no option {to!r}. {suggest(str(to), options)}".strip()
            )
        case "date":
            return "" if to == "today" else "is a date: `to` can only be today."
        case "checkbox":
            return "" if isinstance(to, bool) else "is a checkbox: `to` can only be true or false."
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
    for theirs, own in related.after.items():
        yield from _no_date(schema, (*place, "after"), end, theirs)
        yield from _no_date(schema, (*place, "after"), database, own)


def _no_date(schema: TemplateSchema, place: Place, database: str, key: str) -> Iterator[Problem]:
    try:
        kind = require_property(schema, database, key)
    except BadPath as error:
        yield place, str(error)
        return
    if kind not in DATE_TYPES:
        yield place, f"{database}.{key} is no date: it is of type {kind}."


def _value_problems(
    schema: TemplateSchema, place: Place, database: str, value: ValueOf
) -> Iterator[Problem]:
    try:
        path = _value_path(schema, database, value)
    except (BadPath, BadFormula) as error:
        yield (*place, value.way), str(error)
        return
    if path is None:
        return
    if value.way in {"sum", "only"} and (message := _sum_problem(schema, path.end, path.key or "")):
        yield (*place, value.way), message
    yield from condition_problems(schema, (*place, "of"), path.end, value.of)
    yield from condition_problems(schema, (*place, "where"), path.end, value.where)
    for field in ("weight", "once_per", "latest_by"):
        key = getattr(value, field)
        if key is not None:
            yield from _missing(schema, (*place, field), path.end, key)


def _value_path(schema: TemplateSchema, database: str, value: ValueOf) -> Path | None:
    match value.way:
        case "formula":
            for name in arithmetic.names(value.expression):
                if require_property(schema, database, name) not in {"number", "select"}:
                    raise BadPath(f"{database}.{name} is no number.")
            return None
        case "count" | "share":
            return parse_relations(schema, database, value.expression)
        case _:
            return parse_property(schema, database, value.expression)


def _sum_problem(schema: TemplateSchema, database: str, key: str) -> str:
    weighs = any(each.weight is not None for each in schema.options(database, key))
    if schema.type(database, key) == "number" or weighs:
        return ""
    return f"{database}.{key} cannot be summed: it is neither a number nor a select whose options have weights."


def _missing(schema: TemplateSchema, place: Place, database: str, key: str) -> Iterator[Problem]:
    try:
        require_property(schema, database, key)
    except BadPath as error:
        yield place, str(error)


def _mixed_notes(rules: Mapping[str, Rule]) -> list[Problem]:
    """Rules that write notes where other rules write something else."""
    others = {rule.set for rule in rules.values() if rule.note is None and not rule.propose}
    message = "Other rules set {} as well, and not as a note."
    return [
        (("sync", name, "note"), message.format(rule.set))
        for name, rule in rules.items()
        if rule.note is not None and rule.set in others
    ]
