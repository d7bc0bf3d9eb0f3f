"""`notion-pm apply`: make the workspace what the template says."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, json_option, progress
from notion_pm.cli.render_plan import plan_lines
from notion_pm.cli.template_options import template_options
from notion_pm.errors import UnsafeChange, UsageError
from notion_pm.gateway.limiter import NOTION_BUDGET
from notion_pm.planning.plan import Plan
from notion_pm.planning.wishes import Wishes
from notion_pm.storage import plan_file
from notion_pm.storage.lock import exclusive
from notion_pm.workflows import provision
from notion_pm.workflows.provision import ApplyResult, Reading
from notion_pm.workflows.sync_memory import remember


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be applied, and under which conditions. A `checksum` is the word of who looked at the plan."""

    reference: str
    values: dict[str, str]
    wishes: Wishes
    force: bool
    allow_lossy: bool
    checksum: str | None = None


@click.command()
@template_options
@click.option("--checksum", metavar="X", help="Apply only the plan of this checksum, which somebody has looked at.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
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
    checksum: str | None,
    yes: bool,
    details: bool,
    as_json: bool,
) -> None:
    """Show the plan, ask, and carry it out. Applying again changes nothing.

    TEMPLATE is the name of a shipped template, the path of a template file, or a plan that `notion-pm plan -o
    plan.json` wrote: it is refused when the template or the workspace has moved since, and not asked about again.
    Default: product. After an interruption run the same command again: it finds what was made, and makes only the rest.
    """
    order = _ordered(_Order(template, values, wishes, force, allow_lossy, checksum))
    with exclusive(context.state_directory):
        reading, plan = provision.look(
            context.gateway, context.parent_page, order.reference, order.values, order.wishes, jobs=context.jobs
        )
        if not as_json:
            for line in plan_lines(plan, context.budget or NOTION_BUDGET, details=details):
                echo(line)
        _refuse_if_moved(plan, order)
        plan.raise_if_unsafe(force=order.force, allow_lossy=order.allow_lossy)
        _ask(plan, yes=yes or order.checksum is not None, as_json=as_json)
        result = _apply(context, plan, reading, order)
    if as_json:
        echo_json({"template": plan.template, "version": plan.version, **result.as_data()})
    elif plan.changes:
        echo(f"Done, and proved by reading it again: {result.sent} requests sent, {result.planned} planned.")


def _ordered(order: _Order) -> _Order:
    """Return what a plan file orders, where the template's argument names one."""
    if not order.reference.endswith(plan_file.SUFFIX):
        return order
    planned = plan_file.read(Path(order.reference))
    return _Order(
        planned.reference,
        planned.variables,
        planned.wishes,
        order.force or planned.force,
        order.allow_lossy or planned.allow_lossy,
        planned.checksum,
    )


def _refuse_if_moved(plan: Plan, order: _Order) -> None:
    if order.checksum not in {None, plan.checksum}:
        raise UnsafeChange(
            "The plan is stale: the template or the workspace has moved since it was made.",
            f"Nothing was changed. Look at it as it is now:  notion-pm plan {order.reference} -o plan.json",
        )


def _apply(context: Context, plan: Plan, reading: Reading, order: _Order) -> ApplyResult:
    with progress() as shown:
        return provision.apply(
            context.gateway,
            plan,
            reading,
            now=context.now(),
            jobs=context.jobs,
            progress=shown,
            force=order.force,
            allow_lossy=order.allow_lossy,
            made=partial(remember, context.state_directory, reading.loaded),
        )


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
