"""What is remembered of a workspace: the history of sync, and what earlier reports saw.

Sync remembers the properties that rules read. Reports remember the others that they look back on:
status, health, progress and due dates. Where both know a property, sync knows it more exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, same_value
from notion_pm.report.page_values import DATES
from notion_pm.report.past import Past
from notion_pm.rules.history import HistoryChange, new_sightings, pages_at
from notion_pm.state.state import State
from notion_pm.thread import Thread

_REMEMBERED = frozenset({"health", "progress", *(key for _, key in DATES)})
"""The properties that reports remember, besides the status."""

Pages = Mapping[NotionId, SnapshotPage]


def recall(
    state: State, thread: Thread, since: datetime, now: datetime, until: datetime | None = None
) -> Past:
    """Return the past of a workspace from a moment on, and remember its current values.

    If the history begins later, so does the past. Changes after `until` are left out.
    """
    sightings = state.sightings.read()
    current = tuple(_remembered_values(thread))
    # Save before anything can fail: the next report needs what this one saw.
    state.sightings.save(new_sightings(sightings, current, now))

    # The first run of each is where the history begins; runs and sightings are in order of time.
    syncs = [run.started for run in state.history.runs() if run.kind == "sync"]
    history_starts = [*syncs[:1], *(sighting.at for sighting in sightings[:1])]
    if not history_starts or (until and until <= min(history_starts)):
        return Past(since, until=until)

    # Example: --since 1 January, and the first sync ran on 1 March: the report counts from 1 March,
    # and says so.
    start = max(since, min(history_starts))
    synced = state.pages_at(start)
    seen = _without_synced_values(pages_at(sightings, start), synced)
    pages = _merge(synced, seen)
    if until is None:
        changes = (*state.history.changes(start), *_differences(seen, current, now))
        return Past(since, start, pages, changes)

    synced_until = state.pages_at(until)
    seen_until = _without_synced_values(pages_at(sightings, until), synced_until)
    recorded = [change for change in state.history.changes(start) if change.at <= until]
    changes = (*recorded, *_differences(seen, tuple(seen_until.values()), until))
    return Past(since, start, pages, changes, until, _merge(synced_until, seen_until))


def _remembered_values(thread: Thread) -> Iterator[SnapshotPage]:
    """Yield the pages of all databases but insights and customers, with the remembered values."""
    for database, pages in thread.snapshot.databases.items():
        if thread.chain.role(database) in {"insights", "customers"}:
            continue
        keys = _REMEMBERED | {thread.chain.status_key(database)}
        for page in pages.values():
            values = {key: value for key, value in page.values.items() if key in keys}
            if values:
                yield replace(page, values=values)


def _without_synced_values(seen: Pages, synced: Pages) -> dict[NotionId, SnapshotPage]:
    """Return what reports saw, without the values that sync knows."""
    remaining = {}
    for page in seen.values():
        known = synced[page.id].values if page.id in synced else {}
        values = {key: value for key, value in page.values.items() if key not in known}
        remaining[page.id] = replace(page, values=values)
    return remaining


def _merge(synced: Pages, seen: Pages) -> dict[NotionId, SnapshotPage]:
    merged = {**seen, **synced}
    for page_id in seen.keys() & synced.keys():
        values = {**seen[page_id].values, **synced[page_id].values}
        merged[page_id] = replace(synced[page_id], values=values)
    return merged


def _differences(
    before: Pages, pages: tuple[SnapshotPage, ...], now: datetime
) -> Iterator[HistoryChange]:
    """Yield the values that differ from those that earlier reports saw.

    A person changed them: rules write only properties that sync remembers.
    """
    for page in pages:
        earlier = before[page.id].values if page.id in before else {}
        for key, value in earlier.items():
            current = page.values.get(key)
            if not same_value(value, current):
                about = (page.id, page.database, page.title, page.url, key)
                yield HistoryChange("", now, *about, value, current, "person", page.last_edited)
