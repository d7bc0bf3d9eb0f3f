"""All rules on all pages, to rest: the one place where rules run.

Properties settle in the order of what their rules read, so that most need one round. Properties that need each other
(a parent's status and its children's) go round until nothing changes any more. The result is as if sync had run again
and again: evaluating what it leaves behind comes to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import OnConflict
from notion_pm.rules.evaluation import Change, Conflict, Evaluation, Note, PageUpdate, Proposal
from notion_pm.rules.opinions import Derived, opinion_of, together
from notion_pm.rules.ruleset import RuleSet, Target
from notion_pm.rules.settle import Case, Decision, Outcome, settle
from notion_pm.rules.values import (
    SILENT,
    Baseline,
    BaseValue,
    ForeignOption,
    Links,
    Plain,
    Snapshot,
    SnapshotPage,
    same,
)
from notion_pm.rules.view import View

MAX_ROUNDS = 200
"""Rounds until properties that need each other must be at rest: more than any tree of pages is deep."""


def evaluate(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    *,
    today: date,
    policy: OnConflict | None = None,
    max_rounds: int = MAX_ROUNDS,
) -> Evaluation:
    """Return what rules change, where people disagree, and what to remember. `policy` overrides that of all rules."""
    return _Run(rules, snapshot, baseline, today, policy).finished(max_rounds)


@dataclass(frozen=True, slots=True)
class _Settled:
    """The last word on one property of one page."""

    page: SnapshotPage
    target: Target
    case: Case
    outcome: Outcome


class _Run:
    """One evaluation. Its state: the view, and the last word on each property of each page."""

    def __init__(
        self, rules: RuleSet, snapshot: Snapshot, baseline: Baseline, today: date, policy: OnConflict | None
    ) -> None:
        self._rules = rules
        self._snapshot = snapshot
        self._baseline = baseline
        self._policy = policy
        self._view = View(rules.vocabulary, snapshot, baseline, today)
        self._settled: dict[tuple[NotionId, str], _Settled] = {}
        self._written: dict[tuple[NotionId, str], _Settled] = {}
        self._restless: list[Target] = []

    def finished(self, max_rounds: int) -> Evaluation:
        for group in self._rules.groups:
            if not self._comes_to_rest(group, max_rounds):
                self._undo(group)
        return Evaluation(
            updates=tuple(self._updates()),
            conflicts=tuple(self._conflicts()),
            proposals=tuple(self._proposals()),
            notes=tuple(self._notes()),
            baseline=self._new_baseline(),
        )

    # --- running

    def _comes_to_rest(self, group: tuple[Target, ...], max_rounds: int) -> bool:
        for _ in range(max_rounds):
            changed = [self._settle(page, target) for target in group for page in self._pages(target[0])]
            if not any(changed) or not self._reads_itself(group):
                return True
        return False

    def _reads_itself(self, group: tuple[Target, ...]) -> bool:
        return any(read in group for target in group for each in self._rules.writers[target] for read in each.reads)

    def _settle(self, page: SnapshotPage, target: Target) -> bool:
        """Decide about one property; tell whether it has got another value."""
        case = self._case(page, target)
        outcome = settle(self._rules.vocabulary, case, self._policy)
        settled = _Settled(page, target, case, outcome)
        self._settled[page.id, target[1]] = settled
        if outcome.decision is not Decision.WRITE:
            return False
        self._written[page.id, target[1]] = settled
        self._view.set(page, target[1], _plain(case.derived))
        return True

    def _case(self, page: SnapshotPage, target: Target) -> Case:
        derived = together(self._view, page, self._rules.writers[target])
        lock = self._rules.vocabulary.template.databases[page.database].lock
        return Case(
            target=target,
            current=self._view.value(page, target[1]),
            derived=derived,
            base=self._base(page, target[1]),
            locked=lock is not None and self._view.value(page, lock) is True,
            edited=page.last_edited,
            caused=max(self._edited(derived), default=None),
        )

    def _base(self, page: SnapshotPage, key: str) -> BaseValue | None:
        """What is remembered: after a write in this run, that write."""
        if written := self._written.get((page.id, key)):
            return BaseValue(_plain(written.case.derived), written.case.derived.value)
        return self._view.before(page, key)

    def _edited(self, derived: Derived) -> Iterator[datetime]:
        for page_id in derived.because:
            for pages in self._snapshot.databases.values():
                if page := pages.get(page_id):
                    yield page.last_edited

    def _undo(self, group: tuple[Target, ...]) -> None:
        """Forget what was decided about properties that do not come to rest."""
        self._restless.extend(group)
        for target in group:
            for page in self._pages(target[0]):
                self._view.set(page, target[1], page.values.get(target[1]))
                self._settled.pop((page.id, target[1]), None)
                self._written.pop((page.id, target[1]), None)

    def _pages(self, database: str) -> Iterator[SnapshotPage]:
        return iter(self._snapshot.databases.get(database, {}).values())

    # --- telling

    def _updates(self) -> Iterator[PageUpdate]:
        changes: dict[NotionId, list[Change]] = {}
        for (page_id, key), written in self._written.items():
            before, after = written.page.values.get(key), self._view.value(written.page, key)
            if not same(before, after):
                changes.setdefault(page_id, []).append(self._change(written, before, after))
        for pages in self._snapshot.databases.values():
            yield from (PageUpdate(page, tuple(changes[page.id])) for page in pages.values() if page.id in changes)

    def _change(self, written: _Settled, before: Plain, after: Plain) -> Change:
        derived = written.case.derived
        base = self._view.before(written.page, written.target[1])
        starter = base is not None and base.starter and same(base.value, before)
        names = tuple(each.name for each in derived.rules)
        return Change(written.target[1], before, after, names, derived.rule.rule.why, derived.because, starter)

    def _conflicts(self) -> Iterator[Conflict]:
        for settled in self._settled.values():
            if settled.outcome.decision is Decision.CONFLICT:
                yield self._conflict(settled)

    def _conflict(self, settled: _Settled) -> Conflict:
        derived, base = settled.case.derived, self._view.before(settled.page, settled.target[1])
        known = base is not None and same(base.value, settled.case.current) and same(base.derived, derived.value)
        return Conflict(
            page=settled.page,
            property=settled.target[1],
            value=settled.case.current,
            derived=_plain(derived),
            rules=tuple(each.name for each in derived.rules),
            why=derived.rule.rule.why,
            reason=settled.outcome.reason,
            new=not known,
            because=derived.because,
        )

    def _proposals(self) -> Iterator[Proposal]:
        """What rules suggest: judged like a write, so that nobody is asked to go backwards."""
        for ready in self._rules.proposing:
            for page in self._pages(ready.database):
                derived = opinion_of(self._view, page, ready)
                current = self._view.value(page, ready.key)
                case = Case(ready.target, current, derived, base=None)
                outcome = settle(self._rules.vocabulary, case, "rule")
                if outcome.decision is Decision.WRITE:
                    why = ready.rule.why
                    yield Proposal(page, ready.key, current, _plain(derived), ready.name, why, derived.because)

    def _notes(self) -> Iterator[Note]:
        yield from self._foreign_notes()
        yield from self._unknown_notes()
        locked = {each.page.id for each in self._settled.values() if each.outcome.decision is Decision.LOCKED}
        if locked:
            verb = "page is" if len(locked) == 1 else "pages are"
            yield Note(f"{len(locked)} {verb} locked: rules left them alone.")
        for database, key in self._restless:
            yield Note(f"The rules for {database}.{key} do not come to rest; nothing of it was written.")

    def _foreign_notes(self) -> Iterator[Note]:
        for (_, key), settled in self._settled.items():
            if settled.outcome.decision is Decision.FOREIGN and isinstance(settled.case.current, ForeignOption):
                option = settled.case.current.name
                message = f"{key} is {option!r}, an option that the template does not know: left alone."
                yield Note(message, settled.page)

    def _unknown_notes(self) -> Iterator[Note]:
        for (_, key), settled in self._settled.items():
            if settled.outcome.decision is Decision.UNKNOWN:
                rules = ", ".join(each.name for each in settled.case.derived.rules)
                message = (
                    f"{key} was left as it is ({rules}): a related page could not be read, "
                    "or holds an option that the template does not know."
                )
                yield Note(message, settled.page)

    # --- remembering

    def _new_baseline(self) -> dict[NotionId, dict[str, BaseValue]]:
        changed: dict[NotionId, dict[str, BaseValue]] = {}
        for database, keys in self._rules.needs.items():
            for page in self._pages(database):
                memory = {key: self._memory(page, key) for key in keys if not isinstance(page.values.get(key), Links)}
                if memory != self._baseline.get(page.id):
                    changed[page.id] = memory
        return changed

    def _memory(self, page: SnapshotPage, key: str) -> BaseValue:
        before = self._view.before(page, key)
        settled = self._settled.get((page.id, key))
        derived = settled.outcome.remember if settled else before.derived if before else SILENT
        value = self._view.value(page, key)
        untouched = before is not None and before.starter and derived is SILENT and same(before.value, value)
        return BaseValue(value, derived, starter=untouched)


def _plain(derived: Derived) -> Plain:
    """The value of rules that speak."""
    assert derived.speaks
    return derived.value  # type: ignore[return-value]
