"""Explain each property that rules set on one page: the result of each rule, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from notion_pm.model.snapshot import (
    Baseline,
    NoResult,
    RuleValue,
    Snapshot,
    SnapshotPage,
    same_value,
)
from notion_pm.rules.evaluate import MAX_ROUNDS
from notion_pm.rules.evaluation import QuarantinedValue
from notion_pm.rules.fixpoint import RuleRun
from notion_pm.rules.quarantine import Quarantine
from notion_pm.rules.rule_results import RuleResult, evaluate_rule
from notion_pm.rules.ruleset import RuleSet
from notion_pm.rules.settle import Decision


@dataclass(frozen=True, slots=True)
class PropertyExplanation:
    """One property of a page.

    `results`: what each of its rules yields. `combined`: what they want together. `decision`: what
    a sync would do now.
    """

    key: str
    value: RuleValue
    results: tuple[RuleResult, ...]
    combined: RuleValue | NoResult
    decision: Decision
    reason: str = ""
    quarantined: QuarantinedValue | None = None

    @property
    def wanted(self) -> RuleValue:
        """The value that the rules want together; None if they want none, or it is unknown."""
        return None if isinstance(self.combined, NoResult) else self.combined

    @property
    def has_result(self) -> bool:
        """Whether any rule yields a value."""
        return any(has_value(result) for result in self.results)

    @property
    def agrees(self) -> bool:
        """Whether the page holds the value that the rules want."""
        return self.has_result and same_value(self.value, self.wanted)


def has_value(result: RuleResult) -> bool:
    """Return whether a rule yields a value."""
    return not isinstance(result.value, NoResult)


def explain_properties(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    quarantine: Quarantine,
    page: SnapshotPage,
    today: date,
) -> list[PropertyExplanation]:
    """Return an explanation of each property of a page that rules set, in the template's order."""
    run = RuleRun(rules, snapshot, baseline, today, None, quarantine)
    run.run_to_fixpoint(MAX_ROUNDS)
    return [
        _explain(run, page, key) for database, key in rules.writers if database == page.database
    ]


def _explain(run: RuleRun, page: SnapshotPage, key: str) -> PropertyExplanation:
    target = (page.database, key)
    results = tuple(evaluate_rule(run.view, page, rule) for rule in run.rules.writers[target])
    quarantined = run.quarantined.get((page.id, key))
    settled = run.settled[target].get(page.id)
    if settled is None:  # left as it is
        combined = run.derived[target].get(page.id)
        return PropertyExplanation(
            key, page.values.get(key), results, combined, Decision.LEAVE, "", quarantined
        )
    return PropertyExplanation(
        key=key,
        value=page.values.get(key),
        results=results,
        combined=settled.case.result.value,
        decision=settled.outcome.decision,
        reason=settled.outcome.reason,
        quarantined=quarantined,
    )
