"""`notion-pm plan`: what `apply` would change."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.console.all_clients import all_option
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.output import echo, echo_json, end_with, json_option, progress
from notion_pm.errors import UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision import plan_file, provision
from notion_pm.provision.commands.plan_all import plan_all
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.commands.render_plan_markdown import plan_markdown
from notion_pm.provision.commands.template_options import ApplyOptions, template_options
from notion_pm.provision.plan.plan import Plan

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
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 2 when there are changes: for jobs that watch for drift.",
)
@all_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str | None,
    apply_options: ApplyOptions,
    output: Path | None,
    form: str,
    details: bool,
    exit_code: bool,
    everyone: bool,
    as_json: bool,
) -> None:
    """Show what `apply` would change in the workspace. Reads only.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: the one that notion-pm.toml
    names, or else the one that was applied here, or else product. With --all it is what every client is to have;
    without it each is held against its own.
    """
    if everyone:
        if output is not None or form == "markdown":
            raise UsageError(
                "A plan file and Markdown are of one client.",
                "Leave out --all, and name it with -w.",
            )
        plan_all(
            context,
            template,
            apply_options,
            details=details,
            exit_code=exit_code,
            as_json=as_json or form == "json",
        )
        return
    with progress(context):
        reading, plan = provision.plan_workspace(
            context.gateway,
            context.parent_page,
            context.template(template),
            apply_options.values,
            apply_options.plan_options,
            first=DEFAULT_TEMPLATE,
            jobs=context.jobs,
            home=context.state_home,
        )
    if output is not None:
        variables = reading.loaded.variables
        made = plan_file.of(
            plan,
            reading.reference,
            variables,
            allow_lossy=apply_options.allow_lossy,
            force=apply_options.force,
        )
        plan_file.write(output, made)
    _show(plan, "json" if as_json else form, context.budget or NOTION_BUDGET, details=details)
    plan.raise_if_unsafe(force=apply_options.force, allow_lossy=apply_options.allow_lossy)
    end_with(_CHANGES if exit_code and plan.changes else 0)


def _show(plan: Plan, form: str, budget: int, *, details: bool) -> None:
    if form == "json":
        echo_json(plan.as_data() | {"minutes": plan.minutes(budget)})
        return
    for line in (
        plan_markdown(plan, budget)
        if form == "markdown"
        else plan_lines(plan, budget, details=details)
    ):
        echo(line)
