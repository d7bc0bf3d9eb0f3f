"""`notion-pm plan`: what `apply` would change."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, end_with, json_option
from notion_pm.cli.render_plan import plan_lines
from notion_pm.cli.render_plan_markdown import plan_markdown
from notion_pm.cli.template_options import template_options
from notion_pm.gateway.limiter import NOTION_BUDGET
from notion_pm.planning.plan import Plan
from notion_pm.planning.wishes import Wishes
from notion_pm.storage import plan_file
from notion_pm.workflows import provision

_CHANGES = 2  # exit code of --exit-code


@click.command()
@template_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to this file as well: `notion-pm apply FILE` carries it out, unless something has moved.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for a pull request.",
)
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are changes: for jobs that watch for drift.")
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str,
    values: dict[str, str],
    wishes: Wishes,
    force: bool,
    allow_lossy: bool,
    output: Path | None,
    form: str,
    details: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show what `apply` would change in the workspace. Reads only.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: product.
    """
    reading, plan = provision.look(context.gateway, context.parent_page, template, values, wishes, jobs=context.jobs)
    if output is not None:
        variables = reading.loaded.variables
        made = plan_file.of(plan, template, variables, allow_lossy=allow_lossy, force=force)
        plan_file.write(output, made)
    _show(plan, "json" if as_json else form, context.budget or NOTION_BUDGET, details=details)
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    end_with(_CHANGES if exit_code and plan.changes else 0)


def _show(plan: Plan, form: str, budget: int, *, details: bool) -> None:
    if form == "json":
        echo_json(plan.as_data() | {"minutes": plan.minutes(budget)})
        return
    for line in plan_markdown(plan, budget) if form == "markdown" else plan_lines(plan, budget, details=details):
        echo(line)
