"""Pairs of rules that could set one property of a page to different values, neither of which has priority.

Such a page would be a conflict for good: no rule could write. Two rules are fine if they say the same, if both only
move forward (then the farther one counts), or if their conditions exclude each other. What cannot be shown to exclude
each other is reported: a `priority` settles it in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from notion_pm.conditions.check import Problem
from notion_pm.model.condition import Condition, Where
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.ruleset import CompiledRule, RuleSet, related_parts


def disagreement_problems(rules: RuleSet) -> Iterator[Problem]:
    """Yield one problem for each pair of rules that could disagree, at the later rule."""
    for writers in rules.writers.values():
        for one, other in combinations(writers, 2):
            if _could_disagree(rules.schema, one, other):
                message = (
                    f"{one.name} and {other.name} could set {other.rule.set} of one page to different values. "
                    "Give one of them a higher `priority`, or let their conditions exclude each other."
                )
                yield ("sync", other.name), message


def _could_disagree(schema: TemplateSchema, one: CompiledRule, other: CompiledRule) -> bool:
    are_notes = one.rule.note is not None and other.rule.note is not None
    if are_notes or one.rule.priority != other.rule.priority or _same_effect(one, other):
        return False
    if one.rule.forward_only and other.rule.forward_only:
        return False
    return not (
        _exclude_each_other(schema, one, other) or _leave_different_options(schema, one, other)
    )


def _same_effect(one: CompiledRule, other: CompiledRule) -> bool:
    first, second = one.rule, other.rule
    if first.value is None:
        return first.to == second.to and second.value is None
    return first.value == second.value


def _exclude_each_other(schema: TemplateSchema, one: CompiledRule, other: CompiledRule) -> bool:
    if _disjoint(schema, one.database, one.rule.when, other.rule.when):
        return True
    demands = [*_demands(one), *_demands(other)]
    return any(_contradict(schema, first, second) for first, second in combinations(demands, 2))


Demand = tuple[str, str, str, Where, Where]
"""A part of an `if`: quantifier, path as written, database at its end, `of`, `where`."""


def _demands(ready: CompiledRule) -> list[Demand]:
    """Return what a rule demands of related pages."""
    parts = related_parts(ready.rule)
    return [
        (how, part.over, ready.paths[part.over].end, part.of, part.where) for how, part in parts
    ]


def _contradict(schema: TemplateSchema, one: Demand, other: Demand) -> bool:
    """Whether two demands on the pages of one path cannot both hold."""
    return one[1] == other[1] and (_rules_out(schema, one, other) or _rules_out(schema, other, one))


def _rules_out(schema: TemplateSchema, one: Demand, other: Demand) -> bool:
    """Whether the first demand, an `all` or a `none`, leaves no page for the second, an `any` or an `all`.

    `all` also needs a page that is looked at. Example: "all features are dropped" and "any feature is being built"
    need a feature that is both.
    """
    quantifier, _, database, of, where = one
    _, _, _, *wanted = other
    if other[0] == "none" or not _covers(schema, database, of, wanted):
        return False
    if quantifier == "none":
        return _covers(schema, database, where, wanted)
    return quantifier == "all" and any(_disjoint(schema, database, where, each) for each in wanted)


def _covers(
    schema: TemplateSchema, database: str, condition: Where, wanted: Sequence[Where]
) -> bool:
    """Whether every page that satisfies all that is wanted also satisfies a condition."""
    for key, each in condition.items():
        stated = [where[key] for where in wanted if key in where]
        if each in stated:
            continue
        options = _admitted(schema, database, key, each)
        admitted = [_admitted(schema, database, key, found) for found in stated]
        narrowed = [found for found in admitted if found is not None]
        if options is None or not narrowed or not frozenset.intersection(*narrowed) <= options:
            return False
    return True


def _leave_different_options(
    schema: TemplateSchema, one: CompiledRule, other: CompiledRule
) -> bool:
    """Whether there is no option of the property itself that both rules would change."""
    options: list[str | None] = [each.key for each in schema.options(*one.target)]
    if not options or one.rule.value or other.rule.value:
        return False
    if schema.type(*one.target) != "status":
        options.append(None)  # a select may be empty; a status never is
    return not any(
        _acts_on(schema, one, each) and _acts_on(schema, other, each) for each in options
    )


def _acts_on(schema: TemplateSchema, ready: CompiledRule, option: str | None) -> bool:
    if option in ready.rule.keep:
        return False
    now, then = (
        schema.rank(*ready.target, option),
        schema.rank(*ready.target, ready.rule.to),
    )
    return not (ready.rule.forward_only and now is not None and then is not None and then < now)


def _disjoint(schema: TemplateSchema, database: str, one: Where, other: Where) -> bool:
    """Whether no page satisfies both conditions."""
    return any(
        _conditions_exclude(schema, database, key, one[key], other[key])
        for key in one.keys() & other
    )


def _conditions_exclude(
    schema: TemplateSchema, database: str, key: str, one: Condition, other: Condition
) -> bool:
    first, second = (_admitted(schema, database, key, each) for each in (one, other))
    if first is not None and second is not None and not first & second:
        return True
    if one.is_ is not None and other.is_ is not None and not set(one.is_) & set(other.is_):
        return schema.type(database, key) != "multi_select"
    if one.empty is not None and other.empty is not None and one.empty != other.empty:
        return True
    return _above(one, other) or _above(other, one)


def _above(one: Condition, other: Condition) -> bool:
    """Whether all numbers of one condition lie above those of the other."""
    for low, low_belongs in ((one.at_least, True), (one.more_than, False)):
        for high, high_belongs in ((other.at_most, True), (other.less_than, False)):
            if low is None or high is None:
                continue
            if low > high or (low == high and not (low_belongs and high_belongs)):
                return True
    return False


def _admitted(
    schema: TemplateSchema, database: str, key: str, condition: Condition
) -> frozenset[str | None] | None:
    """Return the options that satisfy a condition, None among them for no option at all.

    None instead of a set where the property has no options of which a page holds just one.
    """
    if schema.type(database, key) not in {"status", "select"}:
        return None
    spec = schema.spec(database, key)
    admitted: set[str | None] = {each.key for each in schema.options(database, key)} | {None}
    if getattr(spec, "open", False):
        return None  # people may add options, so nothing can be listed
    if condition.is_ is not None:
        admitted &= {each for each in condition.is_ if isinstance(each, str)}
    if condition.not_ is not None:
        admitted -= {each for each in condition.not_ if isinstance(each, str)}
    if condition.category is not None:
        meanings = condition.category
        options = schema.options(database, key)
        admitted &= {each.key for each in options if each.meaning in meanings}
    if condition.entered is not None:
        admitted &= {each for each in condition.entered if isinstance(each, str)}
    if condition.empty is not None:
        admitted = admitted & {None} if condition.empty else admitted - {None}
    return frozenset(admitted)
