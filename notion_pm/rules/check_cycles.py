"""Whether rules can chase each other for ever.

Rules whose properties need each other come to rest when each of them can act only so often: one that only moves
forward along the options, or that fills what is empty. Rules that look at nothing but the property they set come to
rest when their steps from option to option never lead back.
"""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.conditions.check import Problem
from notion_pm.model.condition import Condition
from notion_pm.rules.order import cycle_through
from notion_pm.rules.ruleset import CompiledRule, RuleSet, Target, dependencies

_ADVICE = "Let its rules be `forward_only`, let them fill only what is empty, or let one of them only `propose`."


def cycle_problems(rules: RuleSet) -> Iterator[Problem]:
    """Yield one problem for each group of properties whose rules might not come to rest, at a rule of it."""
    needs = dependencies(rules)
    for group in rules.groups:
        restless = [
            each
            for target in group
            for each in rules.writers[target]
            if not _acts_only_so_often(each, group)
        ]
        cycle = cycle_through(group[0], needs)
        if not cycle or not restless:
            continue
        if len(group) == 1 and not (steps := _circling_steps(rules, group[0])):
            continue
        shown = (
            _arrows(".".join(target) for target in reversed(cycle))
            if len(group) > 1
            else _arrows(steps)
        )
        yield (
            ("sync", restless[0].name),
            f"This rule could set off a chain without an end: {shown}. {_ADVICE}",
        )


def _arrows(names: Iterator[str] | tuple[str, ...]) -> str:
    return " -> ".join(names)


def _acts_only_so_often(ready: CompiledRule, group: tuple[Target, ...]) -> bool:
    """Whether a rule cannot act for ever: it only moves forward, fills the empty, or reads nothing of the group."""
    condition = ready.rule.when.get(ready.key)
    fills = condition is not None and condition.empty is True
    return ready.rule.forward_only or fills or not (ready.reads & set(group))


def _circling_steps(rules: RuleSet, target: Target) -> tuple[str, ...]:
    """The options through which the rules of one property lead back to where they began; none when they never do."""
    options = [each.key for each in rules.schema.options(*target)]
    steps: dict[str, set[str]] = {option: set() for option in options}
    for ready in rules.writers[target]:
        if not isinstance(ready.rule.to, str) or target in ready.far_reads:
            return (".".join(target), ".".join(target))
        for option in _leaves(rules, ready, options):
            steps[option].add(ready.rule.to)
    return next((cycle for option in options if (cycle := cycle_through(option, steps))), ())


def _leaves(rules: RuleSet, ready: CompiledRule, options: list[str]) -> Iterator[str]:
    """The options from which a rule leads a page away."""
    condition = ready.rule.when.get(ready.key)
    arrival = rules.schema.rank(*ready.target, ready.rule.to)
    for rank, option in enumerate(options):
        backwards = ready.rule.forward_only and arrival is not None and rank >= arrival
        if option == ready.rule.to or option in ready.rule.keep or backwards:
            continue
        if condition is None or _admits(rules, ready.target, condition, option):
            yield option


def _admits(rules: RuleSet, target: Target, condition: Condition, option: str) -> bool:
    spec = rules.schema.option(*target, option)
    return (
        (condition.is_ is None or option in condition.is_)
        and (condition.not_ is None or option not in condition.not_)
        and (
            condition.category is None or (spec is not None and spec.meaning in condition.category)
        )
    )
