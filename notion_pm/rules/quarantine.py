"""Properties that rules leave alone for a while: those that flip, and those that an undo set back.

A property is held as long as the page holds the same value and the rules say the same: it is released when what they
say moves on, or when a person sets or empties it. Taking the rules' side (`--on-conflict rule`) releases everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from notion_pm.model.snapshot import NoResult, RuleValue, same_value
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.history import HistoryChange

UNDONE = "an undo set it back"
WITHIN = 3
"""Runs within which a value must have been turned back to count as flipping."""
LOOK_BACK = 2 * WITHIN
"""Runs that tell whether it was so twice."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is held already, and what must not be written a third time."""

    holds: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)
    flapping: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)

    def hold(
        self, spot: PropertyRef, current: RuleValue, derived: RuleValue | NoResult
    ) -> QuarantinedValue | None:
        """Return why a property must not be written, None where it may be."""
        either = (self.holds.get(spot), self.flapping.get(spot))
        return next((each for each in either if each and _applies(each, current, derived)), None)


def detect_flapping(runs: Sequence[Iterable[HistoryChange]]) -> dict[PropertyRef, QuarantinedValue]:
    """Return what must not be written a third time, from what the last runs noticed and wrote, the oldest first.

    The last two writes of a property set it to the same value, and nothing that rules wrote lies between: so somebody
    else turned it back. Each time that took three runs at most. Where it holds again what it held before the first, it
    flips, unless a person has given it another value since. What rules themselves lead to and fro, because what it
    follows goes to and fro, does not flip.
    """
    last: dict[PropertyRef, tuple[int, HistoryChange]] = {}
    found: dict[PropertyRef, QuarantinedValue] = {}
    for number, run in enumerate(runs):
        for each in run:
            spot = (each.page, each.property)
            if each.actor != "rule":
                if spot in found and not same_value(found[spot].value, each.after):
                    del found[spot]
                continue
            found.pop(spot, None)
            before, first = last.get(spot, (0, None))
            if (
                first
                and same_value(first.after, each.after)
                and max(number - before, len(runs) - number) <= WITHIN
            ):
                found[spot] = _flip(first, each)
            last[spot] = (number, each)
    return found


NOTHING = Quarantine()


def _applies(hold: QuarantinedValue, current: RuleValue, derived: RuleValue | NoResult) -> bool:
    return same_value(hold.value, current) and same_value(hold.derived, derived)


def _flip(first: HistoryChange, second: HistoryChange) -> QuarantinedValue:
    runs = (first.run, second.run)
    reason = f"it flips back: runs {' and '.join(runs)} wrote it as well, and it did not stay"
    return QuarantinedValue(first.before, first.after, reason, runs)
