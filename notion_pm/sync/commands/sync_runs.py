"""A run of a sync on the command line: what surrounds it, and the line that is said of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from notion_pm.console.context import Context
from notion_pm.console.logs import RunId, log_to_stderr
from notion_pm.console.output import echo, note
from notion_pm.console.signals import finish_current_work_on_signal, sleep
from notion_pm.errors import TimeLimitReached
from notion_pm.sync.commands import render_sync
from notion_pm.sync.commands.notifying import tell
from notion_pm.sync.run import SyncRun, Timing, attempt
from notion_pm.sync.sync import SyncOptions, SyncResult
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a job goes about its runs, and what it says."""

    explain: bool = False
    as_json: bool = False
    quiet: bool = False
    fail_on_conflict: bool = False
    notify: str | None = None
    time_limit: int | None = None
    wait_for_lock: int = 0
    log_level: str = "warning"


@contextmanager
def prepared(manner: RunOptions, *, ctrl_c_is_polite: bool) -> Iterator[RunId]:
    """Heed requests to stop, and log; lends where the id of a run is set."""
    finish_current_work_on_signal(
        click.get_current_context().call_on_close, ctrl_c=ctrl_c_is_polite
    )
    with log_to_stderr(manner.log_level) as run_id:
        yield run_id


def new_run_id(now: datetime) -> str:
    """Return what a run that begins now is called: sorted by time, and never given twice."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def run(
    context: Context,
    options: SyncOptions,
    manner: RunOptions,
    run_id: str,
    progress: Progress,
    *,
    client: str = "",
) -> SyncRun:
    """Sync a workspace once, and tell the webhook how it went. `client`: its name, where it is one of several."""
    place = SyncContext(
        gateway=context.gateway,
        parent_id=context.parent_page,
        state_directory=context.state_directory,
        shared_state=context.shared_state,
        run_id=run_id,
        now=context.now(),
        jobs=context.jobs,
        progress=progress,
    )
    done = attempt(place, options, Timing(time.monotonic, sleep, manner.wait_for_lock))
    if manner.notify:
        tell(manner.notify, done, client=client)
    return done


def tell_in_a_line(done: SyncRun, manner: RunOptions, *, client: str = "") -> None:
    """Say how one of many runs went: a line of JSON, or a line where there is news."""
    if manner.as_json:
        told = {"client": client} if client else {}
        click.echo(json.dumps(told | done.as_data(), ensure_ascii=False))
        return
    when = f"{_at(done.started)}  {client + ': ' if client else ''}"
    if done.result is not None and done.has_news:
        _show_news(done.result, explain=manner.explain)
        echo(f"{when}{render_sync.summary(done.result)}")
    if done.error is not None and (done.trouble or isinstance(done.error, TimeLimitReached)):
        note(f"{when}Error: {done.error} {done.error.advice}".rstrip())


def _show_news(result: SyncResult, *, explain: bool) -> None:
    if explain:
        render_sync.show(result, explain=True)
    else:
        render_sync.show_new_conflicts(result)


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
