"""Running a sync as a job: once, or again and again."""

from __future__ import annotations

import time
from contextlib import suppress

from notion_pm.console.context import Context
from notion_pm.console.logs import RunId
from notion_pm.console.output import echo_json, progress
from notion_pm.console.signals import sleep, time_limit
from notion_pm.errors import ConflictsFound, Stopped
from notion_pm.sync.commands import render_sync
from notion_pm.sync.commands.sync_runs import RunOptions, new_run_id, prepared, run, tell_in_a_line
from notion_pm.sync.interval import repeat
from notion_pm.sync.run import SyncRun
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.sync import SyncOptions, SyncResult
from notion_pm.text import quantity


class Job:
    """A sync of one workspace, to be run. Settings that are wrong end it before its first run."""

    def __init__(self, context: Context, options: SyncOptions, manner: RunOptions) -> None:
        _ = context.gateway, context.parent_page, context.state_home
        self._context = context
        self._options = options
        self._manner = manner

    def once(self) -> None:
        """Run it, and show what it did. Raises what ended it."""
        with prepared(self._manner, ctrl_c_is_polite=False) as run_id:
            done = self._run(run_id)
        if done.result is not None:
            self._show(done, done.result)
        if done.error is not None:
            raise done.error
        if (
            self._manner.fail_on_conflict
            and done.result
            and (found := done.result.evaluation.conflicts)
        ):
            raise ConflictsFound(f"{quantity(len(found), 'conflict')} between people and rules.")

    def _show(self, done: SyncRun, result: SyncResult) -> None:
        if self._manner.as_json:
            echo_json(SyncReport(result).as_data() | _facts(done))
        elif not self._manner.quiet or done.has_news:
            render_sync.show(result, explain=self._manner.explain)

    def every(self, seconds: int) -> None:
        """Run it on that beat until the process is asked to stop."""
        with prepared(self._manner, ctrl_c_is_polite=True) as run_id, suppress(Stopped):
            repeat(
                lambda: self._told_in_a_line(run_id),
                every=seconds,
                clock=time.monotonic,
                sleep=sleep,
            )

    def _told_in_a_line(self, run_id: RunId) -> SyncRun:
        done = self._run(run_id)
        tell_in_a_line(done, self._manner)
        return done

    def _run(self, run_id: RunId) -> SyncRun:
        run_id.run = new_run_id(self._context.now())
        with progress(self._context) as drawn, time_limit(self._manner.time_limit):
            return run(self._context, self._options, self._manner, run_id.run, drawn)


def _facts(done: SyncRun) -> dict[str, object]:
    told = done.as_data()
    return {key: told[key] for key in ("run", "started", "seconds", "outcome", "error")}
