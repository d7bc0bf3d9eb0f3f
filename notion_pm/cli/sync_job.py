"""Running a sync as a job: once, or again and again; who is told of what, and when it ends early."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import click

from notion_pm.cli import render_sync
from notion_pm.cli.context import Context
from notion_pm.cli.interruption import heed_requests_to_stop, sleep, time_limit
from notion_pm.cli.logs import RunId, logged
from notion_pm.cli.notifying import tell
from notion_pm.cli.output import echo, echo_json, note, progress
from notion_pm.errors import ConflictsFound, Stopped, TimeUp
from notion_pm.workflows.every import repeat
from notion_pm.workflows.sync import Options, SyncResult
from notion_pm.workflows.sync_place import Place
from notion_pm.workflows.sync_report import Report
from notion_pm.workflows.sync_run import Run, Timing, attempt


@dataclass(frozen=True, slots=True)
class Manner:
    """How a job goes about its runs, and what it says."""

    explain: bool = False
    as_json: bool = False
    quiet: bool = False
    fail_on_conflict: bool = False
    notify: str | None = None
    time_limit: int | None = None
    wait_for_lock: int = 0
    log_level: str = "warning"


class Job:
    """A sync of one workspace, to be run."""

    def __init__(self, context: Context, options: Options, manner: Manner) -> None:
        self._context = context
        self._options = options
        self._manner = manner

    def once(self) -> None:
        """Run it, and show what it did. Raises what ended it."""
        with self._prepared(ctrl_c_is_polite=False) as run_id:
            run = self._run(run_id)
        result = _result(run)
        if self._manner.as_json:
            echo_json(Report(result).as_data() | _facts(run))
        elif not self._manner.quiet or run.has_news:
            render_sync.show(result, explain=self._manner.explain)
        if self._manner.fail_on_conflict and result.evaluation.conflicts:
            raise ConflictsFound(f"{len(result.evaluation.conflicts)} conflicts between people and rules.")

    def every(self, seconds: int) -> None:
        """Run it on that beat until the process is asked to stop."""
        with self._prepared(ctrl_c_is_polite=True) as run_id, suppress(Stopped):
            repeat(lambda: self._told_in_a_line(run_id), every=seconds, clock=time.monotonic, sleep=sleep)

    @contextmanager
    def _prepared(self, *, ctrl_c_is_polite: bool) -> Iterator[RunId]:
        """Connect, heed signals and log; settings that are wrong end a job before its first run."""
        _ = self._context.gateway, self._context.parent_page, self._context.state_home
        heed_requests_to_stop(click.get_current_context().call_on_close, ctrl_c=ctrl_c_is_polite)
        with logged(self._manner.log_level) as run_id:
            yield run_id

    def _told_in_a_line(self, run_id: RunId) -> Run:
        run = self._run(run_id)
        if self._manner.as_json:
            click.echo(json.dumps(run.as_data(), ensure_ascii=False))
        elif run.result is not None and run.has_news:
            self._show_briefly(run.started, run.result)
        elif run.trouble or isinstance(run.error, TimeUp):
            note(f"{_at(run.started)}  Error: {run.error} {run.error.advice if run.error else ''}".rstrip())
        return run

    def _show_briefly(self, started: datetime, result: SyncResult) -> None:
        if self._manner.explain:
            render_sync.show(result, explain=True)
        else:
            render_sync.show_new_conflicts(result)
        echo(f"{_at(started)}  {render_sync.summary(result)}")

    def _run(self, run_id: RunId) -> Run:
        now = self._context.now()
        run_id.run = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        with progress() as drawn, time_limit(self._manner.time_limit):
            place = Place(
                gateway=self._context.gateway,
                parent_id=self._context.parent_page,
                state_directory=self._context.state_directory,
                shared_state=self._context.shared_state,
                run_id=run_id.run,
                now=now,
                jobs=self._context.jobs,
                progress=drawn,
            )
            run = attempt(place, self._options, self._timing)
        if self._manner.notify:
            tell(self._manner.notify, run)
        return run

    @cached_property
    def _timing(self) -> Timing:
        return Timing(time.monotonic, sleep, self._manner.wait_for_lock)


def _result(run: Run) -> SyncResult:
    """What a run came to. Raises the error that ended it."""
    if run.error is not None:
        raise run.error
    assert run.result is not None, "a run ends with one or the other"
    return run.result


def _facts(run: Run) -> dict[str, object]:
    return {key: value for key, value in run.as_data().items() if key in {"run", "started", "seconds", "outcome"}}


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
