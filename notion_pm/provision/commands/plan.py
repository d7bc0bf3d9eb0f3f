"""`notion-pm plan`: show what `apply` would change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from notion_pm.console.all_clients import all_option
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.output import echo, echo_json, end_with, json_option, progress
from notion_pm.errors import UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision import plan_file, provision
from notion_pm.provision.commands.plan_all import plan_all
from notion_pm.provision.commands.render_plan import plan_lines, terminal_layout
from notion_pm.provision.commands.render_plan_markdown import plan_markdown
from notion_pm.provision.commands.template_options import ApplyOptions, template_options
from notion_pm.provision.plan.plan import Plan

_EXIT_CHANGES = 2
"""Exit code of --exit-code when there are changes."""


@click.command()
@template_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to this file as well; `notion-pm apply FILE` applies it if nothing has "
    "changed since.",
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

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: the
    template in notion-pm.toml, else the one applied here before, else product. With --all it is the
    template for every client; without it each client is compared with its own.
    """
    if as_json:
        form = "json"
    if everyone:
        if output is not None or form == "markdown":
            raise UsageError(
                "A plan file and Markdown show the plan of one client.",
                "Leave out --all, and name the client with -w.",
            )
        plan_all(
            context,
            template,
            apply_options,
            details=details,
            exit_code=exit_code,
            as_json=form == "json",
        )
        return
    with progress(context):
        reading, plan = provision.plan_workspace(
            context.notion,
            context.parent_page,
            context.template(template),
            apply_options.values,
            apply_options.plan_options,
            first=DEFAULT_TEMPLATE,
            jobs=context.jobs,
            home=context.state_home,
        )
    force, allow_lossy = apply_options.force, apply_options.allow_lossy
    if output is not None:
        planned = plan_file.make_plan_file(
            plan,
            reading.reference,
            reading.loaded.variables,
            allow_lossy=allow_lossy,
            force=force,
        )
        plan_file.write_plan_file(output, planned)
    budget = context.budget or NOTION_BUDGET
    if form == "json":
        echo_json(plan.as_data() | {"minutes": plan.minutes(budget)})
    else:
        for line in _lines(plan, form, budget, context.name, details=details):
            echo(line)
    # After the output: an unsafe plan is shown, and ends with exit code 3.
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    end_with(_EXIT_CHANGES if exit_code and plan.changes else 0)


def _lines(plan: Plan, form: str, budget: int, client: str, *, details: bool) -> Iterator[str]:
    if form == "markdown":
        return plan_markdown(plan, budget)
    return plan_lines(plan, budget, details=details, layout=terminal_layout(), clients=[client])
