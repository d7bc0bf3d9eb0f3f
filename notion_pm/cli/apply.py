"""`notion-pm apply`: make the workspace what the template says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from notion_pm.cli.apply_all import apply_all
from notion_pm.cli.applying import ask, carry_out
from notion_pm.cli.clients import all_option
from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, json_option, note, progress
from notion_pm.cli.render_plan import plan_lines
from notion_pm.cli.template_options import Terms, template_options
from notion_pm.errors import UnsafeChange, UsageError
from notion_pm.gateway.limiter import NOTION_BUDGET
from notion_pm.planning.plan import Plan
from notion_pm.storage import plan_file
from notion_pm.storage.lock import exclusive
from notion_pm.storage.plan_file import PlanFile
from notion_pm.workflows import provision


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be applied, and on which terms. A `checksum` is the word of who looked at the plan."""

    reference: str
    terms: Terms
    checksum: str | None = None
    planned: PlanFile | None = None


@click.command()
@template_options
@click.option("--checksum", metavar="X", help="Apply only the plan of this checksum, which somebody has looked at.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@all_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str | None,
    terms: Terms,
    checksum: str | None,
    yes: bool,
    details: bool,
    everyone: bool,
    as_json: bool,
) -> None:
    """Show the plan, ask, and carry it out. Applying again changes nothing.

    TEMPLATE is the name of a shipped template, the path of a template file, or a plan that `notion-pm plan -o
    plan.json` wrote: it is refused when the template or the workspace has moved since, and not asked about again.
    Default: the one that notion-pm.toml names, or else product. After an interruption run the same command again: it
    finds what was made, and makes only the rest.

    With --all every plan is shown first, and one yes is for all; a client with a plan that is dangerous or cannot be
    made is held back, and the others go on.
    """
    if everyone:
        if checksum is not None:
            raise UsageError("A checksum is of one client's plan.", "Leave out --all, and name the client with -w.")
        apply_all(context, template, terms, yes=yes, details=details, as_json=as_json)
        return
    order = _ordered(_Order(context.template(template), terms, checksum))
    with exclusive(context.state_home):
        with progress(context):
            reading, plan = provision.look(
                context.gateway,
                context.parent_page,
                order.reference,
                order.terms.values,
                order.terms.wishes,
                jobs=context.jobs,
                home=context.state_home,
            )
        if not as_json:
            for line in plan_lines(plan, context.budget or NOTION_BUDGET, details=details):
                echo(line)
        _refuse_if_moved(plan, order)
        plan.raise_if_unsafe(force=order.terms.force, allow_lossy=order.terms.allow_lossy)
        ask(len(plan.changes), yes=yes or order.checksum is not None, as_json=as_json)
        with progress(context) as shown:
            result = carry_out(context, plan, reading, order.terms, shown)
    if as_json:
        echo_json({"template": plan.template, "version": plan.version, **result.as_data()})
    elif plan.changes:
        echo(f"Done, and proved by reading it again: {result.sent} requests sent, {result.planned} planned.")


def _ordered(order: _Order) -> _Order:
    """Return what a plan file orders, where the template's argument names one."""
    if not order.reference.endswith(plan_file.SUFFIX):
        return order
    planned = plan_file.read(Path(order.reference))
    if planned.permits:
        note(f"{order.reference} was made with {' and '.join(planned.permits)}, which counts here too.")
    terms = Terms(
        planned.variables,
        planned.wishes,
        order.terms.force or planned.force,
        order.terms.allow_lossy or planned.allow_lossy,
    )
    return _Order(planned.reference, terms, planned.checksum, planned)


def _refuse_if_moved(plan: Plan, order: _Order) -> None:
    if order.checksum not in {None, plan.checksum}:
        raise UnsafeChange(
            "The plan is stale: the template, the workspace or the plan file has changed since it was made.",
            f"Nothing was changed. Look at it as it is now:  notion-pm plan {order.reference} -o plan.json",
        )
    if order.planned is not None and not order.planned.is_as_written(plan):
        raise UnsafeChange(
            "The plan file was edited after notion-pm wrote it, so it may show or permit what nobody agreed to.",
            f"Nothing was changed. Write it again:  notion-pm plan {order.reference} -o plan.json",
        )
