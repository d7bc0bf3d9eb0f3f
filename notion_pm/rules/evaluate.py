"""Evaluate all rules on all pages.

Properties settle in the order of what their rules read, so that most need one round. Properties
that need each other (a parent's status and its children's) take rounds until nothing changes. The
result is as if sync had run again and again: evaluating its result changes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    Baseline,
    BaseValue,
    RelatedPages,
    RuleValue,
    Snapshot,
    SnapshotPage,
    UnknownOption,
    same_value,
)
from notion_pm.rules.evaluation import Change, Conflict, Evaluation, Note, PageUpdate, Proposal
from notion_pm.rules.fixpoint import RuleRun, SettledProperty
from notion_pm.rules.quarantine import EMPTY_QUARANTINE, Quarantine
from notion_pm.rules.rule_results import evaluate_rule
from notion_pm.rules.ruleset import RuleSet
from notion_pm.rules.settle import Case, Decision, settle

MAX_ROUNDS = 200
"""Rounds after which properties that need each other must have converged.

A value travels one level of a tree of pages per round, and no tree is that deep.
"""


def evaluate(
    rules: RuleSet,
    snapshot: Snapshot,
    baseline: Baseline,
    *,
    today: date,
    policy: OnConflict | None = None,
    quarantine: Quarantine = EMPTY_QUARANTINE,
    max_rounds: int = MAX_ROUNDS,
) -> Evaluation:
    """Return what rules change, where people disagree, and what to remember.

    `policy` overrides that of all rules. Properties in quarantine are left alone, unless the policy
    is that rules win.
    """
    run = RuleRun(rules, snapshot, baseline, today, policy, quarantine)
    run.run_to_fixpoint(max_rounds)
    builder = EvaluationBuilder(run)
    return Evaluation(
        updates=tuple(builder.updates()),
        conflicts=tuple(builder.conflicts()),
        proposals=tuple(builder.proposals()),
        notes=tuple(builder.notes()),
        baseline=builder.baseline(),
        quarantined=run.quarantined,
    )


class EvaluationBuilder:
    """Builds the parts of an evaluation from a finished run."""

    def __init__(self, run: RuleRun) -> None:
        self._run = run

    def updates(self) -> Iterator[PageUpdate]:
        """Yield the pages that change, with their changes, by database and title."""
        changes: dict[NotionId, list[Change]] = {}
        for (_, key), by_page in self._run.written.items():
            for page_id, written in by_page.items():
                before = written.page.values.get(key)
                after = self._run.view.value(written.page, key)
                # A value may have come back to where it was in a later round.
                if not same_value(before, after):
                    changes.setdefault(page_id, []).append(self._change(written, before, after))

        for pages in self._run.snapshot.databases.values():
            changed = [page for page in pages.values() if page.id in changes]
            changed.sort(key=lambda page: (page.title.casefold(), page.id))
            for page in changed:
                yield PageUpdate(page, tuple(changes[page.id]))

    def _change(self, written: SettledProperty, before: RuleValue, after: RuleValue) -> Change:
        key = written.target[1]
        result = written.case.result
        base = self._run.view.before(written.page, key)
        return Change(
            property=key,
            before=before,
            after=after,
            rules=tuple(rule.name for rule in result.rules),
            why=result.rule.spec.why,
            because=result.causes,
            starter=base is not None and base.starter and same_value(base.value, before),
        )

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the values that people set and rules would overwrite."""
        for settled in self._run.with_decision(Decision.CONFLICT):
            # Rules that disagree have a value as well: that of the first rule.
            result = settled.case.result
            yield Conflict(
                page=settled.page,
                property=settled.target[1],
                value=settled.case.current,
                derived=result.known_value,
                rules=tuple(rule.name for rule in result.rules),
                why=result.rule.spec.why,
                reason=settled.outcome.reason,
                new=not self._is_reported(settled),
                because=result.causes,
            )

    def _is_reported(self, settled: SettledProperty) -> bool:
        """Whether an earlier sync has reported this conflict."""
        key = settled.target[1]
        ref = (settled.page.id, key)
        if ref in self._run.quarantined:
            in_quarantine = self._run.quarantine.values.get(ref)
            return in_quarantine is not None and in_quarantine.reported
        # The last sync had the same conflict if it saw the same value, and rules wanted the same.
        base = self._run.view.before(settled.page, key)
        if base is None:
            return False
        return same_value(base.value, settled.case.current) and same_value(
            base.derived, settled.case.result.value
        )

    def proposals(self) -> Iterator[Proposal]:
        """Yield what rules suggest. Decided like a write, so that no step back is proposed."""
        for rule in self._run.rules.proposing:
            for page in self._run.pages(rule.database):
                result = evaluate_rule(self._run.view, page, rule)
                current = self._run.view.value(page, rule.key)
                # Without a memory, and as if rules win: a person decides on each proposal anyway.
                case = Case(rule.target, current, result, base=None)
                if settle(self._run.rules.schema, case, "rule").decision is Decision.WRITE:
                    yield Proposal(
                        page=page,
                        property=rule.key,
                        value=current,
                        proposed=result.known_value,
                        rule=rule.name,
                        why=rule.spec.why,
                        because=result.causes,
                    )

    def notes(self) -> Iterator[Note]:
        """Yield why rules could not act."""
        yield from self._notes_on_unknown_options()
        yield from self._notes_on_unknown_results()
        locked = {settled.page.id for settled in self._run.with_decision(Decision.LOCKED)}
        if len(locked) == 1:
            yield Note("1 page is locked: rules left it alone.")
        elif locked:
            yield Note(f"{len(locked)} pages are locked: rules left them alone.")
        for database, key in self._run.not_converging:
            yield Note(
                f"The rules for {database}.{key} keep changing each other's values; "
                "none of them was written."
            )

    def _notes_on_unknown_options(self) -> Iterator[Note]:
        for settled in self._run.with_decision(Decision.UNKNOWN_OPTION):
            option = settled.case.current
            assert isinstance(option, UnknownOption)
            message = (
                f"{settled.target[1]} is {option.name!r}, an option that the template does not "
                "know: left alone."
            )
            yield Note(message, settled.page)

    def _notes_on_unknown_results(self) -> Iterator[Note]:
        for settled in self._run.with_decision(Decision.UNKNOWN):
            rules = ", ".join(rule.name for rule in settled.case.result.rules)
            message = (
                f"{settled.target[1]} was left as it is ({rules}): a related page could not be "
                "read, or holds an option that the template does not know."
            )
            yield Note(message, settled.page)

    def baseline(self) -> dict[NotionId, dict[str, BaseValue]]:
        """Return what to remember of the pages whose memory changes.

        Relations are not remembered: rules read them but never set them.
        """
        changed: dict[NotionId, dict[str, BaseValue]] = {}
        for database, keys in self._run.rules.needs.items():
            for page in self._run.pages(database):
                memory = {}
                for key in keys:
                    if not isinstance(page.values.get(key), RelatedPages):
                        memory[key] = self._memory(page, key)
                if memory != self._run.baseline.get(page.id):
                    changed[page.id] = memory
        return changed

    def _memory(self, page: SnapshotPage, key: str) -> BaseValue:
        """Return what to remember of one property."""
        before = self._run.view.before(page, key)
        value = self._run.view.value(page, key)
        by_page = self._run.derived.get((page.database, key), {})
        # A property without rules, or whose rules did not converge, keeps its memory.
        unchanged = before.derived if before else NOT_APPLICABLE
        derived = by_page.get(page.id, unchanged)
        # A starter value counts as no one's work until a rule or a person changes it.
        is_untouched_starter = (
            before is not None
            and before.starter
            and derived is NOT_APPLICABLE
            and same_value(before.value, value)
        )
        return BaseValue(value, derived, starter=is_untouched_starter)
