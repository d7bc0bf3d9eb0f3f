"""`notion-pm sync`: bring status and evidence up to date along the relations.

Once or at an interval, for one workspace or for all clients.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from notion_pm.console.all_clients import Outcome, all_option, for_each_client, most_serious
from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.durations import duration
from notion_pm.console.links import where_to_look
from notion_pm.console.logs import LEVELS, RunId
from notion_pm.console.output import (
    echo,
    echo_json,
    echo_lines,
    end_with,
    json_option,
    progress,
    table,
)
from notion_pm.console.signals import sleep, time_limit
from notion_pm.errors import ConflictsFound, Stopped
from notion_pm.model.rule import OnConflict
from notion_pm.sync.commands import render_sync
from notion_pm.sync.commands.runs import (
    RunOptions,
    handle_signals_and_log,
    new_run_id,
    report_in_a_line,
    start_run,
)
from notion_pm.sync.run import SyncRun, repeat
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.sync import SyncOptions
from notion_pm.text import quantity


@click.command(short_help="Bring status and evidence up to date along the relations.")
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template whose rules count. Default: the one that was applied.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option(
    "--explain",
    is_flag=True,
    help="Show for each change its rule and the pages that are the reason.",
)
@click.option(
    "--full",
    is_flag=True,
    help="Read everything, not only what was edited since the last sync.",
)
@click.option("--force", is_flag=True, help="Accept changes to more than 30 % of a database.")
@click.option(
    "--on-conflict",
    type=click.Choice(["keep", "rule", "newest"]),
    help="Settle all conflicts of this run: keep people's values, take those of the rules, "
    "or take the newest.",
)
@click.option(
    "--keep-history",
    type=click.IntRange(1),
    default=730,
    show_default=True,
    metavar="DAYS",
    help="Forget history that is older than this.",
)
@click.option("--fail-on-conflict", is_flag=True, help="Exit with 4 when there are conflicts.")
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Post changes, new conflicts, and the first and last failure to a Slack-compatible "
    "webhook.",
)
@click.option(
    "--every",
    type=duration,
    metavar="TIME",
    help="Run at this interval until stopped (SIGTERM, Ctrl-C).",
)
@click.option(
    "--time-limit",
    type=duration,
    metavar="TIME",
    help="Stop after this time; the next run does the rest.",
)
@click.option(
    "--wait-for-lock",
    type=duration,
    metavar="TIME",
    default=0,
    help="Wait up to this long for another run of this workspace to end.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when nothing changed.")
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="warning",
    help="Log to stderr at this level and above.",
)
@all_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str | None,
    dry_run: bool,
    explain: bool,
    full: bool,
    force: bool,
    on_conflict: OnConflict | None,
    keep_history: int,
    fail_on_conflict: bool,
    notify: str | None,
    every: int | None,
    time_limit: int | None,
    wait_for_lock: int,
    quiet: bool,
    log_level: str,
    everyone: bool,
    as_json: bool,
) -> None:
    """Bring status and evidence up to date along the relations, by the rules of the template.

    What people set by hand stays. Where a rule disagrees, both values are reported as a conflict.
    Run it as often as you like: a second run right after the first changes nothing.

    With --every it prints a line for each run that changed something; with --json a line of JSON
    for each run.

    With --all, a failing client does not stop the others. Workspaces with the same token share its
    request budget. The exit code is the most serious one.

    Exit codes: 0 done, 1 error, 3 too much would change, 4 conflicts (with --fail-on-conflict),
    5 left for the next run (another run is at work, stopped, time limit). With --every: 0 when
    stopped.
    """
    options = SyncOptions(
        template=template,
        dry_run=dry_run,
        full=full,
        force=force,
        policy=on_conflict,
        keep_history=timedelta(days=keep_history),
    )
    run_options = RunOptions(
        explain=explain,
        as_json=as_json,
        quiet=quiet,
        fail_on_conflict=fail_on_conflict,
        notify=notify,
        time_limit=time_limit,
        wait_for_lock=wait_for_lock,
        log_level=log_level,
    )
    if every is None:
        run = run_all_once if everyone else run_once
        run(context, options, run_options)
        return
    if full or force or on_conflict or fail_on_conflict:
        raise click.UsageError(
            "--full, --force, --on-conflict and --fail-on-conflict are for one run. "
            "They cannot be used with --every."
        )
    run_every = run_all_repeatedly if everyone else run_repeatedly
    run_every(context, options, run_options, every)


def run_once(context: Context, options: SyncOptions, run_options: RunOptions) -> None:
    """Run it for one workspace and show what it did. Raises what ended it."""
    _require_settings(context)
    with handle_signals_and_log(run_options, finish_on_ctrl_c=False) as run_id:
        run = _run(context, options, run_options, run_id)
    if run.result is not None:
        if run_options.as_json:
            echo_json(SyncReport(run.result).as_data() | _facts(run))
        elif run.has_news or not run_options.quiet:
            render_sync.show(run.result, explain=run_options.explain)
            if run.result.written and not options.dry_run:
                echo_lines([where_to_look(context)])
    if run.error is not None:
        raise run.error
    conflicts = run.result.evaluation.conflicts if run.result else ()
    if conflicts and run_options.fail_on_conflict:
        raise ConflictsFound(f"{quantity(len(conflicts), 'conflict')} between people and rules.")


def run_repeatedly(
    context: Context, options: SyncOptions, run_options: RunOptions, every: int
) -> None:
    """Run it for one workspace at an interval, until the process is asked to stop."""
    _require_settings(context)
    with (
        handle_signals_and_log(run_options, finish_on_ctrl_c=True) as run_id,
        suppress(Stopped),
    ):

        def attempt() -> SyncRun:
            run = _run(context, options, run_options, run_id)
            report_in_a_line(run, run_options)
            return run

        repeat(attempt, every=every, clock=time.monotonic, sleep=sleep)


def _require_settings(context: Context) -> None:
    """Raise the error of wrong settings before the first run, and not in each run."""
    _ = context.notion, context.parent_page, context.state_home


def _run(context: Context, options: SyncOptions, run_options: RunOptions, run_id: RunId) -> SyncRun:
    run_id.run = new_run_id(context.now())
    with progress(context) as draw, time_limit(run_options.time_limit):
        return start_run(context, options, run_options, run_id.run, draw)


def _facts(run: SyncRun) -> dict[str, object]:
    data = run.as_data()
    return {key: data[key] for key in ("run", "started", "seconds", "outcome", "error")}


# --- all clients


@dataclass(frozen=True, slots=True)
class ClientRun:
    """How the run of one client ended. `problem`: its error in a line."""

    client: str
    run: SyncRun
    problem: str
    where: str = ""

    def exit_code(self, *, fail_on_conflict: bool) -> int:
        """The exit code of the same command for this client alone."""
        if self.run.error is not None:
            return self.run.error.exit_code
        has_conflicts = self.run.result is not None and bool(self.run.result.evaluation.conflicts)
        return ConflictsFound.exit_code if has_conflicts and fail_on_conflict else 0

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        report = SyncReport(self.run.result).as_data() if self.run.result else None
        return {"client": self.client, **self.run.as_data(), "report": report}

    @property
    def row(self) -> tuple[str, ...]:
        """The client's row in the table."""
        data = self.run.as_data()
        counts = [str(data[key]) for key in ("updates", "conflicts", "proposals", "requests")]
        return (self.client, self.run.outcome, *counts, f"{self.run.seconds:.1f}")


