"""One run of rules over all pages: properties are settled, group by group, until nothing changes any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import OnConflict
from notion_pm.rules.opinions import Derived, together
from notion_pm.rules.ruleset import RuleSet, Target
from notion_pm.rules.settle import Case, Decision, Outcome, settle
from notion_pm.rules.values import Baseline, BaseValue, Snapshot, SnapshotPage
from notion_pm.rules.view import View


@dataclass(frozen=True, slots=True)
class Settled:
    """The last word on one property of one page."""

    page: SnapshotPage
    target: Target
    case: Case
    outcome: Outcome


class Run:
    """The state of a run: what pages hold by now, the last word on each property, and the last write to it."""

    def __init__(
        self, rules: RuleSet, snapshot: Snapshot, baseline: Baseline, today: date, policy: OnConflict | None
    ) -> None:
        self.rules = rules
        self.snapshot = snapshot
        self.baseline = baseline
        self.view = View(rules.vocabulary, snapshot, baseline, today)
        self.settled: dict[tuple[NotionId, str], Settled] = {}
        self.written: dict[tuple[NotionId, str], Settled] = {}
        self.restless: list[Target] = []
        self._policy = policy

    def to_rest(self, max_rounds: int) -> None:
        """Settle all properties. What does not come to rest stays as it was, and is listed in `restless`."""
        for group in self.rules.groups:
            if not self._comes_to_rest(group, max_rounds):
                self._undo(group)

    def pages(self, database: str) -> Iterator[SnapshotPage]:
        """Yield the pages of a database."""
        return iter(self.snapshot.databases.get(database, {}).values())

    def _comes_to_rest(self, group: tuple[Target, ...], max_rounds: int) -> bool:
        for _ in range(max_rounds):
            changed = [self._settle(page, target) for target in group for page in self.pages(target[0])]
            if not any(changed) or not self._reads_itself(group):
                return True
        return False

    def _reads_itself(self, group: tuple[Target, ...]) -> bool:
        return any(read in group for target in group for each in self.rules.writers[target] for read in each.reads)

    def _settle(self, page: SnapshotPage, target: Target) -> bool:
        """Decide about one property; tell whether it has got another value."""
        case = self._case(page, target)
        outcome = settle(self.rules.vocabulary, case, self._policy)
        settled = Settled(page, target, case, outcome)
        self.settled[page.id, target[1]] = settled
        if outcome.decision is not Decision.WRITE:
            return False
        self.written[page.id, target[1]] = settled
        self.view.set(page, target[1], case.derived.plain)
        return True

    def _case(self, page: SnapshotPage, target: Target) -> Case:
        derived = together(self.view, page, self.rules.writers[target])
        lock = self.rules.vocabulary.template.databases[page.database].lock
        return Case(
            target=target,
            current=self.view.value(page, target[1]),
            derived=derived,
            base=self._base(page, target[1]),
            locked=lock is not None and self.view.value(page, lock) is True,
            edited=page.last_edited,
            caused=max(self._edited(derived), default=None),
        )

    def _base(self, page: SnapshotPage, key: str) -> BaseValue | None:
        """What is remembered: after a write in this run, that write."""
        if written := self.written.get((page.id, key)):
            return BaseValue(written.case.derived.plain, written.case.derived.value)
        return self.view.before(page, key)

    def _edited(self, derived: Derived) -> Iterator[datetime]:
        for page_id in derived.because:
            for pages in self.snapshot.databases.values():
                if page := pages.get(page_id):
                    yield page.last_edited

    def _undo(self, group: tuple[Target, ...]) -> None:
        """Forget what was decided about properties that do not come to rest."""
        self.restless.extend(group)
        for target in group:
            for page in self.pages(target[0]):
                self.view.set(page, target[1], page.values.get(target[1]))
                self.settled.pop((page.id, target[1]), None)
                self.written.pop((page.id, target[1]), None)
