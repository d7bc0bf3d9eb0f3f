"""Properties that rules leave alone for a while: those that flip, and those that an undo set back.

A property is held as long as the page holds the same value and the rules say the same: it is released when what they
say moves on, or when a person sets or empties it. Taking the rules' side (`--on-conflict rule`) releases everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from notion_pm.rules.evaluation import Hold, Spot
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.values import Opinion, Plain, same

UNDONE = "an undo set it back"
WITHIN = 3
"""Runs within which a value must have been turned back to count as flipping."""
LOOK_BACK = 2 * WITHIN
"""Runs that tell whether it was so twice."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is held already, and what must not be written a third time."""

    holds: Mapping[Spot, Hold] = field(default_factory=dict)
    flips: Mapping[Spot, Hold] = field(default_factory=dict)

    def hold(self, spot: Spot, current: Plain, derived: Plain | Opinion) -> Hold | None:
        """Return why a property must not be written, None where it may be."""
        either = (self.holds.get(spot), self.flips.get(spot))
        return next((each for each in either if each and _applies(each, current, derived)), None)


def flips(runs: Sequence[Iterable[HistoryChange]]) -> dict[Spot, Hold]:
    """Return what must not be written a third time, from what the last runs noticed and wrote, the oldest first.

    The last two writes of a property set it to the same value, and nothing that rules wrote lies between: so somebody
    else turned it back. Each time that took three runs at most. Where it holds again what it held before the first, it
    flips, unless a person has given it another value since. What rules themselves lead to and fro, because what it
    follows goes to and fro, does not flip.
    """
    last: dict[Spot, tuple[int, HistoryChange]] = {}
    found: dict[Spot, Hold] = {}
    for number, run in enumerate(runs):
        for each in run:
            spot = (each.page, each.property)
            if each.actor != "rule":
                if spot in found and not same(found[spot].value, each.after):
                    del found[spot]
                continue
            found.pop(spot, None)
            before, first = last.get(spot, (0, None))
            if (
                first
                and same(first.after, each.after)
                and max(number - before, len(runs) - number) <= WITHIN
            ):
                found[spot] = _flip(first, each)
            last[spot] = (number, each)
    return found


NOTHING = Quarantine()


def _applies(hold: Hold, current: Plain, derived: Plain | Opinion) -> bool:
    return same(hold.value, current) and same(hold.derived, derived)


def _flip(first: HistoryChange, second: HistoryChange) -> Hold:
    runs = (first.run, second.run)
    reason = f"it flips back: runs {' and '.join(runs)} wrote it as well, and it did not stay"
    return Hold(first.before, first.after, reason, runs)
