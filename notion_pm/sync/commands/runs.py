"""What `sync`, `serve` and the Prefect flows share: run a sync once, report it in a line,
notify.
"""

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
from notion_pm.console.notifying import post
from notion_pm.console.output import echo_lines, note
from notion_pm.console.signals import finish_current_work_on_signal, sleep
from notion_pm.errors import TimeLimitReached
from notion_pm.sync.commands import render_sync
from notion_pm.sync.run import SyncRun, Timing, run_sync
from notion_pm.sync.sync import SyncOptions, SyncResult
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What surrounds a sync on the command line. Times are seconds."""

    explain: bool = False
    as_json: bool = False
    quiet: bool = False
    fail_on_conflict: bool = False
    notify: str | None = None
    time_limit: int | None = None
    wait_for_lock: int = 0
    log_level: str = "warning"


@contextmanager
def handle_signals_and_log(options: RunOptions, *, finish_on_ctrl_c: bool) -> Iterator[RunId]:
    """Stop politely on signals and log to stderr; yields where the id of a run is set."""
    on_close = click.get_current_context().call_on_close
    finish_current_work_on_signal(on_close, ctrl_c=finish_on_ctrl_c)
    with log_to_stderr(options.log_level) as run_id:
        yield run_id


def new_run_id(now: datetime) -> str:
    """Return a unique id for a run that begins now. Ids sort by time."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def start_run(
    context: Context,
    options: SyncOptions,
    run_options: RunOptions,
    run_id: str,
    progress: Progress,
    *,
    client: str = "",
) -> SyncRun:
    """Sync a workspace once, and notify the webhook. `client`: its name where there are several."""
    sync_context = SyncContext(
        notion=context.notion,
        parent_id=context.parent_page,
        state_directory=context.state_directory,
        shared_state=context.shared_state,
        run_id=run_id,
        now=context.now(),
        jobs=context.jobs,
        progress=progress,
    )
    timing = Timing(time.monotonic, sleep, run_options.wait_for_lock)
    run = run_sync(sync_context, options, timing)
    if run_options.notify:
        notify(run_options.notify, run, client=client)
    return run


def report_in_a_line(run: SyncRun, options: RunOptions, *, client: str = "") -> None:
    """Print one of many runs: a line of JSON, or a line of text where there is news."""
    if options.as_json:
        data = {"client": client} if client else {}
        click.echo(json.dumps(data | run.as_data(), ensure_ascii=False))
        return
    moment = run.started.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    prefix = f"{moment}  {client}: " if client else f"{moment}  "
    if run.result is not None and run.has_news:
        _show_news(run.result, explain=options.explain)
        echo_lines([f"{prefix}{render_sync.summary(run.result)}"])
    if run.error is not None and (run.trouble or isinstance(run.error, TimeLimitReached)):
        note(f"{prefix}Error: {run.error} {run.error.advice}".rstrip())


def _show_news(result: SyncResult, *, explain: bool) -> None:
    if explain:
        render_sync.show(result, explain=True)
    else:
        render_sync.show_new_conflicts(result)


# --- notifications


def notify(url: str, run: SyncRun, *, client: str = "") -> None:
    """Post what is new about a run, if anything is.

    News is: changed pages, new conflicts, a failure that the run before did not have, and its end.
    So a job that fails all night sends one message, not a hundred.
    """
    text = _news(run, f"notion-pm sync of {client}" if client else "notion-pm sync")
    if not text:
        return
    facts: dict[str, object] = {"client": client} if client else {}
    facts |= run.as_data()
    facts["ok"] = run.result is not None
    if run.result is None:
        facts["exit_code"] = run.error.exit_code if run.error else 1
    post(url, text, facts)


def _news(run: SyncRun, name: str) -> str:
    if run.trouble and run.trouble != run.trouble_before:
        return f"{name} failed: {run.error}"
    if run.result is None or run.result.dry_run:
        return ""
    summary = render_sync.summary(run.result)
    if run.trouble_before:
        return f"{name} works again: {summary}"
    return f"{name}: {summary}" if run.has_news else ""
