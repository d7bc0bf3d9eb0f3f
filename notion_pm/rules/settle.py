"""The three-way decision on one property of one page.

It compares the present value, the value that rules want, and the value after the last sync
(the baseline). The cases, in order; each is a branch below:

- No rule applies, the result is unknown, or rules disagree: nothing is written.
- The present value is what the rules want: nothing to do, and never a conflict.
- The page is locked, holds an option that people added, or one that belongs to people (`keep`):
  left alone.
- A page that is done or dropped is not moved back; a rule that only moves forward never moves back.
- The property is empty: written. A person who empties a property hands it back to the rule.
- Unchanged since the last sync: written.
- A person changed it: a conflict, settled by the rule's policy. But a rule that only moves forward
  resumes as soon as it wants something farther than at the last sync.
- Nothing is remembered: differing values are a conflict as well, except for rules that only move
  forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    UNKNOWN,
    BaseValue,
    NoResult,
    RuleValue,
    UnknownOption,
    is_empty,
    same_value,
)
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.rule_results import RuleResult
from notion_pm.rules.ruleset import Target


class Decision(Enum):
    """What happens to a property. The values are part of the JSON output of `why`."""

    LEAVE = "leave"
    WRITE = "write"
    CONFLICT = "conflict"
    LOCKED = "locked"
    UNKNOWN_OPTION = "foreign"  # the page holds an option that people added
    UNKNOWN = "unknown"  # something the rules need could not be read


NO_MEMORY = "the values differ, and no earlier sync is remembered that would show who changed it"
CHANGED_BY_HAND = "a person set it, and the rule still wants the same as before"
BOTH_CHANGED = "a person changed it, and the rule wants something else than before"
RULES_DISAGREE = "rules of the same priority disagree"


@dataclass(frozen=True, slots=True)
class Case:
    """One property of one page, with everything that the decision depends on.

    `edited`: when the page was last edited. `causes_edited`: when the latest of the pages that the
    rule looked at was.
    """

    target: Target
    current: RuleValue
    result: RuleResult
    base: BaseValue | None
    is_locked: bool = False
    edited: datetime | None = None
    causes_edited: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision, what to remember as the rules' value, and with a conflict its reason."""

    decision: Decision
    remember: RuleValue | NoResult
    reason: str = ""


def settle(schema: TemplateSchema, case: Case, policy: OnConflict | None = None) -> Outcome:
    """Decide on one property. `policy` overrides the rule's own."""
    result = case.result
    # Where nothing can be decided, the memory stays as it is: the next sync then still sees whether
    # a person or a rule made the last change.
    remembered = case.base.derived if case.base else NOT_APPLICABLE
    # A related page was not readable. Example: of three features one is not shared. The rules might
    # want something else if they saw it.
    if result.value is UNKNOWN:
        return Outcome(Decision.UNKNOWN, remembered)
    # A person may have set what the rules want before them: remember it as theirs, so that they may
    # change it again later.
    if isinstance(result.value, NoResult) or same_value(case.current, result.value):
        return Outcome(Decision.LEAVE, result.value)
    if result.rules_disagree:
        return Outcome(Decision.CONFLICT, remembered, RULES_DISAGREE)
    if case.is_locked:
        return Outcome(Decision.LOCKED, remembered)
    # Example: a person added the option "Waiting for legal". Its place in the order is not known.
    if isinstance(case.current, UnknownOption):
        return Outcome(Decision.UNKNOWN_OPTION, result.value)
    if _must_stay(schema, case) or _is_note_by_person(case):
        return Outcome(Decision.LEAVE, result.value)

    objection = _objection(schema, case)
    if not objection:
        return Outcome(Decision.WRITE, result.value)
    if _rule_wins(case, policy or result.rule.spec.on_conflict):
        return Outcome(Decision.WRITE, result.value, objection)
    return Outcome(Decision.CONFLICT, result.value, objection)


def _must_stay(schema: TemplateSchema, case: Case) -> bool:
    """Whether the present option belongs to people, or the rule would move the page backwards."""
    if any(case.current in rule.spec.keep for rule in case.result.rules):
        return True
    # Example: a feature is Shipped, and a rule that only moves forward wants In progress.
    is_step_back = schema.is_step_back(case.target, case.current, case.result.value)
    if is_step_back and any(rule.spec.forward_only for rule in case.result.rules):
        return True

    if not schema.is_terminal(*case.target, case.current):
        return False
    # A page that is done or dropped does not come back to life, and does not change from done to
    # dropped. It may still move forward within its category: from shipped to announced.
    current = schema.option(*case.target, case.current)
    wanted = schema.option(*case.target, case.result.value)
    if current is None or wanted is None:
        return True
    return is_step_back or current.meaning != wanted.meaning


def _is_note_by_person(case: Case) -> bool:
    """Whether no note holds any more, and the text there was not written by rules."""
    is_withdrawn = case.result.value == "" and all(rule.is_note for rule in case.result.rules)
    if not is_withdrawn:
        return False
    base = case.base
    # Nothing shows that rules wrote the text: clearing it could delete a person's.
    if base is None:
        return True
    is_ours = same_value(case.current, base.value) and same_value(base.value, base.derived)
    return not is_ours


def _objection(schema: TemplateSchema, case: Case) -> str:
    """Return why a person may object to the rules' value; an empty text when there is no reason."""
    # To empty a property is how a person hands it back to the rules.
    if is_empty(case.current):
        return ""
    is_forward_only = all(rule.spec.forward_only for rule in case.result.rules)
    # The first sync, or its memory was lost. A step forward is safe without it; another value may
    # replace what a person chose.
    if case.base is None:
        return "" if is_forward_only else NO_MEMORY
    if not _is_persons_value(case.current, case.base):
        return ""
    # Example: a person set Planned back to Idea, and the rule respected it. Now the feature is
    # being built, so the rule wants In progress: that is new, and the rule goes on.
    if is_forward_only and _has_advanced(schema, case, case.base):
        return ""
    if same_value(case.result.value, case.base.derived):
        return CHANGED_BY_HAND
    return BOTH_CHANGED


def _is_persons_value(current: RuleValue, base: BaseValue) -> bool:
    """Whether a person changed the value since the last sync, or before it and was respected then.

    Example of the latter: rules wanted Planned at the last sync, a person had set On hold, and it
    stayed. The value is unchanged since, and still the person's.
    """
    was_respected = base.derived is not NOT_APPLICABLE and not same_value(base.value, base.derived)
    return was_respected or not same_value(current, base.value)


def _has_advanced(schema: TemplateSchema, case: Case, base: BaseValue) -> bool:
    """Whether the rules want an option farther along the list than at the last sync."""
    rank_before = schema.rank(*case.target, base.derived)
    rank_now = schema.rank(*case.target, case.result.value)
    if rank_before is None:
        return True
    return rank_now is not None and rank_now > rank_before


def _rule_wins(case: Case, policy: OnConflict) -> bool:
    """Settle a conflict. With `newest` the rule wins if its pages were edited after this page."""
    if policy == "newest":
        # Without both times nothing shows that the rule's value is newer: the person's stays.
        if case.causes_edited is None or case.edited is None:
            return False
        return case.causes_edited > case.edited
    return policy == "rule"
