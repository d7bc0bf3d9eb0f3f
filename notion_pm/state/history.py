"""What has happened: runs, changes of pages, properties in quarantine, and what reports saw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.history import Actor, HistoryChange, Sighting
from notion_pm.state.plain_json import (
    from_json,
    moment_from,
    object_from_json,
    texts_from_json,
    to_json,
    values_from_json,
    values_to_json,
)
from notion_pm.state.rows import Rows, sortable, transaction
from notion_pm.state.tables import HISTORY, HOLDS, RUNS, SIGHTINGS

_CHANGE = "run at page database title url property before after actor edited rules because"
_HOLD = "page property held derived reason runs told"
_RUN = "run kind started finished outcome told"
_SIGHTING = "page at database title url held"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `finished` is None while it runs, and stays None when the process was killed.

    `told`: the figures of the run, or its error; as JSON data.
    """

    id: str
    kind: str
    started: datetime
    finished: datetime | None = None
    outcome: str = "unfinished"
    told: Mapping[str, Any] | None = None


class HistoryStore:
    """Runs, and the changes of pages that they made or noticed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def save_run(self, run: RunRecord) -> None:
        """Keep that a run has begun, or how it ended."""
        finished = sortable(run.finished) if run.finished else None
        details = json.dumps(run.told or {})
        row = (run.id, run.kind, sortable(run.started), finished, run.outcome, details)
        self._rows.put(RUNS, [row])

    def runs(self, since: datetime | None = None) -> list[RunRecord]:
        """Return the runs, oldest first; with a moment those that began then or later."""
        where = [RUNS.c.started >= sortable(since)] if since else []
        return self._rows.read(RUNS, _RUN, _decode_run, *where, order="started run")

    def changes(self, since: datetime) -> list[HistoryChange]:
        """Return what has changed on pages at a moment or later, oldest first."""
        return self._read_changes(HISTORY.c.at >= sortable(since))

    def changes_after(self, moment: datetime) -> list[HistoryChange]:
        """Return what has changed on pages later than a moment, latest first."""
        return self._read_changes(HISTORY.c.at > sortable(moment), latest_first=True)

    def changes_of(self, page_id: NotionId) -> list[HistoryChange]:
        """Return what has changed on a page, latest first."""
        return self._read_changes(HISTORY.c.page == page_id, latest_first=True)

    def changes_in(self, run: str, actor: Actor) -> list[HistoryChange]:
        """Return what rules or an undo changed in a run, or what the run noticed of people."""
        return self._read_changes(HISTORY.c.run == run, HISTORY.c.actor == actor)

    def changes_of_last_syncs(self, count: int, besides: str) -> list[list[HistoryChange]]:
        """Return what each of the last syncs noticed and wrote, oldest sync first.

        `besides`: the id of the current run, which is left out.
        """
        syncs = self._rows.read(
            RUNS,
            _RUN,
            _decode_run,
            RUNS.c.kind == "sync",
            RUNS.c.run != besides,
            order="started run",
            latest_first=True,
            limit=count,
        )
        if not syncs:
            return []
        changes_by_run: dict[str, list[HistoryChange]] = {run.id: [] for run in reversed(syncs)}
        for change in self.changes(since=syncs[-1].started):
            if change.run in changes_by_run:
                changes_by_run[change.run].append(change)
        return list(changes_by_run.values())

    def put_changes(self, changes: Iterable[HistoryChange]) -> None:
        """Add changes after all others."""
        next_number = self._rows.highest(HISTORY, "number") + 1
        numbered = enumerate(changes, start=next_number)
        self._rows.put(HISTORY, ((*_encode_change(change), number) for number, change in numbered))

    def drop_before(self, moment: datetime) -> None:
        """Forget what happened before a moment."""
        self._rows.drop_before(HISTORY, "at", moment)
        self._rows.drop_before(RUNS, "started", moment)

    def _read_changes(
        self, *where: ColumnElement[bool], latest_first: bool = False
    ) -> list[HistoryChange]:
        return self._rows.read(
            HISTORY, _CHANGE, _decode_change, *where, order="number", latest_first=latest_first
        )


class QuarantineStore:
    """Properties that rules leave alone for now."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self) -> dict[PropertyRef, QuarantinedValue]:
        """Return what is in quarantine, by page and property."""
        return dict(self._rows.read(HOLDS, _HOLD, _decode_hold))

    def save(
        self, holds: Mapping[PropertyRef, QuarantinedValue], released: Iterable[PropertyRef] = ()
    ) -> None:
        """Put properties in quarantine and release others, in one transaction."""
        with transaction(self._rows.connection):
            for page_id, key in released:
                self._rows.drop(HOLDS, page=page_id, property=key)
            self._rows.put(HOLDS, (_encode_hold(spot, hold) for spot, hold in holds.items()))


class SightingStore:
    """What reports saw of pages: one row for each time that something had changed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self) -> list[Sighting]:
        """Return what was seen, oldest first."""
        return self._rows.read(SIGHTINGS, _SIGHTING, _decode_sighting, order="at")

    def save(self, sightings: Iterable[Sighting]) -> None:
        """Keep what a report saw, in one transaction."""
        with transaction(self._rows.connection):
            self._rows.put(SIGHTINGS, map(_encode_sighting, sightings))


def _decode_run(
    run: str, kind: str, started: str, finished: str | None, outcome: str, told: str
) -> RunRecord:
    ended = moment_from(finished) if finished else None
    return RunRecord(run, kind, moment_from(started), ended, outcome, object_from_json(told))


def _encode_change(change: HistoryChange) -> tuple[str, ...]:
    return (
        change.run,
        sortable(change.at),
        change.page,
        change.database,
        change.title,
        change.url,
        change.property,
        to_json(change.before),
        to_json(change.after),
        change.actor,
        sortable(change.edited),
        json.dumps(change.rules),
        json.dumps(change.because),
    )


def _decode_change(*columns: Any) -> HistoryChange:
    run, at, page, database, title, url, key, before, after, actor, edited, rules, because = columns
    return HistoryChange(
        run=run,
        at=moment_from(at),
        page=NotionId(page),
        database=database,
        title=title,
        url=url,
        property=key,
        before=from_json(before),
        after=from_json(after),
        actor=actor,
        edited=moment_from(edited),
        rules=texts_from_json(rules),
        because=tuple(NotionId(page_id) for page_id in texts_from_json(because)),
    )


def _encode_hold(spot: PropertyRef, hold: QuarantinedValue) -> tuple[object, ...]:
    page_id, key = spot
    held, derived = to_json(hold.value), to_json(hold.derived)
    return page_id, key, held, derived, hold.reason, json.dumps(hold.runs), int(hold.reported)


def _decode_hold(
    page_id: str, key: str, held: str, derived: str, reason: str, runs: str, told: int
) -> tuple[PropertyRef, QuarantinedValue]:
    hold = QuarantinedValue(
        from_json(held), from_json(derived), reason, texts_from_json(runs), bool(told)
    )
    return (NotionId(page_id), key), hold


def _encode_sighting(sighting: Sighting) -> tuple[str, ...]:
    page = sighting.page
    held = values_to_json(page.values)
    return page.id, sortable(sighting.at), page.database, page.title, page.url, held


def _decode_sighting(
    page_id: str, at: str, database: str, title: str, url: str, held: str
) -> Sighting:
    moment = moment_from(at)
    values = values_from_json(held)
    return Sighting(moment, SnapshotPage(NotionId(page_id), database, title, url, moment, values))
