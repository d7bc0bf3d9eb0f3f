"""What an interrupted sync was about to write: ours where it is there, though nobody saw the answer.

Without this a value that a killed run had written would look like a person's to the next one, and stay for ever.
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
    """What to remember of a property once its page is written, and what it held before."""

    memory: BaseValue
    before: RuleValue


Intents = Mapping[NotionId, Mapping[str, Intent]]
"""Page id -> property key -> what was about to become of it."""


def intents_of(evaluation: Evaluation) -> dict[NotionId, dict[str, Intent]]:
    """Return what the updates of an evaluation are about to do."""
    return {update.page.id: _intents(update, evaluation) for update in evaluation.updates}


def _intents(update: PageUpdate, evaluation: Evaluation) -> dict[str, Intent]:
    memory = evaluation.baseline.get(update.page.id, {})
    before = {change.property: change.before for change in update.changes}
    return {key: Intent(each, before.get(key, each.value)) for key, each in memory.items()}


def recover_interrupted_writes(
    baseline: Baseline, intents: Intents, snapshot: Snapshot
) -> dict[NotionId, dict[str, BaseValue]]:
    """Return the memory of the pages that were about to be written, as far as they are there to be looked at.

    A page that holds one of the values was written, and all of its memory counts. One that is as before was not. What
    holds a third value a person has changed since; that person may have seen what the rule said, so it counts as said.
    """
    pages = {
        id: page
        for those in snapshot.databases.values()
        for id, page in those.items()
        if id in intents
    }
    return {
        id: {**baseline.get(id, {}), **_known_of(page, intents[id])} for id, page in pages.items()
    }


def _known_of(page: SnapshotPage, intents: Mapping[str, Intent]) -> dict[str, BaseValue]:
    changing = {
        key: each for key, each in intents.items() if not same_value(each.before, each.memory.value)
    }
    if any(same_value(page.values.get(key), each.memory.value) for key, each in changing.items()):
        return {key: each.memory for key, each in intents.items()}
    return {
        key: each.memory
        for key, each in changing.items()
        if not same_value(page.values.get(key), each.before)
    }
