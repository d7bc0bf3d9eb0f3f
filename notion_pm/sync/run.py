"""One run of a sync as a job: waiting for other runs, how it ended, and repeating it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

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

_WAIT_POLL_SECONDS = 0.5
"""How often to check whether another run has ended."""

LONGEST_PAUSE = 3600.0
"""Seconds after which a failing job is tried again at the latest, unless its interval is longer."""

_MOST_DOUBLINGS = 12
"""More doublings of an interval than this would only make the number huge; see LONGEST_PAUSE."""

Outcome = Literal["changed", "unchanged", "failed", "stopped", "skipped"]

_OUTCOME_IN_WORDS = {
    "changed": "has changed pages",
    "unchanged": "found nothing to do",
    "failed": "failed",
    "stopped": "was stopped",
    "skipped": "was skipped",
}


@dataclass(frozen=True, slots=True)
class SyncRun:
    """How a run ended.

    A dry run that would change too much has both a result and an error. `trouble_before`: the kind
    of error of the run before, empty when it succeeded.
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
        """The outcome in a word."""
        # A stopped or skipped run has not failed: the next run does its work.
        if self.error is None:
            return "changed" if self.result and self.result.written else "unchanged"
        if isinstance(self.error, AlreadyRunning):
            return "skipped"
        return "stopped" if isinstance(self.error, LeftForNextRun) else "failed"

    @property
    def trouble(self) -> str:
        """The kind of error of a failed run, else empty."""
        # Compared with the kind of the run before: the same failure twice in a row is reported
        # once.
        return type(self.error).__name__ if self.outcome == "failed" else ""

    @property
    def has_news(self) -> bool:
        """Whether it found something to write, or a conflict that no earlier run has reported."""
        if self.result is None:
            return False
        return bool(self.result.evaluation.updates or self.result.new_conflicts)

    @property
    def asks_to_wait(self) -> float:
        """Seconds during which another run would be refused."""
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
            "error": _error_as_data(self.error) if self.error else None,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock in seconds, how to sleep, and how many seconds to wait for another run to end."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    wait_for_others: float = 0.0


def run_sync(context: SyncContext, options: SyncOptions, timing: Timing) -> SyncRun:
    """Sync once; an error is part of the outcome.

    A failure is kept, so that the next run can report when it is over.
    """
    before = read_last_run(context.state_directory, options.template)
    began = timing.clock()
    sent_before = context.notion.requests.logical
    result, error = _sync_or_error(context, options, timing)
    run = SyncRun(
        id=context.run_id,
        started=context.now,
        seconds=timing.clock() - began,
        requests=context.notion.requests.logical - sent_before,
        result=result,
        error=error,
        trouble_before=before.problem,
    )
    # A dry run must not change what the next real run reports.
    if run.trouble and not options.dry_run:
        failed = LastRun(problem=run.trouble, told_in=before.told_in)
        save_last_run(context.state_directory, options.template, failed)
    _log.info(
        "The run %s in %.1f seconds, with %d requests.",
        _OUTCOME_IN_WORDS[run.outcome],
        run.seconds,
        run.requests,
    )
    return run


def _sync_or_error(
    context: SyncContext, options: SyncOptions, timing: Timing
) -> tuple[SyncResult | None, NotionPmError | None]:
    until_others_end = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AlreadyRunning),
        stop=tenacity.stop_after_delay(timing.wait_for_others),
        wait=tenacity.wait_fixed(_WAIT_POLL_SECONDS),
        sleep=timing.sleep,
        reraise=True,
    )
    # Errors become part of the outcome, so that a job logs and reports each run in the same way.
    try:
        result = until_others_end(sync, context, options)
        return result, result.danger
    except NotionPmError as error:
        return None, error
    except OSError as error:
        return None, FileUnusable.from_os(error)


def _error_as_data(error: NotionPmError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "advice": error.advice,
        "exit_code": error.exit_code,
    }


# --- repeating


class Attempt(Protocol):
    """How one attempt of a repeated job ended: `trouble` is empty when it succeeded."""

    @property
    def trouble(self) -> str: ...

    @property
    def asks_to_wait(self) -> float: ...


def repeat(
    attempt: Callable[[], Attempt],
    *,
    every: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Run at an interval, without drift or overlap, until `sleep` or the attempt raises.

    While it fails it runs less often.
    """
    began = clock()
    failures = 0
    while True:
        ended = attempt()
        failures = failures + 1 if ended.trouble else 0
        now = clock()
        sleep(next_start(began, now, every, failures, ended.asks_to_wait) - now)


def next_start(began: float, now: float, every: float, failures: int, wait: float = 0.0) -> float:
    """Return when the next run starts, in seconds of the clock of `began` and `now`.

    It is a whole number of intervals after the first run; intervals that have passed are skipped.
    Example with an interval of 15 minutes, first run at 9:00: after a run that ends at 9:20 the
    next one starts at 9:30. After several failures in a row it is the 2nd, 4th, 8th interval from
    now. `wait`: the seconds that Notion asked to wait.
    """
    # Back off after failures, but not beyond LONGEST_PAUSE: a client must be synced again soon
    # after the cause is gone. The first failure changes nothing, because most are over by the next
    # run.
    pause = 0.0
    if failures > 0:
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        pause = min(every * 2**doublings, max(every, LONGEST_PAUSE)) - every
    earliest = now + max(pause, wait)
    intervals = math.floor((earliest - began) / every) + 1
    return began + every * intervals
