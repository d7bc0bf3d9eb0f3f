"""All rules on all pages, to rest: the one place where rules run.

Properties settle in the order of what their rules read, so that most need one round. Properties that need each other
(a parent's status and its children's) go round until nothing changes any more. The result is as if sync had run again
and again: evaluating what it leaves behind comes to nothing.
"""

from __future__ import annotations

from datetime import date

from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import Baseline, Snapshot
from notion_pm.rules.evaluation import Evaluation
from notion_pm.rules.evaluation_builder import EvaluationBuilder
from notion_pm.rules.fixpoint import RuleRun
from notion_pm.rules.quarantine import NOTHING, Quarantine
from notion_pm.rules.ruleset import RuleSet

MAX_ROUNDS = 200
"""Rounds until properties that need each other must be at rest: more than any tree of pages is deep."""


def evaluate(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    *,
    today: date,
    policy: OnConflict | None = None,
    quarantine: Quarantine = NOTHING,
    max_rounds: int = MAX_ROUNDS,
) -> Evaluation:
    """Return what rules change, where people disagree, and what to remember.

    `policy` overrides that of all rules. What is in quarantine is left alone, unless the policy is that rules win.
    """
    run = RuleRun(rules, snapshot, baseline, today, policy, quarantine)
    run.run_to_fixpoint(max_rounds)
    account = EvaluationBuilder(run)
    return Evaluation(
        updates=tuple(account.updates()),
        conflicts=tuple(account.conflicts()),
        proposals=tuple(account.proposals()),
        notes=tuple(account.notes()),
        baseline=account.baseline(),
        holds=run.held,
    )
