"""What a run of rules comes to: changes, conflicts, proposals, notes, and what to remember."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    BaseValue,
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
    same_value,
)
from notion_pm.rules.evaluation import Change, Conflict, Note, PageUpdate, Proposal
from notion_pm.rules.fixpoint import RuleRun, SettledProperty
from notion_pm.rules.rule_results import evaluate_rule
from notion_pm.rules.settle import Case, Decision, settle


class EvaluationBuilder:
    """Tells about a run that has come to rest."""

    def __init__(self, run: RuleRun) -> None:
        self._run = run

    def updates(self) -> Iterator[PageUpdate]:
        """Yield the pages that change with what changes on them, by database and title."""
        changes: dict[NotionId, list[Change]] = {}
        for (_, key), those in self._run.written.items():
            for page_id, written in those.items():
                before, after = (
                    written.page.values.get(key),
                    self._run.view.value(written.page, key),
                )
                if not same_value(before, after):
                    changes.setdefault(page_id, []).append(self._change(written, before, after))
        for pages in self._run.snapshot.databases.values():
            changed = [page for page in pages.values() if page.id in changes]
            for page in sorted(changed, key=lambda each: (each.title.casefold(), each.id)):
                yield PageUpdate(page, tuple(changes[page.id]))

    def _change(self, written: SettledProperty, before: RuleValue, after: RuleValue) -> Change:
        derived = written.case.derived
        base = self._run.view.before(written.page, written.target[1])
        starter = base is not None and base.starter and same_value(base.value, before)
        names = tuple(each.name for each in derived.rules)
        return Change(
            written.target[1], before, after, names, derived.rule.rule.why, derived.because, starter
        )

    def conflicts(self) -> Iterator[Conflict]:
        """Return what people have set and rules would overwrite."""
        return map(self._conflict, self._run.decided(Decision.CONFLICT))

    def _conflict(self, settled: SettledProperty) -> Conflict:
        derived, base = settled.case.derived, self._run.view.before(settled.page, settled.target[1])
        spot = (settled.page.id, settled.target[1])
        if spot in self._run.held:
            hold = self._run.quarantine.holds.get(spot)
            known = hold is not None and hold.told
        else:
            known = (
                base is not None
                and same_value(base.value, settled.case.current)
                and same_value(base.derived, derived.value)
            )
        return Conflict(
            page=settled.page,
            property=settled.target[1],
            value=settled.case.current,
            derived=derived.plain,
            rules=tuple(each.name for each in derived.rules),
            why=derived.rule.rule.why,
            reason=settled.outcome.reason,
            new=not known,
            because=derived.because,
        )

    def proposals(self) -> Iterator[Proposal]:
        """Yield what rules suggest: judged like a write, so that nobody is asked to go backwards."""
        for ready in self._run.rules.proposing:
            for page in self._run.pages(ready.database):
                derived = evaluate_rule(self._run.view, page, ready)
                current = self._run.view.value(page, ready.key)
                case = Case(ready.target, current, derived, base=None)
                outcome = settle(self._run.rules.schema, case, "rule")
                if outcome.decision is Decision.WRITE:
                    why = ready.rule.why
                    yield Proposal(
                        page, ready.key, current, derived.plain, ready.name, why, derived.because
                    )

    def notes(self) -> Iterator[Note]:
        """Yield why rules could not act."""
        yield from self._foreign_notes()
        yield from self._unknown_notes()
        locked = {each.page.id for each in self._run.decided(Decision.LOCKED)}
        if locked:
            are, them = ("page is", "it") if len(locked) == 1 else ("pages are", "them")
            yield Note(f"{len(locked)} {are} locked: rules left {them} alone.")
        for database, key in self._run.not_converging:
            yield Note(
                f"The rules for {database}.{key} do not come to rest; nothing of it was written."
            )

    def _foreign_notes(self) -> Iterator[Note]:
        for settled in self._run.decided(Decision.FOREIGN):
            if isinstance(settled.case.current, UnknownOption):
                key, option = settled.target[1], settled.case.current.name
                message = (
                    f"{key} is {option!r}, an option that the template does not know: left alone."
                )
                yield Note(message, settled.page)

    def _unknown_notes(self) -> Iterator[Note]:
        for settled in self._run.decided(Decision.UNKNOWN):
            rules = ", ".join(each.name for each in settled.case.derived.rules)
            message = (
                f"{settled.target[1]} was left as it is ({rules}): a related page could not be read, "
                "or holds an option that the template does not know."
            )
            yield Note(message, settled.page)

    def baseline(self) -> dict[NotionId, dict[str, BaseValue]]:
        """Return what to remember of the pages whose memory changes."""
        changed: dict[NotionId, dict[str, BaseValue]] = {}
        for database, keys in self._run.rules.needs.items():
            for page in self._run.pages(database):
                memory = {
                    key: self._memory(page, key)
                    for key in keys
                    if not isinstance(page.values.get(key), RelatedPages)
                }
                if memory != self._run.baseline.get(page.id):
                    changed[page.id] = memory
        return changed

    def _memory(self, page: SnapshotPage, key: str) -> BaseValue:
        before = self._run.view.before(page, key)
        untouched = before.derived if before else NOT_APPLICABLE
        derived = self._run.derived.get((page.database, key), {}).get(page.id, untouched)
        value = self._run.view.value(page, key)
        starter = (
            before is not None
            and before.starter
            and derived is NOT_APPLICABLE
            and same_value(before.value, value)
        )
        return BaseValue(value, derived, starter=starter)
