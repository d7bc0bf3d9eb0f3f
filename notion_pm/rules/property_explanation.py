"""How the properties of one page stand with the rules: what each rule says, and what comes of it."""

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
    """One property: its value, what each of its rules says, what they say together and what a sync would do now."""

    key: str
    value: RuleValue
    opinions: tuple[RuleResult, ...]
    together: RuleValue | NoResult
    decision: Decision
    reason: str = ""
    hold: QuarantinedValue | None = None

    @property
    def says(self) -> RuleValue:
        """What the rules say together; None when they are silent or do not know."""
        return None if isinstance(self.together, NoResult) else self.together

    @property
    def speaks(self) -> bool:
        """Whether any rule says a value."""
        return any(map(has_value, self.opinions))

    @property
    def agrees(self) -> bool:
        """Whether the page holds what the rules say."""
        return self.speaks and same_value(self.value, self.says)


def has_value(opinion: RuleResult) -> bool:
    """Tell whether a rule says a value."""
    return not isinstance(opinion.value, NoResult)


def explain_properties(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    quarantine: Quarantine,
    page: SnapshotPage,
    today: date,
) -> list[PropertyExplanation]:
    """Return how the properties of a page stand that rules set, in the template's order."""
    run = RuleRun(rules, snapshot, baseline, today, None, quarantine)
    run.run_to_fixpoint(MAX_ROUNDS)
    return [
        _standing(run, page, key) for database, key in rules.writers if database == page.database
    ]


def _standing(run: RuleRun, page: SnapshotPage, key: str) -> PropertyExplanation:
    target = (page.database, key)
    settled = run.settled[target].get(page.id)
    return PropertyExplanation(
        key=key,
        value=page.values.get(key),
        opinions=tuple(evaluate_rule(run.view, page, each) for each in run.rules.writers[target]),
        together=settled.case.derived.value if settled else run.derived[target].get(page.id),
        decision=settled.outcome.decision if settled else Decision.LEAVE,
        reason=settled.outcome.reason if settled else "",
        hold=run.held.get((page.id, key)),
    )
