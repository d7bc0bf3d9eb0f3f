"""One run of rules over all pages: properties are settled, group by group, until nothing changes any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    Baseline,
    BaseValue,
    NoResult,
    RuleValue,
    Snapshot,
    SnapshotPage,
)
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.quarantine import Quarantine
from notion_pm.rules.rule_results import RuleResult, combine_results
from notion_pm.rules.ruleset import RuleSet, Target
from notion_pm.rules.settle import Case, Decision, Outcome, settle
from notion_pm.rules.view import View


@dataclass(frozen=True, slots=True)
class SettledProperty:
    """The last word on one property of one page."""

    page: SnapshotPage
    target: Target
    case: Case
    outcome: Outcome


class RuleRun:
    """The state of a run: what pages hold by now, what rules derived, and the last write to each property.

    `settled` holds what has to be told: everything but what was left as it is, of which there is plenty.
    """

    def __init__(
        self,
        rules: RuleSet,
        snapshot: Snapshot,
        baseline: Baseline,
        today: date,
        policy: OnConflict | None,
        quarantine: Quarantine,
    ) -> None:
        self.rules = rules
        self.snapshot = snapshot
        self.baseline = baseline
        self.view = View(rules.schema, snapshot, baseline, today)
        self.derived: dict[Target, dict[NotionId, RuleValue | NoResult]] = {
            target: {} for target in rules.writers
        }
        self.settled: dict[Target, dict[NotionId, SettledProperty]] = {
            target: {} for target in rules.writers
        }
        self.written: dict[Target, dict[NotionId, SettledProperty]] = {
            target: {} for target in rules.writers
        }
        self.not_converging: list[Target] = []
        self.quarantine = quarantine
        self.held: dict[PropertyRef, QuarantinedValue] = {}
        self._policy = policy

    def run_to_fixpoint(self, max_rounds: int) -> None:
        """Settle all properties. What does not come to rest stays as it was, and is listed in `restless`."""
        for group in self.rules.groups:
            if not self._comes_to_rest(group, max_rounds):
                self._undo(group)

    def pages(self, database: str) -> Iterator[SnapshotPage]:
        """Yield the pages of a database."""
        return iter(self.snapshot.databases.get(database, {}).values())

    def decided(self, *decisions: Decision) -> Iterator[SettledProperty]:
        """Yield the last words that came to one of these decisions."""
        for those in self.settled.values():
            yield from (each for each in those.values() if each.outcome.decision in decisions)

    def _comes_to_rest(self, group: tuple[Target, ...], max_rounds: int) -> bool:
        for _ in range(max_rounds):
            changed = [self._settle_all(target) for target in group]
            if not any(changed) or not self._reads_itself(group):
                return True
        return False

    def _reads_itself(self, group: tuple[Target, ...]) -> bool:
        return any(
            read in group
            for target in group
            for each in self.rules.writers[target]
            for read in each.reads
        )

    def _settle_all(self, target: Target) -> bool:
        """Decide about a property of all pages; tell whether any has got another value."""
        writers, lock = (
            self.rules.writers[target],
            self.rules.schema.template.databases[target[0]].lock,
        )
        changed = [
            self._settle(page, target, combine_results(self.view, page, writers), lock)
            for page in self.pages(target[0])
        ]
        return any(changed)

    def _settle(
        self, page: SnapshotPage, target: Target, derived: RuleResult, lock: str | None
    ) -> bool:
        case = Case(
            target=target,
            current=self.view.value(page, target[1]),
            derived=derived,
            base=self._base(page, target),
            locked=lock is not None and self.view.value(page, lock) is True,
            edited=page.last_edited,
            caused=self._caused(derived),
        )
        outcome = self._unless_held(page, case, settle(self.rules.schema, case, self._policy))
        self.derived[target][page.id] = outcome.remember
        self.settled[target].pop(page.id, None)
        if outcome.decision is Decision.LEAVE:
            return False
        settled = self.settled[target][page.id] = SettledProperty(page, target, case, outcome)
        if outcome.decision is not Decision.WRITE:
            return False
        self.written[target][page.id] = settled
        self.view.set(page, target[1], derived.plain)
        return True

    def _unless_held(self, page: SnapshotPage, case: Case, outcome: Outcome) -> Outcome:
        """Leave a property alone that is in quarantine. What is remembered stays, so that rules resume afterwards."""
        spot = (page.id, case.target[1])
        self.held.pop(spot, None)
        if outcome.decision is not Decision.WRITE or self._policy == "rule":
            return outcome
        hold = self.quarantine.hold(spot, page.values.get(case.target[1]), case.derived.value)
        if hold is None or page.id in self.written[case.target]:
            return outcome
        self.held[spot] = replace(hold, told=True)
        return Outcome(
            Decision.CONFLICT, case.base.derived if case.base else NOT_APPLICABLE, hold.reason
        )

    def _base(self, page: SnapshotPage, target: Target) -> BaseValue | None:
        """What is remembered: after a write in this run, that write."""
        if written := self.written[target].get(page.id):
            return BaseValue(written.case.derived.plain, written.case.derived.value)
        return self.view.before(page, target[1])

    def _caused(self, derived: RuleResult) -> datetime | None:
        """When the pages that a rule looked at were last edited, where that settles conflicts."""
        if (self._policy or derived.rule.rule.on_conflict) != "newest":
            return None
        named = (
            pages.get(id) for id in derived.because for pages in self.snapshot.databases.values()
        )
        return max((page.last_edited for page in named if page), default=None)

    def _undo(self, group: tuple[Target, ...]) -> None:
        """Forget what was decided about properties that do not come to rest."""
        self.not_converging.extend(group)
        for target in group:
            for page in self.pages(target[0]):
                self.view.set(page, target[1], page.values.get(target[1]))
            for kept in (self.derived, self.settled, self.written):
                kept[target].clear()
