"""What a report looks back on: what sync remembers, and what earlier reports saw of what no rule reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, same_value
from notion_pm.report.page_values import DATES
from notion_pm.report.past import Past
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.sightings import new_sightings, pages_at
from notion_pm.state.state import State
from notion_pm.thread import Thread

_LOOKED_BACK_ON = frozenset({"health", "progress", *(key for _, key in DATES)})
"""Besides the status."""


def recall(
    state: State, thread: Thread, since: datetime, now: datetime, until: datetime | None = None
) -> Past:
    """Return what a workspace was at a moment, or when memory begins; then remember what it is now.

    With `until`, what changed after it does not count.
    """
    seen = state.sightings.read()
    looked_at = tuple(_looked_at(thread))
    state.sightings.save(new_sightings(seen, looked_at, now))
    begun = [each.started for each in state.history.runs() if each.kind == "sync"][:1] + [
        each.at for each in seen[:1]
    ]
    if not begun or (until and until <= min(begun)):
        return Past(since, until=until)
    start = max(since, min(begun))
    synced = state.pages_at(start)
    shown = _besides(pages_at(seen, start), synced)
    pages = _together(synced, shown)
    if until is None:
        changes = (*state.history.changes(start), *_differences(shown, looked_at, now))
        return Past(since, start, pages, changes)
    synced_until = state.pages_at(until)
    shown_until = _besides(pages_at(seen, until), synced_until)
    recorded = [change for change in state.history.changes(start) if change.at <= until]
    changes = (*recorded, *_differences(shown, tuple(shown_until.values()), until))
    return Past(since, start, pages, changes, until, _together(synced_until, shown_until))


def _together(
    synced: Mapping[NotionId, SnapshotPage], shown: Mapping[NotionId, SnapshotPage]
) -> dict[NotionId, SnapshotPage]:
    joined = {id: _joined(synced[id], page) for id, page in shown.items() if id in synced}
    return {**shown, **synced, **joined}


def _looked_at(thread: Thread) -> Iterator[SnapshotPage]:
    """The pages of all databases but insights and customers, with the values that reports look back on."""
    for database, pages in thread.snapshot.databases.items():
        if thread.chain.role(database) in {"insights", "customers"}:
            continue
        keys = _LOOKED_BACK_ON | {thread.chain.status_key(database)}
        for page in pages.values():
            values = {key: value for key, value in page.values.items() if key in keys}
            if values:
                yield replace(page, values=values)


def _besides(
    seen: Mapping[NotionId, SnapshotPage], synced: Mapping[NotionId, SnapshotPage]
) -> dict[NotionId, SnapshotPage]:
    """What was seen besides what sync remembers, which knows it to the run."""
    left = {}
    for page in seen.values():
        known = synced[page.id].values if page.id in synced else {}
        left[page.id] = replace(
            page, values={key: each for key, each in page.values.items() if key not in known}
        )
    return left


def _joined(synced: SnapshotPage, seen: SnapshotPage) -> SnapshotPage:
    return replace(synced, values={**seen.values, **synced.values})


def _differences(
    then: Mapping[NotionId, SnapshotPage], pages: tuple[SnapshotPage, ...], now: datetime
) -> Iterator[HistoryChange]:
    """What is else now than it was seen then. Rules set only what sync remembers, so it is a person's doing."""
    for page in pages:
        before = then[page.id].values if page.id in then else {}
        for key, value in before.items():
            held = page.values.get(key)
            if not same_value(value, held):
                about = (page.id, page.database, page.title, page.url, key)
                yield HistoryChange("", now, *about, value, held, "person", page.last_edited)