@dataclass(frozen=True, slots=True)
class Round:
    """The runs of all clients at one interval.

    It has failed only when all runs have: one client must not slow down the others.
    """

    runs: Sequence[ClientRun]

    @property
    def trouble(self) -> str:
        """The kinds of errors, when every run has failed; else empty."""
        kinds = [client_run.run.trouble for client_run in self.runs]
        return ", ".join(kinds) if all(kinds) else ""

    @property
    def asks_to_wait(self) -> float:
        """Seconds during which Notion would refuse the requests of every client."""
        return min((client_run.run.asks_to_wait for client_run in self.runs), default=0.0)


def run_all_once(context: Context, options: SyncOptions, run_options: RunOptions) -> None:
    """Run it for every client, show what it did, and end with the most serious exit code."""
    clients = context.all_clients()
    with handle_signals_and_log(run_options, finish_on_ctrl_c=False) as run_id:
        runs = _run_round(clients, options, run_options, run_id).runs
    has_news = any(client_run.run.has_news or client_run.problem for client_run in runs)
    if run_options.as_json:
        echo_json([client_run.as_data() for client_run in runs])
    elif has_news or not run_options.quiet:
        _show_round(runs, explain=run_options.explain)
    fail_on_conflict = run_options.fail_on_conflict
    codes = [client_run.exit_code(fail_on_conflict=fail_on_conflict) for client_run in runs]
    end_with(most_serious(codes))


def run_all_repeatedly(
    context: Context, options: SyncOptions, run_options: RunOptions, every: int
) -> None:
    """Run it for every client at an interval, until the process is asked to stop."""
    clients = context.all_clients()
    with (
        handle_signals_and_log(run_options, finish_on_ctrl_c=True) as run_id,
        suppress(Stopped),
    ):

        def attempt() -> Round:
            round_ = _run_round(clients, options, run_options, run_id)
            for client_run in round_.runs:
                report_in_a_line(client_run.run, run_options, client=client_run.client)
            return round_

        repeat(attempt, every=every, clock=time.monotonic, sleep=sleep)


def _run_round(
    clients: Sequence[Context], options: SyncOptions, run_options: RunOptions, run_id: RunId
) -> Round:
    """Run all clients. Their runs have the same id, which shows that they belong together."""
    began = datetime.now(UTC)
    run_id.run = new_run_id(began)
    with progress(*clients) as draw, time_limit(run_options.time_limit):

        def run_client(client: Context) -> SyncRun:
            def draw_client(what: str, done: int, total: int) -> None:
                draw(f"{client.name}: {what}", done, total)

            return start_run(
                client, options, run_options, run_id.run, draw_client, client=client.name
            )

        outcomes = for_each_client(clients, run_client)
    return Round([_client_run(outcome, run_id.run, began) for outcome in outcomes])


def _client_run(outcome: Outcome[SyncRun], run_id: str, began: datetime) -> ClientRun:
    run = outcome.result
    if run is None:  # its settings are wrong, so no run began
        run = SyncRun(run_id, began, 0.0, 0, error=outcome.error)
    ended: Outcome[SyncRun] = Outcome(outcome.client, error=run.error)
    has_written = run.result is not None and run.result.written and not run.result.dry_run
    where = where_to_look(outcome.client) if has_written else ""
    return ClientRun(outcome.client.name, run, ended.problem, where)


def _show_round(runs: Sequence[ClientRun], *, explain: bool) -> None:
    for client_run in runs:
        result = client_run.run.result
        if result is not None and (client_run.run.has_news or explain):
            echo(f"== {client_run.client} ==")
            render_sync.show(result, explain=explain)
            if client_run.where:
                echo_lines([client_run.where])
            echo()
    headers = ("Client", "Outcome", "Changed", "Conflicts", "Proposals", "Requests", "Seconds")
    table(headers, [client_run.row for client_run in runs])
    problems = [f"{run.client}: {run.problem}" for run in runs if run.problem]
    echo_lines(problems)
