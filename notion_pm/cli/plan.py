"""`notion-pm plan`: what `apply` would change."""

from __future__ import annotations

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, end_with, json_option
from notion_pm.cli.render_plan import plan_lines
from notion_pm.cli.template_options import template_options
from notion_pm.workflows import provision

_CHANGES = 2  # exit code of --exit-code


@click.command()
@template_options
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are changes: for jobs that watch for drift.")
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
    details: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show what `apply` would change in the workspace. Reads only.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: product.
    """
    reading = provision.read(context.gateway, context.parent_page, template, values, jobs=context.jobs)
    plan = provision.plan(reading, with_rows=with_rows)
    if as_json:
        echo_json(plan.as_data())
    else:
        for line in plan_lines(plan, details=details):
            echo(line)
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    end_with(_CHANGES if exit_code and plan.changes else 0)
