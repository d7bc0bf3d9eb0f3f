"""What one rule says about one page, and what several rules say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.conditions.evaluate import Verdict, every
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    UNKNOWN,
    NoResult,
    RuleValue,
    SnapshotPage,
    same_value,
)
from notion_pm.rules.aggregates import compute
from notion_pm.rules.ruleset import CompiledPart, CompiledRule
from notion_pm.rules.view import View

_TITLES = 5
"""How many pages a note names; of the others it says how many they are."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What rules say: a value, or that they are silent or do not know; and why."""

    value: RuleValue | NoResult
    rules: tuple[CompiledRule, ...] = ()
    because: tuple[NotionId, ...] = ()
    rules_disagree: bool = False

    @property
    def plain(self) -> RuleValue:
        """The value of rules that speak."""
        assert not isinstance(self.value, NoResult)
        return self.value

    @property
    def rule(self) -> CompiledRule:
        """The rule that is named for it."""
        return self.rules[0]


def evaluate_rule(view: View, page: SnapshotPage, ready: CompiledRule) -> RuleResult:
    """Return what a rule says about a page."""
    holds, because = _holds(view, page, ready)
    if not holds:
        return RuleResult(UNKNOWN if holds is None else NOT_APPLICABLE, (ready,))
    rule = ready.rule
    if ready.value is not None:
        result = compute(view, page, ready.value)
        return RuleResult(result.value, (ready,), result.because)
    if rule.note is not None:
        return RuleResult(_note(view, ready, rule.note, because), (ready,), because)
    return RuleResult(view.today.isoformat() if rule.to == "today" else rule.to, (ready,), because)


def combine_results(view: View, page: SnapshotPage, rules: Sequence[CompiledRule]) -> RuleResult:
    """Return what the rules of one property say together.

    The highest priority wins. Among equals, a rule that leaves the page's present option alone is not heard; rules that
    only move forward go as far as any of them; notes stand side by side; otherwise rules that differ disagree, and
    nothing is written. An unknown result never wins, but it blocks rules of equal priority unless all of them are
    forward-only.
    """
    opinions = [
        opinion
        for ready in rules
        if (opinion := evaluate_rule(view, page, ready)).value is not NOT_APPLICABLE
    ]
    unknown = [each for each in opinions if each.value is UNKNOWN]
    speaking = [each for each in opinions if each.value is not UNKNOWN] if unknown else opinions
    if not speaking:
        return unknown[0] if unknown else _silence(rules)
    if len(opinions) == 1:
        return opinions[0]
    top = max(each.rule.rule.priority for each in speaking)
    heard = [each for each in speaking if each.rule.rule.priority == top]
    blocking = [each for each in unknown if each.rule.rule.priority >= top]
    if blocking and not _all_forward([*heard, *blocking]):
        return blocking[0]
    acting = [each for each in heard if not _leaves_alone(view, page, each)]
    return _merged(view, acting or heard)


def _leaves_alone(view: View, page: SnapshotPage, derived: RuleResult) -> bool:
    """Whether a rule would not touch the option that the page holds: it keeps it, or it would have to go back."""
    ready = derived.rule
    current = view.value(page, ready.key)
    if current in ready.rule.keep:
        return True
    now, then = (
        view.schema.rank(*ready.target, current),
        view.schema.rank(*ready.target, derived.value),
    )
    return ready.rule.forward_only and now is not None and then is not None and then < now


def _silence(rules: Sequence[CompiledRule]) -> RuleResult:
    """Silent rules; notes that no longer hold leave an empty text behind."""
    notes = all(each.rule.note is not None for each in rules)
    return RuleResult("" if notes else NOT_APPLICABLE, tuple(rules))


