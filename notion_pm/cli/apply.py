"""`notion-pm apply`: make the workspace what the template says."""

from __future__ import annotations

import sys
from functools import partial

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, json_option, progress
from notion_pm.cli.render_plan import plan_lines
from notion_pm.cli.template_options import template_options
from notion_pm.errors import UsageError
from notion_pm.planning.plan import Plan
from notion_pm.storage.lock import exclusive
from notion_pm.workflows import provision
from notion_pm.workflows.sync_memory import remember


@click.command()
@template_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str,
    values: dict[str, str],
    with_rows: bool | None,
    force: bool,
    allow_lossy: bool,
    yes: bool,
    details: bool,
    as_json: bool,
) -> None:
    """Show the plan, ask, and carry it out. Applying again changes nothing.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: product. After an interruption
    run the same command again: it finds what was made, and makes only the rest.
    """
    with exclusive(context.state_directory):
        reading = provision.read(context.gateway, context.parent_page, template, values, jobs=context.jobs)
        plan = provision.plan(reading, with_rows=with_rows)
        if not as_json:
            for line in plan_lines(plan, details=details):
                echo(line)
        plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
        _ask(plan, yes=yes, as_json=as_json)
        with progress() as shown:
            result = provision.apply(
                context.gateway,
                plan,
                reading,
                now=context.now(),
                jobs=context.jobs,
                progress=shown,
                force=force,
                allow_lossy=allow_lossy,
                made=partial(remember, context.state_directory, reading.loaded),
            )
    if as_json:
        echo_json({"template": plan.template, "version": plan.version, **result.as_data()})
    elif plan.changes:
        echo(f"Done, and proved by reading it again: {result.sent} requests sent, {result.planned} planned.")


def _ask(plan: Plan, *, yes: bool, as_json: bool) -> None:
    """Get a person's word.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes or not plan.changes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"{len(plan.changes)} changes wait for a yes, and there is no terminal to ask on.",
            "Look at them with  notion-pm plan, then run  notion-pm apply --yes.",
        )
    click.confirm("Apply these changes?", abort=True)
