"""The evidence table: behind each feature the customers' words, and what they weigh."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import PageRef, Quote, Weight, page_ref, sorted_quotes, weight
from notion_pm.thread import Thread
from notion_pm.thread.signal import live_features, objectives


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """A feature with its evidence. `more`: the number of quotes that are left out."""

    page: PageRef
    objectives: tuple[PageRef, ...]
    weight: Weight
    quotes: tuple[Quote, ...]
    more: int = 0


def evidence_table(thread: Thread) -> tuple[EvidenceEntry, ...]:
    """Return the live features with insights behind them, the strongest evidence first."""
    objective_ids = {objective.id for objective in objectives(thread)}
    entries = [
        _entry(thread, feature, objective_ids)
        for feature in live_features(thread)
        if thread.insights_behind(feature)
    ]
    entries.sort(key=lambda entry: (-(entry.weight.importance or 0), -entry.weight.insights))
    return tuple(entries)


def _entry(thread: Thread, feature: SnapshotPage, objective_ids: set[NotionId]) -> EvidenceEntry:
    # Also objectives that it serves through its opportunity or the feature that it is a part of.
    above = thread.all_above(feature)
    return EvidenceEntry(
        page_ref(thread, feature),
        tuple(page_ref(thread, page) for page in above if page.id in objective_ids),
        weight(thread, feature),
        sorted_quotes(thread, thread.insights_behind(feature)),
    )