def _merged(view: View, heard: Sequence[RuleResult]) -> RuleResult:
    first = heard[0]
    if all(each.rule.rule.note is not None for each in heard):
        return _joined(heard, " ".join(str(each.value) for each in heard))
    if all(same_value(each.value, first.value) for each in heard):
        return _joined(heard, first.value)
    if _all_forward(heard):
        database, key = first.rule.target
        rank = view.schema.rank
        farthest = max(heard, key=lambda each: rank(database, key, each.value) or 0)
        return _joined(
            [each for each in heard if same_value(each.value, farthest.value)], farthest.value
        )
    return RuleResult(first.value, tuple(each.rule for each in heard), rules_disagree=True)


def _joined(opinions: Iterable[RuleResult], value: RuleValue | NoResult) -> RuleResult:
    listed = list(opinions)
    because = dict.fromkeys(page for each in listed for page in each.because)
    return RuleResult(value, tuple(each.rule for each in listed), tuple(because))


def _all_forward(opinions: Iterable[RuleResult]) -> bool:
    return all(each.rule.rule.forward_only for each in opinions)


def _holds(
    view: View, page: SnapshotPage, ready: CompiledRule
) -> tuple[Verdict, tuple[NotionId, ...]]:
    """Whether a rule's `when` and `if` hold, and the related pages that decide it."""
    own = ready.when(view, page)
    if own is False or not ready.parts:
        return own, ()
    if len(ready.parts) == 1:
        verdict, pages = _part_holds(view, page, ready.parts[0])
        return (verdict if own or verdict is False else None), pages
    judged = [_part_holds(view, page, part) for part in ready.parts]
    because = dict.fromkeys(each for _, pages in judged for each in pages)
    return every((own, *(verdict for verdict, _ in judged))), tuple(because)


def _part_holds(
    view: View, page: SnapshotPage, part: CompiledPart
) -> tuple[Verdict, tuple[NotionId, ...]]:
    found = view.reach(page, part.path)
    yes: list[NotionId] = []
    no: list[NotionId] = []
    unsure = not found.complete
    for each in found.pages:
        looked_at = part.of(view, each)
        verdict = looked_at and every(
            (part.where(view, each), _is_after(view, page, each, part.after))
        )
        if looked_at is None or verdict is None:
            unsure = True
        elif looked_at:
            (yes if verdict else no).append(each.id)
    return _quantified(part.quantifier, yes, no, unsure=unsure)


def _is_after(
    view: View, page: SnapshotPage, related: SnapshotPage, after: Mapping[str, str]
) -> bool:
    """Whether dates of a related page lie after those of the page itself, day by day.

    Example: a complaint of 2 March about a feature that shipped on 1 March is not answered by that feature. A page
    without a date is taken for the earlier one. A related page without a date proves nothing, so it does not count.
    """
    for theirs, own in after.items():
        day, earliest = view.value(related, theirs), view.value(page, own)
        if not isinstance(earliest, str) or not earliest:
            continue
        if not isinstance(day, str) or day[:10] <= earliest[:10]:
            return False
    return True


def _quantified(
    quantifier: str, yes: Sequence[NotionId], no: Sequence[NotionId], *, unsure: bool
) -> tuple[Verdict, tuple[NotionId, ...]]:
    """Judge what was found: one page can settle it, otherwise what is not known leaves it unknown."""
    if quantifier == "any":
        return (True if yes else None if unsure else False), tuple(yes)
    supporting, against = (yes, no) if quantifier == "all" else (no, yes)
    if against:
        return False, ()
    return (None if unsure else bool(supporting)), tuple(supporting)


def _note(view: View, ready: CompiledRule, note: str, because: Sequence[NotionId]) -> str:
    """The text of a note, with the titles of the pages that cause it."""
    if "{pages}" not in note:
        return note
    ends = dict.fromkeys(path.end for path in ready.paths.values())
    pages = (view.snapshot.page(end, id) for id in because for end in ends)
    titles = sorted(page.title for page in pages if page)
    more = f" and {len(titles) - _TITLES} more" if len(titles) > _TITLES else ""
    return note.replace("{pages}", ", ".join(titles[:_TITLES]) + more)
