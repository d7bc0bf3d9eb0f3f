"""Find pairs of rules of one priority that could set a property of one page to different values.

Such a page would stay a conflict: no rule could write. Two rules are fine if they set the same
value, if both only move forward (then the farther one counts), or if their conditions exclude each
other. Every other pair is reported, also where the check cannot see that the conditions exclude
each other: a `priority` settles it in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from notion_pm.conditions.check import Problem
from notion_pm.model.condition import Condition, Scalar, Where
from notion_pm.model.property_types import DATE_TYPES
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.ruleset import CompiledRule, RuleSet, related_parts

OptionOrEmpty = str | None
"""The key of an option, None for a property without one."""


def disagreement_problems(rules: RuleSet) -> Iterator[Problem]:
    """Yield one problem for each pair of rules that could disagree, at the later rule."""
    for writers in rules.writers.values():
        for one, other in combinations(writers, 2):
            if _could_disagree(rules.schema, one, other):
                message = (
                    f"{one.name} and {other.name} could set {other.spec.set} of one page to "
                    "different values. Give one of them a higher `priority`, or let their "
                    "conditions exclude each other."
                )
                yield ("sync", other.name), message


def _could_disagree(schema: TemplateSchema, one: CompiledRule, other: CompiledRule) -> bool:
    if one.is_note and other.is_note:
        return False  # notes are joined
    if one.spec.priority != other.spec.priority:
        return False
    if _have_same_effect(one, other):
        return False
    if one.spec.forward_only and other.spec.forward_only:
        return False
    if _have_exclusive_conditions(schema, one, other):
        return False
    return not _change_different_options(schema, one, other)


def _have_same_effect(one: CompiledRule, other: CompiledRule) -> bool:
    if one.spec.value is not None:
        return one.spec.value == other.spec.value
    return other.spec.value is None and one.spec.to == other.spec.to


def _change_different_options(
    schema: TemplateSchema, one: CompiledRule, other: CompiledRule
) -> bool:
    """Whether there is no option of the property itself that both rules would change.

    Example: one rule keeps New, and the other acts on New alone.
    """
    if one.spec.value or other.spec.value:
        return False
    options: list[OptionOrEmpty] = [option.key for option in schema.options(*one.target)]
    if not options:
        return False
    if schema.type(*one.target) != "status":
        options.append(None)  # a select may be empty; a status never is
    return not any(
        _could_change(schema, one, option) and _could_change(schema, other, option)
        for option in options
    )


def _could_change(schema: TemplateSchema, rule: CompiledRule, option: OptionOrEmpty) -> bool:
    if option in rule.spec.keep:
        return False
    if not rule.spec.forward_only:
        return True
    rank = schema.rank(*rule.target, option)
    wanted_rank = schema.rank(*rule.target, rule.spec.to)
    return rank is None or wanted_rank is None or wanted_rank >= rank


@dataclass(frozen=True, slots=True)
class Demand:
    """What a part of a rule's `if` demands of the pages at the end of a path."""

    quantifier: str
    path: str
    database: str
    of: Where
    where: Where


def _demands(rule: CompiledRule) -> list[Demand]:
    demands = []
    for quantifier, related in related_parts(rule.spec):
        database = rule.paths[related.over].end
        demands.append(Demand(quantifier, related.over, database, related.of, related.where))
    return demands


def _have_exclusive_conditions(
    schema: TemplateSchema, one: CompiledRule, other: CompiledRule
) -> bool:
    """Whether no page satisfies the conditions of both rules."""
    if _exclude(schema, one.database, one.spec.when, other.spec.when):
        return True
    for first, second in combinations([*_demands(one), *_demands(other)], 2):
        if first.path != second.path:
            continue
        if _rules_out(schema, first, second) or _rules_out(schema, second, first):
            return True
    return False


