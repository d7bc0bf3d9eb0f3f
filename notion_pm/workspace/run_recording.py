"""Record runs in the history: when they began and ended, and their outcome."""

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
"""How long the history is kept by default."""


class RunContext(Protocol):
    """Where a run is recorded, when it began, and its id if it was given one."""

    @property
    def state_home(self) -> StateHome: ...
    @property
    def now(self) -> datetime: ...
    @property
    def run_id(self) -> str: ...
    def clock(self) -> float:
        """Return seconds, to measure how long the run takes."""


@dataclass(slots=True)
class Recording:
    """A run while it goes on. At its end the caller sets the outcome and the details."""

    moment: Moment
    outcome: str = "failed"
    details: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def record_run(
    context: RunContext,
    template: str,
    kind: str,
    *,
    dry_run: bool = False,
    keep: timedelta = KEEP_HISTORY,
) -> Iterator[Recording]:
    """Record a run from its beginning to its end, also when it fails. A dry run is not recorded."""
    recording = Recording(Moment(context.run_id, context.now))
    if dry_run:
        yield recording
        return
    began = context.clock()
    # Recorded at the beginning, too: a run that is killed stays in the history as unfinished.
    with State(context.state_home, template) as state:
        run = RunRecord(_unused_id(state, context), kind, context.now)
        state.history.save_run(run)
    recording.moment = Moment(run.id, context.now)
    try:
        yield recording
    except NotionPmError as error:
        recording.outcome = "stopped" if isinstance(error, LeftForNextRun) else "failed"
        recording.details = {"error": str(error)}
        raise
    finally:
        finished = context.now + timedelta(seconds=context.clock() - began)
        ended = replace(run, finished=finished, outcome=recording.outcome, told=recording.details)
        with State(context.state_home, template) as state:
            state.history.save_run(ended)
            state.forget_before(context.now - keep)


def _unused_id(state: State, context: RunContext) -> str:
    """Return the given id, else one made of the time. Runs of the same second are numbered."""
    name = context.run_id or f"{context.now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    second = context.now.replace(microsecond=0)
    taken = {run.id for run in state.history.runs(since=second)}
    unused = name
    number = 2
    while unused in taken:
        unused = f"{name}-{number}"
        number += 1
    return unused
