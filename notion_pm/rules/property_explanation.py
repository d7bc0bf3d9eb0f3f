"""How the properties of one page stand with the rules: what each rule says, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from notion_pm.rules.evaluate import MAX_ROUNDS
from notion_pm.rules.evaluation import Hold
from notion_pm.rules.fixpoint import Run
from notion_pm.rules.quarantine import Quarantine
from notion_pm.rules.rule_results import Derived, opinion_of
from notion_pm.rules.ruleset import RuleSet
from notion_pm.rules.settle import Decision
from notion_pm.rules.values import Baseline, Opinion, Plain, Snapshot, SnapshotPage, same


@dataclass(frozen=True, slots=True)
class Standing:
    """One property: its value, what each of its rules says, what they say together and what a sync would do now."""

    key: str
    value: Plain
    opinions: tuple[Derived, ...]
    together: Plain | Opinion
    decision: Decision
    reason: str = ""
    hold: Hold | None = None

    @property
    def says(self) -> Plain:
        """What the rules say together; None when they are silent or do not know."""
        return None if isinstance(self.together, Opinion) else self.together

    @property
    def speaks(self) -> bool:
        """Whether any rule says a value."""
        return any(map(speaks, self.opinions))

    @property
    def agrees(self) -> bool:
        """Whether the page holds what the rules say."""
        return self.speaks and same(self.value, self.says)


def speaks(opinion: Derived) -> bool:
    """Tell whether a rule says a value."""
    return not isinstance(opinion.value, Opinion)


def standings(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    quarantine: Quarantine,
    page: SnapshotPage,
    today: date,
) -> list[Standing]:
    """Return how the properties of a page stand that rules set, in the template's order."""
    run = Run(rules, snapshot, baseline, today, None, quarantine)
    run.to_rest(MAX_ROUNDS)
    return [
        _standing(run, page, key) for database, key in rules.writers if database == page.database
    ]


def _standing(run: Run, page: SnapshotPage, key: str) -> Standing:
    target = (page.database, key)
    settled = run.settled[target].get(page.id)
    return Standing(
        key=key,
        value=page.values.get(key),
        opinions=tuple(opinion_of(run.view, page, each) for each in run.rules.writers[target]),
        together=settled.case.derived.value if settled else run.derived[target].get(page.id),
        decision=settled.outcome.decision if settled else Decision.LEAVE,
        reason=settled.outcome.reason if settled else "",
        hold=run.held.get((page.id, key)),
    )