def _rules_out(schema: TemplateSchema, one: Demand, other: Demand) -> bool:
    """Whether the first demand, an `all` or a `none`, leaves no page for the second.

    Example: "all features are dropped" and "any feature is being built" would need a feature that
    is both. The second demand is an `any` or an `all`, as both need at least one page.
    """
    if other.quantifier == "none":
        return False
    wanted = [other.of, other.where]
    # The pages that the second demand needs must be among those that the first one looks at.
    if not _covers(schema, one.database, one.of, wanted):
        return False
    if one.quantifier == "none":
        return _covers(schema, one.database, one.where, wanted)
    if one.quantifier == "all":
        return any(_exclude(schema, one.database, one.where, where) for where in wanted)
    return False


def _covers(schema: TemplateSchema, database: str, where: Where, wanted: Sequence[Where]) -> bool:
    """Whether every page that satisfies all that is wanted also satisfies `where`."""
    for key, condition in where.items():
        stated = [other[key] for other in wanted if key in other]
        if condition in stated:
            continue
        allowed = _allowed_options(schema, database, key, condition)
        if allowed is None:
            return False
        possible: frozenset[OptionOrEmpty] | None = None
        for other in stated:
            options = _allowed_options(schema, database, key, other)
            if options is not None:
                possible = options if possible is None else possible & options
        if possible is None or not possible <= allowed:
            return False
    return True


def _exclude(schema: TemplateSchema, database: str, one: Where, other: Where) -> bool:
    """Whether no page satisfies both."""
    shared_keys = one.keys() & other.keys()
    return any(
        _conditions_exclude(schema, (database, key), one[key], other[key]) for key in shared_keys
    )


def _conditions_exclude(
    schema: TemplateSchema, target: tuple[str, str], one: Condition, other: Condition
) -> bool:
    """Whether no value satisfies two conditions on one property."""
    options = _allowed_options(schema, *target, one)
    other_options = _allowed_options(schema, *target, other)
    if options is not None and other_options is not None and not options & other_options:
        return True
    if one.is_ is not None and other.is_ is not None:
        # A multi_select can hold both values. Dates are equal by their day, however it is written.
        can_exclude = schema.type(*target) not in {"multi_select", *DATE_TYPES}
        if can_exclude and _folded(one.is_).isdisjoint(_folded(other.is_)):
            return True
    if one.empty is not None and other.empty is not None and one.empty != other.empty:
        return True
    return _is_above(one, other) or _is_above(other, one)


def _is_above(one: Condition, other: Condition) -> bool:
    """Whether all numbers that satisfy one condition are above those that satisfy the other."""
    for low, low_included in ((one.at_least, True), (one.more_than, False)):
        for high, high_included in ((other.at_most, True), (other.less_than, False)):
            if low is None or high is None:
                continue
            if low > high:
                return True
            if low == high and not (low_included and high_included):
                return True
    return False


def _allowed_options(
    schema: TemplateSchema, database: str, key: str, condition: Condition
) -> frozenset[OptionOrEmpty] | None:
    """Return the options that satisfy a condition, among them None for an empty property.

    Return None instead of a set if the options cannot be listed: a page may hold several of them
    (multi_select), people may add options (`open`), or the property has none.
    """
    if schema.type(database, key) not in {"status", "select"}:
        return None
    if getattr(schema.spec(database, key), "open", False):
        return None
    options = schema.options(database, key)
    allowed: set[OptionOrEmpty] = {None, *(option.key for option in options)}
    if condition.is_ is not None:
        allowed &= _texts(condition.is_)
    if condition.not_ is not None:
        allowed -= _texts(condition.not_)
    if condition.category is not None:
        categories = condition.category
        allowed &= {option.key for option in options if option.meaning in categories}
    if condition.entered is not None:
        allowed &= _texts(condition.entered)
    if condition.empty is True:
        allowed &= {None}
    if condition.empty is False:
        allowed -= {None}
    return frozenset(allowed)


def _folded(values: tuple[Scalar, ...]) -> set[str]:
    """Return values as text without regard to case, as conditions compare them."""
    return {str(value).casefold() for value in values}


def _texts(values: tuple[Scalar, ...]) -> set[OptionOrEmpty]:
    return {value for value in values if isinstance(value, str)}
