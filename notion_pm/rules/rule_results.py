"""Evaluate one rule on one page, and combine the results of all rules for one property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.conditions.evaluate import Verdict, all_hold
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    UNKNOWN,
    NoResult,
    RuleValue,
    SnapshotPage,
    same_value,
)
from notion_pm.rules.aggregates import compute_value
from notion_pm.rules.ruleset import CompiledPart, CompiledRule
from notion_pm.rules.view import View

MAX_TITLES_IN_NOTE = 5
"""Pages that a note names; it only counts the others. Keeps the text short enough for a cell."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The value that rules want a property to have, or why there is none.

    `causes`: the pages that decided it, for explanations. `rules_disagree`: equal priority,
    different values.
    """

    value: RuleValue | NoResult
    rules: tuple[CompiledRule, ...] = ()
    causes: tuple[NotionId, ...] = ()
    rules_disagree: bool = False

    @property
    def known_value(self) -> RuleValue:
        """The value of a result that has one."""
        assert not isinstance(self.value, NoResult)
        return self.value

    @property
    def rule(self) -> CompiledRule:
        """The rule that is named for this result: the first one."""
        return self.rules[0]

    @property
    def priority(self) -> int:
        """The priority of the rules behind this result; only rules of one priority are joined."""
        return self.rule.spec.priority


def evaluate_rule(view: View, page: SnapshotPage, rule: CompiledRule) -> RuleResult:
    """Return the result of one rule for a page.

    NOT_APPLICABLE: its conditions do not hold. UNKNOWN: they cannot be judged, because a page that
    they depend on could not be read in full. An unknown is never treated as false: otherwise a
    count would fall to zero when sharing is lost.
    """
    holds, causes = _evaluate_conditions(view, page, rule)
    if holds is None:
        return RuleResult(UNKNOWN, (rule,))
    if not holds:
        return RuleResult(NOT_APPLICABLE, (rule,))

    value: RuleValue | NoResult
    if rule.value is not None:
        computed = compute_value(view, page, rule.value)
        value, causes = computed.value, computed.causes
    elif rule.spec.note is not None:
        value = _render_note(view, rule, rule.spec.note, causes)
    elif rule.spec.to == "today":
        value = view.today.isoformat()
    else:
        value = rule.spec.to
    return RuleResult(value, (rule,), causes)


def combine_results(view: View, page: SnapshotPage, rules: Sequence[CompiledRule]) -> RuleResult:
    """Return what all rules of one property want together.

    The cases, in order:

    1. No rule applies: nothing is wanted (notes are cleared).
    2. Only unknown results: unknown.
    3. The highest priority among the known results wins. But an unknown result of the same or a
       higher priority could still overrule it; then the property is unknown. Rules that only move
       forward cannot be overruled backwards, so they may act despite an unknown of their own kind.
    4. Of several winners, those that would leave the page as it is do not count.
    5. Several winners are left: see `_merge_equals`.
    """
    known: list[RuleResult] = []
    unknown: list[RuleResult] = []
    for rule in rules:
        result = evaluate_rule(view, page, rule)
        if result.value is UNKNOWN:
            unknown.append(result)
        elif result.value is not NOT_APPLICABLE:
            known.append(result)

    if not known:
        return unknown[0] if unknown else _no_result(rules)
    if len(known) == 1 and not unknown:  # the most frequent case
        return known[0]

    top_priority = max(result.priority for result in known)
    winners = [result for result in known if result.priority == top_priority]
    undecided = [result for result in unknown if result.priority >= top_priority]
    # Example: "all features shipped -> Shipped" cannot be judged while one feature is unreadable.
    # A rule of the same priority must not write until then, or the status would flip back as soon
    # as the page can be read again.
    if undecided and not _all_forward_only(winners + undecided):
        return undecided[0]

    # If all winners would leave the page alone, the decision in `settle` says why.
    acting = [result for result in winners if not _leaves_page_alone(view, page, result)]
    return _merge_equals(view, acting or winners)


def _leaves_page_alone(view: View, page: SnapshotPage, result: RuleResult) -> bool:
    """Whether a rule would not touch the option that the page holds.

    Either the option belongs to people (`keep`), or the rule only moves forward and would have to
    move back. Example: two forward-only rules want Planned and Shipped for a page that is In
    progress; Planned would be a step back, so only Shipped counts.
    """
    rule = result.rule
    current = view.value(page, rule.key)
    if current in rule.spec.keep:
        return True
    if not rule.spec.forward_only:
        return False
    return view.schema.is_step_back(rule.target, current, result.value)


def _no_result(rules: Sequence[CompiledRule]) -> RuleResult:
    """Return the result where no rule applies. A note that no longer holds is emptied."""
    all_notes = all(rule.is_note for rule in rules)
    return RuleResult("" if all_notes else NOT_APPLICABLE, tuple(rules))


def _merge_equals(view: View, results: Sequence[RuleResult]) -> RuleResult:
    """Combine results of one priority.

    Notes are joined to one text. Equal values agree. Rules that only move forward move as far as
    the farthest of them. All else is a disagreement, and nothing is written.
    """
    first = results[0]
    # Example: "Blocked by X." and "No customer asked for it." are both true of one feature.
    if all(result.rule.is_note for result in results):
        return _join(results, " ".join(str(result.value) for result in results))

    if all(same_value(result.value, first.value) for result in results):
        return _join(results, first.value)

    # Example: one rule wants Planned because a feature exists, another Closed because it shipped.
    if _all_forward_only(results):
        farthest = max(results, key=lambda result: _rank(view, result))
        agreeing = [result for result in results if same_value(result.value, farthest.value)]
        return _join(agreeing, farthest.value)

    all_rules = tuple(result.rule for result in results)
    return RuleResult(first.value, all_rules, rules_disagree=True)


def _rank(view: View, result: RuleResult) -> int:
    return view.schema.rank(*result.rule.target, result.value) or 0


def _join(results: Iterable[RuleResult], value: RuleValue | NoResult) -> RuleResult:
    """Return one result for several that agree, with the rules and causes of all."""
    rules: list[CompiledRule] = []
    causes: dict[NotionId, None] = {}  # a dict keeps the order and drops repetitions
    for result in results:
        rules.append(result.rule)
        causes.update(dict.fromkeys(result.causes))
    return RuleResult(value, tuple(rules), tuple(causes))


def _all_forward_only(results: Iterable[RuleResult]) -> bool:
    """Whether every result comes from a rule that only moves an option forward."""
    return all(result.rule.spec.forward_only for result in results)


def _evaluate_conditions(
    view: View, page: SnapshotPage, rule: CompiledRule
) -> tuple[Verdict, tuple[NotionId, ...]]:
    """Return whether a rule's `when` and `if` hold, and the related pages that decide it."""
    own_verdict = rule.when(view, page)
    if own_verdict is False or not rule.parts:
        return own_verdict, ()

    verdicts: list[Verdict] = [own_verdict]
    causes: dict[NotionId, None] = {}
    for part in rule.parts:
        verdict, pages = _evaluate_part(view, page, part)
        verdicts.append(verdict)
        causes.update(dict.fromkeys(pages))
    return all_hold(verdicts), tuple(causes)


