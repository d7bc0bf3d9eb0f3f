"""Properties that rules leave alone for a while: those that flip, and those that an undo set back.

A property is held as long as the page holds the same value and the rules say the same: it is released when what they
say moves on, or when a person sets or empties it. Taking the rules' side (`--on-conflict rule`) releases everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from notion_pm.model.ids import NotionId
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.values import Opinion, Plain, same

UNDONE = "an undo set it back"

Spot = tuple[NotionId, str]
"""A property of a page."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What the page holds, what rules say and do not write, why, and the runs that led to it."""

    value: Plain
    derived: Plain
    reason: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is held, and what would flip: the value that the run before the last wrote, where the last wrote another."""

    holds: Mapping[Spot, Hold] = field(default_factory=dict)
    flips: Mapping[Spot, tuple[Plain, tuple[str, ...]]] = field(default_factory=dict)

    def hold(self, spot: Spot, current: Plain, derived: Plain | Opinion) -> Hold | None:
        """Return why a property must not be written, None where it may be."""
        if isinstance(derived, Opinion):
            return None
        held = self.holds.get(spot)
        if held and same(held.value, current) and same(held.derived, derived):
            return held
        value, runs = self.flips.get(spot, (None, ()))
        if runs and same(value, derived) and not same(current, derived):
            return Hold(current, derived, _flip(runs), runs)
        return None


def flips(writes: Sequence[Iterable[HistoryChange]]) -> dict[Spot, tuple[Plain, tuple[str, ...]]]:
    """Return what must not be written a third time, from what rules wrote in the last two runs, the older first.

    A property that both wrote, and that would get the value of the first again, flips: something turns it back.
    """
    if len(writes) < 2:
        return {}
    first, second = ({(each.page, each.property): each for each in run} for run in writes)
    return {spot: (change.after, (change.run, second[spot].run)) for spot, change in first.items() if spot in second}


def _flip(runs: Sequence[str]) -> str:
    return f"it flips back: runs {' and '.join(runs)} wrote it as well, and it did not stay"
