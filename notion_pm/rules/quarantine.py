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


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is held already, and what must not be written a third time."""

    holds: Mapping[Spot, Hold] = field(default_factory=dict)
    flips: Mapping[Spot, Hold] = field(default_factory=dict)

    def hold(self, spot: Spot, current: Plain, derived: Plain | Opinion) -> Hold | None:
        """Return why a property must not be written, None where it may be."""
        either = (self.holds.get(spot), self.flips.get(spot))
        return next((each for each in either if each and _applies(each, current, derived)), None)


def flips(writes: Sequence[Iterable[HistoryChange]]) -> dict[Spot, Hold]:
    """Return what must not be written a third time, from what rules wrote in the last two runs, the older first.

    Both wrote the property. Where it holds again what it held before the first, and would get the same value as then,
    it flips: something turns it back each time.
    """
    if len(writes) < 2:
        return {}
    first, second = ({(each.page, each.property): each for each in run} for run in writes)
    return {spot: _flip(change, second[spot]) for spot, change in first.items() if spot in second}


NOTHING = Quarantine()


def _applies(hold: Hold, current: Plain, derived: Plain | Opinion) -> bool:
    return same(hold.value, current) and same(hold.derived, derived)


def _flip(first: HistoryChange, second: HistoryChange) -> Hold:
    runs = (first.run, second.run)
    reason = f"it flips back: runs {' and '.join(runs)} wrote it as well, and it did not stay"
    return Hold(first.before, first.after, reason, runs)
