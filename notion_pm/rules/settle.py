"""The three-way decision: what is there, what rules say, and what was there after the last sync (domain.md 3).

The cases, in order; each is a branch below.

- Rules are silent, do not know, or disagree: nothing is written.
- What is there equals what rules say: nothing to do, never a conflict.
- The page is locked, holds an option that people added, or one that belongs to people (`keep`): left alone.
- A page that reached its end (done, dropped) is not led back; a rule that only moves forward does not move back.
- The property is empty: written, for a person who empties it hands it back to the rule.
- Nobody touched it since the last sync: written.
- A person changed it. A rule that only moves forward resumes when what it says has advanced past the person's value;
  otherwise it is a conflict, settled by the rule's policy.
- Nothing is remembered: a rule that only moves forward does so; otherwise differing values are a conflict as well.
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
    """What becomes of a property."""

    LEAVE = "leave"
    WRITE = "write"
    CONFLICT = "conflict"
    LOCKED = "locked"
    FOREIGN = "foreign"  # it holds an option that people added
    UNKNOWN = "unknown"  # what rules need could not be read


NO_MEMORY = "the values differ and no earlier sync is remembered that would tell who changed it"
CHANGED_BY_HAND = "a person set it, and what the rule says has not changed since"
BOTH_CHANGED = "a person changed it, and so did what the rule says"
RULES_DISAGREE = "rules of the same priority disagree"


@dataclass(frozen=True, slots=True)
class Case:
    """One property of one page, with everything that decides about it.

    `edited` and `caused` are when the page and the pages that the rule looked at were last edited.
    """

    target: Target
    current: RuleValue
    derived: RuleResult
    base: BaseValue | None
    locked: bool = False
    edited: datetime | None = None
    caused: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision, its reason where it is a conflict, and what to remember as derived."""

    decision: Decision
    remember: RuleValue | NoResult
    reason: str = ""


def settle(schema: TemplateSchema, case: Case, policy: OnConflict | None = None) -> Outcome:
    """Decide about one property. `policy` overrides that of the rule."""
    derived = case.derived
    remembered = case.base.derived if case.base else NOT_APPLICABLE
    if derived.value is UNKNOWN:
        return Outcome(Decision.UNKNOWN, remembered)
    if isinstance(derived.value, NoResult) or same_value(case.current, derived.value):
        return Outcome(Decision.LEAVE, derived.value)
    if derived.rules_disagree:
        return Outcome(Decision.CONFLICT, remembered, RULES_DISAGREE)
    if case.locked:
        return Outcome(Decision.LOCKED, remembered)
    if isinstance(case.current, UnknownOption):
        return Outcome(Decision.FOREIGN, derived.value)
    if _must_stay(schema, case) or _is_withdrawn_note(case):
        return Outcome(Decision.LEAVE, derived.value)
    if reason := _objection(schema, case):
        wins = _rule_wins(case, policy or derived.rule.rule.on_conflict)
        return Outcome(Decision.WRITE if wins else Decision.CONFLICT, derived.value, reason)
    return Outcome(Decision.WRITE, derived.value)


def _must_stay(schema: TemplateSchema, case: Case) -> bool:
    """Whether the property belongs to people, or the rule would lead it backwards."""
    if any(case.current in ready.rule.keep for ready in case.derived.rules):
        return True
    now, then = (
        schema.rank(*case.target, case.current),
        schema.rank(*case.target, case.derived.value),
    )
    backwards = now is not None and then is not None and then < now
    if backwards and any(ready.rule.forward_only for ready in case.derived.rules):
        return True
    return _leaves_the_end(schema, case, backwards=backwards)


def _leaves_the_end(schema: TemplateSchema, case: Case, *, backwards: bool) -> bool:
    """Whether a page that is done or dropped would come back to life, or to an earlier step of the end."""
    if not schema.is_terminal(*case.target, case.current):
        return False
    now = schema.option(*case.target, case.current)
    then = schema.option(*case.target, case.derived.value)
    return backwards or now is None or then is None or now.meaning != then.meaning


def _is_withdrawn_note(case: Case) -> bool:
    """Whether no note holds any more and the text there is not one that rules wrote."""
    flags = all(ready.rule.note is not None for ready in case.derived.rules)
    ours = (
        case.base is not None
        and same_value(case.current, case.base.value)
        and same_value(case.base.value, case.base.derived)
    )
    return flags and case.derived.value == "" and not ours


def _objection(schema: TemplateSchema, case: Case) -> str:
    """Why a person may object to the rule's value; empty when nobody does."""
    if is_empty(case.current):
        return ""
    forward = all(ready.rule.forward_only for ready in case.derived.rules)
    if case.base is None:
        return "" if forward else NO_MEMORY
    if not _belongs_to_a_person(case.current, case.base):
        return ""
    if forward and _has_advanced(schema, case, case.base):
        return ""
    return CHANGED_BY_HAND if same_value(case.derived.value, case.base.derived) else BOTH_CHANGED


def _belongs_to_a_person(current: RuleValue, base: BaseValue) -> bool:
    """Whether a person changed the value since the last sync, or had done so before and was respected then."""
    overruled = base.derived is not NOT_APPLICABLE and not same_value(base.value, base.derived)
    return overruled or not same_value(current, base.value)


def _has_advanced(schema: TemplateSchema, case: Case, base: BaseValue) -> bool:
    """Whether the rule says something farther along than at the last sync."""
    then = schema.rank(*case.target, base.derived)
    now = schema.rank(*case.target, case.derived.value)
    return then is None or (now is not None and now > then)


def _rule_wins(case: Case, policy: OnConflict) -> bool:
    """Settle a conflict. With `newest` the rule wins when what it looked at was edited after the page."""
    if policy == "newest":
        return case.caused is not None and case.edited is not None and case.caused > case.edited
    return policy == "rule"
