"""Run rules over all pages until nothing changes, one group of properties after the other."""

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
    """The last decision on one property of one page."""

    page: SnapshotPage
    target: Target
    case: Case
    outcome: Outcome


class RuleRun:
    """The state of a run over all pages.

    `derived`: what rules wanted last. `settled`: the last decisions that a report mentions, so not
    those to leave a property as it is, which are most. `written`: the last write to each property.
    `quarantined`: the properties in quarantine that rules would have written. `not_converging`: the
    properties that were still changing after the last round.
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
        self.quarantine = quarantine
        self.view = View(rules.schema, snapshot, baseline, today)
        self.derived: dict[Target, dict[NotionId, RuleValue | NoResult]] = {}
        self.settled: dict[Target, dict[NotionId, SettledProperty]] = {}
        self.written: dict[Target, dict[NotionId, SettledProperty]] = {}
        for target in rules.writers:
            self.derived[target] = {}
            self.settled[target] = {}
            self.written[target] = {}
        self.not_converging: list[Target] = []
        self.quarantined: dict[PropertyRef, QuarantinedValue] = {}
        self._policy = policy

    def run_to_fixpoint(self, max_rounds: int) -> None:
        """Settle all properties.

        Properties that do not converge keep the values they had, and are in `not_converging`.
        """
        for group in self.rules.groups:
            if not self._converges(group, max_rounds):
                self._undo(group)

    def pages(self, database: str) -> Iterator[SnapshotPage]:
        """Yield the pages of a database."""
        return iter(self.snapshot.databases.get(database, {}).values())

    def with_decision(self, decision: Decision) -> Iterator[SettledProperty]:
        """Yield the properties whose last decision was this one."""
        for by_page in self.settled.values():
            for settled in by_page.values():
                if settled.outcome.decision is decision:
                    yield settled

    def _converges(self, group: tuple[Target, ...], max_rounds: int) -> bool:
        for _ in range(max_rounds):
            # A list, because `any` on a generator would skip the properties after the first change.
            changed = [self._settle_property(target) for target in group]
            if not any(changed) or not self._reads_itself(group):
                return True
        return False

    def _reads_itself(self, group: tuple[Target, ...]) -> bool:
        """Whether rules of the group read what the group sets, so that another round is needed."""
        return any(not self.rules.dependencies[target].isdisjoint(group) for target in group)

    def _settle_property(self, target: Target) -> bool:
        """Decide on a property of all pages; return whether any page has got another value."""
        database = target[0]
        writers = self.rules.writers[target]
        lock = self.rules.schema.template.databases[database].lock
        has_changed = False
        for page in self.pages(database):
            result = combine_results(self.view, page, writers)
            if self._settle(page, target, result, lock):
                has_changed = True
        return has_changed

    def _settle(
        self, page: SnapshotPage, target: Target, result: RuleResult, lock: str | None
    ) -> bool:
        """Decide on a property of one page; return whether it has got another value."""
        key = target[1]
        case = Case(
            target=target,
            current=self.view.value(page, key),
            result=result,
            base=self._base(page, target),
            is_locked=lock is not None and self.view.value(page, lock) is True,
            edited=page.last_edited,
            causes_edited=self._last_edit_of_causes(result),
        )
        outcome = settle(self.rules.schema, case, self._policy)
        outcome = self._respect_quarantine(page, case, outcome)

        self.derived[target][page.id] = outcome.remember
        self.settled[target].pop(page.id, None)  # an earlier round may have decided otherwise
        if outcome.decision is Decision.LEAVE:
            return False
        settled = SettledProperty(page, target, case, outcome)
        self.settled[target][page.id] = settled
        if outcome.decision is not Decision.WRITE:
            return False
        self.written[target][page.id] = settled
        self.view.set(page, key, result.known_value)
        return True

    def _respect_quarantine(self, page: SnapshotPage, case: Case, outcome: Outcome) -> Outcome:
        """Turn the write to a property in quarantine into a conflict.

        What is remembered stays as it was, so that the rules resume after the quarantine.
        """
        key = case.target[1]
        ref = (page.id, key)
        self.quarantined.pop(ref, None)
        if outcome.decision is not Decision.WRITE or self._policy == "rule":
            return outcome
        if page.id in self.written[case.target]:
            return outcome  # this run wrote it in an earlier round, and goes on
        value = self.quarantine.find(ref, page.values.get(key), case.result.value)
        if value is None:
            return outcome
        self.quarantined[ref] = replace(value, reported=True)
        remembered = case.base.derived if case.base else NOT_APPLICABLE
        return Outcome(Decision.CONFLICT, remembered, value.reason)

    def _base(self, page: SnapshotPage, target: Target) -> BaseValue | None:
        """Return what is remembered of a property: a write of this run, else the last sync."""
        # Otherwise the second round would take the value of the first round for a person's.
        written = self.written[target].get(page.id)
        if written is not None:
            result = written.case.result
            return BaseValue(result.known_value, result.value)
        return self.view.before(page, target[1])

    def _last_edit_of_causes(self, result: RuleResult) -> datetime | None:
        """Return when the latest of the pages that a rule looked at was edited.

        None where the policy does not ask for it: finding the pages takes time.
        """
        policy = self._policy or result.rule.spec.on_conflict
        if policy != "newest":
            return None
        edits = []
        for page_id in result.causes:
            for pages in self.snapshot.databases.values():
                if page_id in pages:
                    edits.append(pages[page_id].last_edited)
        return max(edits, default=None)

    def _undo(self, group: tuple[Target, ...]) -> None:
        """Drop all decisions on properties that do not converge."""
        self.not_converging.extend(group)
        for target in group:
            database, key = target
            # Half of a chain of writes would be worse than none: pages would disagree.
            for page in self.pages(database):
                self.view.set(page, key, page.values.get(key))
            self.derived[target].clear()
            self.settled[target].clear()
            self.written[target].clear()
