"""What has happened: runs, changes of pages between them, and what is in quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement

from notion_pm.model.ids import NotionId
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.history import HistoryChange
from notion_pm.state.plain_json import (
    from_json,
    moment_from,
    object_from_json,
    texts_from_json,
    to_json,
)
from notion_pm.state.rows import Rows
from notion_pm.state.tables import HISTORY, HOLDS, RUNS

_CHANGE = "run at page database title url property before after actor edited rules because"
_HOLD = "page property held derived reason runs told"
_RUN = "run kind started finished outcome told"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `finished` is None while it runs, and for ever where it was killed. `told`: its counts, or its error."""

    id: str
    kind: str
    started: datetime
    finished: datetime | None = None
    outcome: str = "unfinished"
    told: Mapping[str, Any] | None = None


def put_run(rows: Rows, run: RunRecord) -> None:
    """Remember a run; again when it has finished."""
    finished = _moment(run.finished) if run.finished else None
    rows.put(
        RUNS,
        [
            (
                run.id,
                run.kind,
                _moment(run.started),
                finished,
                run.outcome,
                json.dumps(run.told or {}),
            )
        ],
    )


def read_runs(rows: Rows, since: datetime | None = None) -> list[RunRecord]:
    """Return the runs that began at a moment or later, all without one; the oldest first."""
    where = [RUNS.c.started >= _moment(since)] if since else []
    return [
        RunRecord(
            run,
            kind,
            moment_from(started),
            moment_from(finished) if finished else None,
            outcome,
            object_from_json(told),
        )
        for run, kind, started, finished, outcome, told in rows.all(
            RUNS, _RUN, *where, order="started run"
        )
    ]


def put_changes(rows: Rows, changes: Iterable[HistoryChange]) -> None:
    """Add changes after all others."""
    last = rows.last(HISTORY, "number")
    rows.put(
        HISTORY,
        ((*_encoded(change), number) for number, change in enumerate(changes, start=last + 1)),
    )


def read_changes(
    rows: Rows, *where: ColumnElement[bool], latest_first: bool = False
) -> Iterator[HistoryChange]:
    """Yield changes in their order, or the latest first."""
    for row in rows.all(HISTORY, _CHANGE, *where, order="number", descending=latest_first):
        yield _decoded(row)


def changes_lately(rows: Rows, runs: int, besides: str) -> list[list[HistoryChange]]:
    """Return what each of the last so many syncs, but for one, noticed and wrote, the oldest first."""
    those = RUNS.c.kind == "sync", RUNS.c.run != besides
    latest = rows.all(RUNS, "run started", *those, order="started run", descending=True, limit=runs)
    found: dict[str, list[HistoryChange]] = {run: [] for run, _ in reversed(latest)}
    for change in read_changes(rows, HISTORY.c.at >= latest[-1].started) if latest else ():
        found.get(change.run, []).append(change)
    return list(found.values())


def prune(rows: Rows, before: datetime) -> None:
    """Forget what happened before a moment."""
    rows.drop_before(HISTORY, "at", _moment(before))
    rows.drop_before(RUNS, "started", _moment(before))


def since(moment: datetime) -> ColumnElement[bool]:
    """The condition that a change happened at a moment or later."""
    return HISTORY.c.at >= _moment(moment)


def after(moment: datetime) -> ColumnElement[bool]:
    """The condition that a change happened later than a moment."""
    return HISTORY.c.at > _moment(moment)


def read_holds(rows: Rows) -> dict[PropertyRef, QuarantinedValue]:
    """Return what is in quarantine."""
    return {
        (page, key): QuarantinedValue(
            from_json(held), from_json(derived), reason, texts_from_json(runs), bool(told)
        )
        for page, key, held, derived, reason, runs, told in rows.all(HOLDS, _HOLD)
    }


def put_holds(rows: Rows, holds: Mapping[PropertyRef, QuarantinedValue]) -> None:
    """Remember what is in quarantine besides."""
    rows.put(
        HOLDS,
        (
            (
                page,
                key,
                to_json(hold.value),
                to_json(hold.derived),
                hold.reason,
                json.dumps(hold.runs),
                int(hold.told),
            )
            for (page, key), hold in holds.items()
        ),
    )


def drop_hold(rows: Rows, spot: PropertyRef) -> None:
    """Let a property go from quarantine."""
    rows.drop(HOLDS, page=spot[0], property=spot[1])


def _encoded(change: HistoryChange) -> tuple[str, ...]:
    return (
        change.run,
        _moment(change.at),
        change.page,
        change.database,
        change.title,
        change.url,
        change.property,
        to_json(change.before),
        to_json(change.after),
        change.actor,
        _moment(change.edited),
        json.dumps(change.rules),
        json.dumps(change.because),
    )


def _decoded(row: Any) -> HistoryChange:
    run, at, page, database, title, url, key, before, held, actor, edited, rules, because = row
    return HistoryChange(
        run=run,
        at=moment_from(at),
        page=NotionId(page),
        database=database,
        title=title,
        url=url,
        property=key,
        before=from_json(before),
        after=from_json(held),
        actor=actor,
        edited=moment_from(edited),
        rules=texts_from_json(rules),
        because=tuple(NotionId(each) for each in texts_from_json(because)),
    )


def _moment(moment: datetime) -> str:
    """A moment as text that sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