def _evaluate_part(
    view: View, page: SnapshotPage, part: CompiledPart
) -> tuple[Verdict, tuple[NotionId, ...]]:
    """Return whether one part of an `if` holds, and the related pages that decide it."""
    # All three values of a verdict matter: True, False, and None for "cannot be judged".
    reached = view.reach(page, part.path)
    satisfying: list[NotionId] = []
    failing: list[NotionId] = []
    is_complete = reached.complete
    for related in reached.pages:
        is_counted = part.of(view, related)
        if is_counted is False:
            continue
        is_later = _is_after(view, page, related, part.after)
        verdict = all_hold((part.where(view, related), is_later))
        if is_counted is None or verdict is None:
            is_complete = False
        elif verdict:
            satisfying.append(related.id)
        else:
            failing.append(related.id)

    # `any`: one page is enough, whatever the unreadable ones hold. Without one it is false only if
    # every page was read.
    if part.quantifier == "any":
        if satisfying:
            return True, tuple(satisfying)
        return (False if is_complete else None), ()

    # `all` and `none`: one page on the other side makes them false. They need at least one page
    # that counts: "all its insights are closed" is not true of a feature without insights.
    if part.quantifier == "all":
        supporting, opposing = satisfying, failing
    else:
        supporting, opposing = failing, satisfying
    if opposing:
        return False, ()
    if not is_complete:
        return None, tuple(supporting)
    return bool(supporting), tuple(supporting)


def _is_after(
    view: View, page: SnapshotPage, related: SnapshotPage, after: Mapping[str, str]
) -> bool:
    """Whether dates of a related page are later than those of the page itself, day by day.

    Example: a complaint of 2 March about a feature that shipped on 1 March is not answered by that
    feature. A page without a date counts as the earlier one. A related page without a date proves
    nothing, so it does not count.
    """
    for related_key, own_key in after.items():
        earliest = view.value(page, own_key)
        if not isinstance(earliest, str) or not earliest:
            continue
        day = view.value(related, related_key)
        if not isinstance(day, str) or day[:10] <= earliest[:10]:
            return False
    return True


def _render_note(view: View, rule: CompiledRule, note: str, causes: Sequence[NotionId]) -> str:
    """Return the text of a note, with the titles of the pages that cause it."""
    if "{pages}" not in note:
        return note
    databases = dict.fromkeys(path.end for path in rule.paths.values())
    titles = []
    for page_id in causes:
        for database in databases:
            page = view.snapshot.page(database, page_id)
            if page is not None:
                titles.append(page.title)
    titles.sort()
    listed = ", ".join(titles[:MAX_TITLES_IN_NOTE])
    if len(titles) > MAX_TITLES_IN_NOTE:
        listed += f" and {len(titles) - MAX_TITLES_IN_NOTE} more"
    return note.replace("{pages}", listed)
