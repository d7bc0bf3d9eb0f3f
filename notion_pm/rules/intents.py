"""Writes that an interrupted sync was about to make.

Such a value may be in Notion although the answer never arrived. It counts as the rules' own:
otherwise the next sync would take it for a person's value and leave it alone forever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import (
    Baseline,
    BaseValue,
    RuleValue,
    Snapshot,
    SnapshotPage,
    same_value,
)
from notion_pm.rules.evaluation import Evaluation, PageUpdate


@dataclass(frozen=True, slots=True)
class Intent:
    """What to remember of a property once its page is written, and its value before."""

    memory: BaseValue
    before: RuleValue


Intents = Mapping[NotionId, Mapping[str, Intent]]
"""Page id -> property key -> intent."""


def intents_of(evaluation: Evaluation) -> dict[NotionId, dict[str, Intent]]:
    """Return the intents of the pages that an evaluation updates."""
    return {update.page.id: _intents(update, evaluation) for update in evaluation.updates}


def _intents(update: PageUpdate, evaluation: Evaluation) -> dict[str, Intent]:
    values_before = {change.property: change.before for change in update.changes}
    intents = {}
    for key, memory in evaluation.baseline.get(update.page.id, {}).items():
        intents[key] = Intent(memory, values_before.get(key, memory.value))
    return intents


def recover_interrupted_writes(
    baseline: Baseline, intents: Intents, snapshot: Snapshot
) -> dict[NotionId, dict[str, BaseValue]]:
    """Return the memory of the pages that were about to be written, as far as they were read."""
    recovered = {}
    for pages in snapshot.databases.values():
        for id, page in pages.items():
            if id in intents:
                recovered[id] = {**baseline.get(id, {}), **_recover(page, intents[id])}
    return recovered


def _recover(page: SnapshotPage, intents: Mapping[str, Intent]) -> dict[str, BaseValue]:
    """Return what to remember of one page.

    1. The page holds one of the new values: it was written, and all of its memory counts (one
       request writes all properties of a page).
    2. The value is the one from before: it was not written.
    3. A third value: a person has changed it since. They may have seen what the rules wanted, so
       the memory counts.
    """
    changing = {}
    for key, intent in intents.items():
        if not same_value(intent.before, intent.memory.value):
            changing[key] = intent

    # Case 1. One new value is enough: Notion applies a request as a whole.
    for key, intent in changing.items():
        if same_value(page.values.get(key), intent.memory.value):
            return {key: intent.memory for key, intent in intents.items()}

    # Cases 2 and 3.
    changed_since = {}
    for key, intent in changing.items():
        if not same_value(page.values.get(key), intent.before):
            changed_since[key] = intent.memory
    return changed_since
