"""Sync as Prefect flows: the workspaces of notion-pm.toml on as many machines as there are workers.

    pip install 'notion-pm[prefect]'
    python -m notion_pm.jobs.flows --every 15m  # one machine: registers the schedule, and runs it

Each workspace is a task. Workspaces with the same token share one of Prefect's concurrency limits,
so that only one task at a time uses the token's request budget. A task is repeated when Notion
cannot be reached or asks to wait. An error that needs a person fails the task; the other tasks
continue.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack, suppress
from typing import Any

import click
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists
from prefect.futures import wait

from notion_pm.config import Local
from notion_pm.console.context import Context
from notion_pm.console.durations import duration
from notion_pm.console.root_options import RootOptions
from notion_pm.errors import NotionPmError, RateLimited, Unavailable
from notion_pm.sync.commands.runs import RunOptions, new_run_id, start_run
from notion_pm.sync.run import SyncRun
from notion_pm.sync.sync import SyncOptions
from notion_pm.workspace.progress import no_progress

_RETRIES = 3
_PAUSES = [60, 300, 900]
"""Seconds before each retry: longer than the retries within a run."""
_OPTIONS = RootOptions(
    local=None, local_from_environment=False, workspace=None, jobs=4, max_wait=900, debug=False
)


class SyncFailed(Exception):
    """The sync of a workspace failed. `passes`: whether a later attempt may succeed."""

    def __init__(self, error: NotionPmError) -> None:
        super().__init__(f"{error} {error.advice}".strip())
        self.passes = isinstance(error, RateLimited | Unavailable)


def limit_of(context: Context) -> str:
    """Return the name of the concurrency limit for a workspace's token."""
    # The name is shown in Prefect, so it contains only a fingerprint of the token.
    target = context.target
    secret = (
        str(target.path.resolve()) if isinstance(target, Local) else target.token.get_secret_value()
    )
    return f"notion-pm-{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _passes(task: Any, task_run: Any, state: Any) -> bool:
    """Return whether to repeat a failed task."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, SyncFailed) and error.passes


@task(
    task_run_name="sync {client}",
    retries=_RETRIES,
    retry_delay_seconds=_PAUSES,
    retry_condition_fn=_passes,
)
def sync_workspace(client: str) -> dict[str, Any]:
    """Sync one workspace of notion-pm.toml, and return the data of `notion-pm sync --json`.

    If another run is working, this one is skipped; that is not a failure. Raises SyncFailed.
    """
    with ExitStack() as closing:
        try:
            done = _sync_within_limit(_client(client, closing))
        except NotionPmError as error:
            raise SyncFailed(error) from None
    if done.error is not None and done.outcome == "failed":
        raise SyncFailed(done.error)
    return {"client": client, **done.as_data()}


def _sync_within_limit(context: Context) -> SyncRun:
    limit = limit_of(context)
    with (
        get_client(sync_client=True) as server,
        suppress(ObjectAlreadyExists),  # another task has created it
    ):
        server.upsert_global_concurrency_limit_by_name(limit, 1)
    with concurrency(limit, occupy=1, strict=True):
        return start_run(
            context,
            SyncOptions(),
            RunOptions(),
            new_run_id(context.now()),
            no_progress,
            client=context.name,
        )


@flow(name="notion-pm sync")
def sync_workspaces(clients: list[str] | None = None) -> list[dict[str, Any]]:
    """Sync the workspaces of notion-pm.toml, or the given ones. Fails when one of them failed."""
    with ExitStack() as closing:
        context = Context(_OPTIONS, closing.callback)
        names = clients or [client.name for client in context.all_clients()]
    futures = [sync_workspace.submit(name) for name in names]
    # Wait for all before reading results: `result` raises for the first failed task, and the
    # others must be able to finish.
    wait(futures)
    return [future.result() for future in futures]


def _client(name: str, closing: ExitStack) -> Context:
    known = Context(_OPTIONS, closing.callback).all_clients()
    return next(client for client in known if client.name == name)


@click.command()
@click.option(
    "--every",
    type=duration,
    metavar="TIME",
    default="15m",
    show_default=True,
    help="How often: 15m, 2h.",
)
@click.option(
    "--once",
    is_flag=True,
    help="Run once now, print the results as JSON, and exit with 1 if a workspace failed.",
)
def main(*, every: int, once: bool) -> None:
    """Sync every workspace of notion-pm.toml by Prefect's schedule, on this machine."""
    if once:
        try:
            click.echo(json.dumps(sync_workspaces(), ensure_ascii=False))
        except SyncFailed as failed:
            raise click.ClickException(str(failed)) from None
    else:
        sync_workspaces.serve(name="notion-pm", interval=every)


if __name__ == "__main__":
    main()
