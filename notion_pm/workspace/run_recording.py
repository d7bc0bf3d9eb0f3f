"""Remembering runs: when they began and ended, what came of them, and what they found changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from notion_pm.errors import LeftForNextRun, NotionPmError
from notion_pm.model.state_home import StateHome
from notion_pm.rules.history import Moment
from notion_pm.state.history import RunRecord
from notion_pm.state.state import State

KEEP_HISTORY = timedelta(days=730)
"""How long what has happened is remembered."""


class RunContext(Protocol):
    """Where a run is remembered, when it began and what it is called, if it was given a name."""

    @property
    def state_home(self) -> StateHome: ...
    @property
    def now(self) -> datetime: ...
    @property
    def run_id(self) -> str: ...
    def clock(self) -> float:
        """Return seconds, for how long the run takes."""


@dataclass(slots=True)
class Recording:
    """A run while it is recorded. Who carries it out says at the end how it went."""

    moment: Moment
    outcome: str = "failed"
    details: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def record_run(
    place: RunContext,
    template: str,
    kind: str,
    *,
    dry_run: bool = False,
    keep: timedelta = KEEP_HISTORY,
) -> Iterator[Recording]:
    """Remember a run from its beginning to its end, also when it fails; a dry run leaves no trace."""
    recording = Recording(Moment(place.run_id, place.now))
    if dry_run:
        yield recording
        return
    began = place.clock()
    with State(place.state_home, template) as state:
        run = RunRecord(_unused(state, place), kind, place.now)
        state.history.save_run(run)
    recording.moment = Moment(run.id, place.now)
    try:
        yield recording
    except NotionPmError as error:
        recording.outcome = "stopped" if isinstance(error, LeftForNextRun) else "failed"
        recording.details = {"error": str(error)}
        raise
    finally:
        finished = place.now + timedelta(seconds=place.clock() - began)
        with State(place.state_home, template) as state:
            state.history.save_run(
                replace(run, finished=finished, outcome=recording.outcome, told=recording.details)
            )
            state.forget_before(place.now - keep)


def _unused(state: State, place: RunContext) -> str:
    """What the run is called: as it was asked for, else after the second; runs of one second are numbered."""
    name = place.run_id or f"{place.now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = {run.id for run in state.history.runs(since=place.now.replace(microsecond=0))}
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(each for each in names if each not in taken)
