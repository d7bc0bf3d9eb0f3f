"""`notion-pm sync`: carry status and evidence along the relations."""

from __future__ import annotations

from datetime import timedelta

import click

from notion_pm.console.all_clients import all_option
from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.durations import duration
from notion_pm.console.logs import LEVELS
from notion_pm.console.output import json_option
from notion_pm.model.rule import OnConflict
from notion_pm.sync.commands.sync_all import AllClients
from notion_pm.sync.commands.sync_job import Job
from notion_pm.sync.commands.sync_runs import RunOptions
from notion_pm.sync.sync import SyncOptions


@click.command(short_help="Carry status and evidence along the relations.")
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
    help="Say for each change which rule made it, and because of which pages.",
)
@click.option(
    "--full",
    is_flag=True,
    help="Read everything anew, not only what was edited since the last sync.",
)
@click.option("--force", is_flag=True, help="Accept changes to more than 30 % of a database.")
@click.option(
    "--on-conflict",
    type=click.Choice(["keep", "rule", "newest"]),
    help="Settle all conflicts this way, once: keep what people set, take what rules say, or what is newest.",
)
@click.option(
    "--keep-history",
    type=click.IntRange(1),
    default=730,
    show_default=True,
    metavar="DAYS",
    help="Forget what happened earlier than so many days ago.",
)
@click.option(
    "--fail-on-conflict", is_flag=True, help="Exit with 4 when people and rules disagree."
)
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Tell a Slack-compatible webhook of changes, of new conflicts, and when runs begin or cease to fail.",
)
@click.option(
    "--every",
    type=duration,
    metavar="TIME",
    help="Run again and again, on this beat, until asked to stop (SIGTERM, Ctrl-C).",
)
@click.option(
    "--time-limit",
    type=duration,
    metavar="TIME",
    help="Stop after this time; the next run does what is left.",
)
@click.option(
    "--wait-for-lock",
    type=duration,
    metavar="TIME",
    default=0,
    help="Wait so long for another run of this workspace to end.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when nothing changed.")
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="warning",
    help="Log to stderr from this level on.",
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
    """Carry status and evidence along the relations, by the rules of the template.

    What people set by hand stays: where a rule disagrees, both values are reported as a conflict. Run it as often as
    you like: a second run right after changes nothing.

    With --every it prints a line for each run that changed something; with --json a line of JSON for each run.

    With --all one client's failure is nobody else's, and workspaces of one token share its budget. The exit code is the
    most serious one.

    Exit codes: 0 done, 1 error, 3 too much would change, 4 conflicts (with --fail-on-conflict), 5 left for the next
    run (another one is running, asked to stop, time is up). With --every: 0 when asked to stop.
    """
    options = SyncOptions(
        template=template,
        dry_run=dry_run,
        full=full,
        force=force,
        policy=on_conflict,
        keep_history=timedelta(days=keep_history),
    )
    manner = RunOptions(
        explain=explain,
        as_json=as_json,
        quiet=quiet,
        fail_on_conflict=fail_on_conflict,
        notify=notify,
        time_limit=time_limit,
        wait_for_lock=wait_for_lock,
        log_level=log_level,
    )
    job = (AllClients if everyone else Job)(context, options, manner)
    if every is None:
        job.once()
    elif full or force or on_conflict or fail_on_conflict:
        raise click.UsageError(
            "--full, --force, --on-conflict and --fail-on-conflict are for one run, not for --every."
        )
    else:
        job.every(every)
