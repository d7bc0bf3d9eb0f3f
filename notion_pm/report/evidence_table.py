"""The ledger of evidence: behind each feature the customers' words, and what they weigh."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import Quote, Told, Weight, quotes, told, weight
from notion_pm.thread import Thread
from notion_pm.thread.signal import objectives


@dataclass(frozen=True, slots=True)
class Entry:
    """A feature with its evidence; `more` quotes are not shown."""

    page: Told
    objectives: tuple[Told, ...]
    weight: Weight
    quotes: tuple[Quote, ...]
    more: int = 0


def ledger(thread: Thread) -> tuple[Entry, ...]:
    """Return the live features behind which an insight stands, what weighs most first, with all their quotes."""
    goals = {each.id for each in objectives(thread)}
    found = [
        _entry(thread, each, goals)
        for each in thread.pages("features")
        if thread.is_live(each) and thread.insights_behind(each)
    ]
    return tuple(
        sorted(found, key=lambda each: (-(each.weight.importance or 0), -each.weight.insights))
    )


def _entry(thread: Thread, feature: SnapshotPage, goals: set[NotionId]) -> Entry:
    serves = [told(thread, each) for each in thread.all_above(feature) if each.id in goals]
    said = quotes(thread, thread.insights_behind(feature))
    return Entry(told(thread, feature), tuple(serves), weight(thread, feature), said)
