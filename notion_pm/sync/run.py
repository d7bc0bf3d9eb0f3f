"""One run of a sync as a job: what it is called, how it ended, and what is told of it to programs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import tenacity

from notion_pm.errors import (
    AlreadyRunning,
    FileUnusable,
    LeftForNextRun,
    NotionPmError,
    RateLimited,
)
from notion_pm.state.last_run import LastRun, read_last_run, save_last_run
from notion_pm.sync.sync import SyncOptions, SyncResult, sync
from notion_pm.workspace.sync_context import SyncContext

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.5
"""Seconds after which to look whether another run has ended."""

Outcome = Literal["changed", "unchanged", "failed", "stopped", "skipped"]


@dataclass(frozen=True, slots=True)
class SyncRun:
    """How a run went. A dry run that too much came of has both a result and an error.

    `trouble_before` is what the run before had failed of, empty when it had not.
    """

    id: str
    started: datetime
    seconds: float
    requests: int
    result: SyncResult | None = None
    error: NotionPmError | None = None
    trouble_before: str = ""

    @property
    def outcome(self) -> Outcome:
        """The end in a word. A run that is stopped or skipped is no failure: the next one does its work."""
        if self.error is None:
            return "changed" if self.result and self.result.written else "unchanged"
        if isinstance(self.error, AlreadyRunning):
            return "skipped"
        return "stopped" if isinstance(self.error, LeftForNextRun) else "failed"

    @property
    def trouble(self) -> str:
        """What kind of failure it was, empty when it was none: a run that fails of the same is no news."""
        return type(self.error).__name__ if self.outcome == "failed" else ""

    @property
    def has_news(self) -> bool:
        """Whether it found something to write, or a conflict that no earlier run has told."""
        return self.result is not None and bool(
            self.result.evaluation.updates or self.result.new_conflicts
        )

    @property
    def asks_to_wait(self) -> float:
        """Seconds before which another run is in vain."""
        return self.error.retry_after if isinstance(self.error, RateLimited) else 0.0

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys, short enough for a line."""
        result = self.result
        return {
            "run": self.id,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "outcome": self.outcome,
            "updates": result.written if result else 0,
            "conflicts": len(result.evaluation.conflicts) if result else 0,
            "new_conflicts": result.new_conflicts if result else 0,
            "proposals": len(result.evaluation.proposals) if result else 0,
            "requests": self.requests,
            "error": _told(self.error) if self.error else None,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock that a run is measured by, how it sleeps, and how many seconds it may wait for another run's end."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    wait_for_others: float = 0.0


def attempt(place: SyncContext, options: SyncOptions, timing: Timing) -> SyncRun:
    """Sync once; an error is part of how it went. A failure is remembered, for the next run to tell its end."""
    before = read_last_run(place.state_directory, options.template)
    began, sent_before = timing.clock(), place.gateway.requests.logical
    result, error = _outcome(place, options, timing)
    sent = place.gateway.requests.logical - sent_before
    run = SyncRun(
        place.run_id, place.now, timing.clock() - began, sent, result, error, before.problem
    )
    if run.trouble and not options.dry_run:
        save_last_run(
            place.state_directory,
            options.template,
            LastRun(problem=run.trouble, told_in=before.told_in),
        )
    _log.info(
        "The run %s in %.1f seconds, with %d requests.", _ENDED[run.outcome], run.seconds, sent
    )
    return run


_ENDED = {
    "changed": "has changed pages",
    "unchanged": "found nothing to do",
    "failed": "failed",
    "stopped": "was stopped",
    "skipped": "was skipped",
}


def _outcome(
    place: SyncContext, options: SyncOptions, timing: Timing
) -> tuple[SyncResult | None, NotionPmError | None]:
    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AlreadyRunning),
        stop=tenacity.stop_after_delay(timing.wait_for_others),
        wait=tenacity.wait_fixed(_LOOK_AGAIN),
        sleep=timing.sleep,
        reraise=True,
    )
    try:
        result = patiently(sync, place, options)
        return result, result.danger
    except NotionPmError as error:
        return None, error
    except OSError as error:
        return None, FileUnusable.from_os(error)


def _told(error: NotionPmError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "advice": error.advice,
        "exit_code": error.exit_code,
    }
