"""Properties that rules leave alone for a while, because they flap or an undo set them back.

A property stays in quarantine as long as the page holds the same value and the rules want the same.
It is released when the rules want something else, or when a person sets or empties it. The policy
that rules win (`--on-conflict rule`) releases everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from notion_pm.model.snapshot import NoResult, RuleValue, same_value
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.history import HistoryChange

UNDONE = "an undo set it back"

FLAPPING_RUNS = 3
"""Runs within which a value must have been turned back to count as flapping.

A person's correction a week later is no fight between a rule and another automation.
"""

LOOK_BACK = 2 * FLAPPING_RUNS
"""Runs that show whether a value was turned back twice."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The values in quarantine already, and the flapping ones that this run must not write."""

    values: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)
    flapping: Mapping[PropertyRef, QuarantinedValue] = field(default_factory=dict)

    def find(
        self, ref: PropertyRef, current: RuleValue, wanted: RuleValue | NoResult
    ) -> QuarantinedValue | None:
        """Return why rules must not write a property, None if they may."""
        for values in (self.values, self.flapping):
            value = values.get(ref)
            if value is None:
                continue
            if same_value(value.value, current) and same_value(value.derived, wanted):
                return value
        return None


EMPTY_QUARANTINE = Quarantine()


def detect_flapping(
    runs: Sequence[Iterable[HistoryChange]],
) -> dict[PropertyRef, QuarantinedValue]:
    """Return the properties that rules must not write a third time.

    `runs`: what the last runs noticed and wrote, the oldest first.

    A property flaps if the last two writes of rules set it to the same value, each was turned back
    within 3 runs, and rules wrote nothing in between: so another tool or automation fights the
    rule. It does not flap if a person has set a third value since, or if the rules themselves
    change their mind because the pages they look at change to and fro.
    """
    last_writes: dict[PropertyRef, tuple[int, HistoryChange]] = {}
    flapping: dict[PropertyRef, QuarantinedValue] = {}
    for number, run in enumerate(runs):
        for change in run:
            ref = (change.page, change.property)
            if change.actor != "rule":
                # The value that the property held before the first write keeps it flapping.
                if ref in flapping and not same_value(flapping[ref].value, change.after):
                    del flapping[ref]
                continue

            # Example: run 1 writes Shipped, an automation of the client sets In progress, run 2
            # writes Shipped, and the automation sets it back. Run 3 would go on forever.
            flapping.pop(ref, None)
            if ref in last_writes:
                first_number, first = last_writes[ref]
                runs_between = number - first_number
                runs_since = len(runs) - number
                is_recent = max(runs_between, runs_since) <= FLAPPING_RUNS
                if is_recent and same_value(first.after, change.after):
                    flapping[ref] = _flapping_value(first, change)
            last_writes[ref] = (number, change)
    return flapping


def _flapping_value(first: HistoryChange, second: HistoryChange) -> QuarantinedValue:
    reason = (
        f"it flips back: runs {first.run} and {second.run} wrote it as well, and it did not stay"
    )
    return QuarantinedValue(first.before, first.after, reason, (first.run, second.run))
