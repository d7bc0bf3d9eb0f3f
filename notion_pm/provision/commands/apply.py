"""`notion-pm apply`: make the workspace what the template says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import click

from notion_pm.console.all_clients import all_option
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.errors import PlanKeepsChanging, UnsafeChange, UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision import plan_file, provision
from notion_pm.provision.commands.apply_all import apply_all
from notion_pm.provision.commands.confirm_and_apply import apply_and_record, confirm_changes
from notion_pm.provision.commands.plan_all import PlannedWorkspace
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.commands.template_options import ApplyOptions, template_options
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.plan_file import PlanFile
from notion_pm.provision.provision import ApplyResult, PlanChanged
from notion_pm.state.lock import hold_run_lock
from notion_pm.workspace.lock import raise_if_locked


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What is to be applied, and on which apply_options. A `checksum` is the word of who looked at the plan."""

    reference: str | None
    apply_options: ApplyOptions
    checksum: str | None = None
    planned: PlanFile | None = None


@click.command()
@template_options
@click.option(
    "--checksum",
    metavar="X",
    help="Apply only the plan of this checksum, which somebody has looked at.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@all_option
@json_option
@pass_context
@locks_workspace
def command(
    context: Context,
    *,
    template: str | None,
    apply_options: ApplyOptions,
    checksum: str | None,
    yes: bool,
    details: bool,
    everyone: bool,
    as_json: bool,
) -> None:
    """Show the plan, ask, and apply it. Applying again changes nothing.

    TEMPLATE is the name of a shipped template, the path of a template file, or a plan that `notion-pm plan -o
    plan.json` wrote: it is refused when the template or the workspace has moved since, and not asked about again.
    Default: the one that notion-pm.toml names, or else the one that was applied here, or else product. After an
    interruption run the same command again: it finds what was made, and makes only the rest.

    After the yes the plan is made once more. If it is another one by then, it is shown and asked about again.

    With --all every plan is shown first, and one yes is for all; a client with a plan that is dangerous or cannot be
    made is held back, and the others go on.
    """
    if everyone:
        if checksum is not None:
            raise UsageError(
                "A checksum is of one client's plan.",
                "Leave out --all, and name the client with -w.",
            )
        apply_all(context, template, apply_options, yes=yes, details=details, as_json=as_json)
        return
    order = _ordered(ApplyRequest(context.template(template), apply_options, checksum))
    with hold_run_lock(context.state_home):
        reading, plan = _look(context, order)
        _show(context, plan, details=details, as_json=as_json)
        _check(plan, order)
        if plan.operations and reading.page is not None:
            reading.page.refuse_if_edited()
            now = context.gateway.server_time(context.now())
            raise_if_locked(reading.page.claims, context.claimant("apply"), now)
        result = _apply_when_agreed(
            context, order, (reading, plan), yes=yes, details=details, as_json=as_json
        )
    if as_json:
        echo_json({"template": plan.template, "version": plan.version, **result.as_data()})
    elif result.changes:
        echo(
            f"Done, and proved by reading it again: {result.sent} requests sent, {result.planned} planned."
        )


def _look(context: Context, order: ApplyRequest) -> PlannedWorkspace:
    with progress(context):
        return provision.plan_workspace(
            context.gateway,
            context.parent_page,
            order.reference,
            order.apply_options.values,
            order.apply_options.plan_options,
            first=DEFAULT_TEMPLATE,
            jobs=context.jobs,
            home=context.state_home,
        )


def _show(context: Context, plan: Plan, *, details: bool, as_json: bool) -> None:
    if not as_json:
        for line in plan_lines(plan, context.budget or NOTION_BUDGET, details=details):
            echo(line)


def _check(plan: Plan, order: ApplyRequest) -> None:
    """Raise UnsafeChange for a plan that is not the one somebody looked at, or not safe."""
    _refuse_if_moved(plan, order)
    plan.raise_if_unsafe(
        force=order.apply_options.force, allow_lossy=order.apply_options.allow_lossy
    )


def _apply_when_agreed(
    context: Context,
    order: ApplyRequest,
    shown: PlannedWorkspace,
    *,
    yes: bool,
    details: bool,
    as_json: bool,
) -> ApplyResult:
    """Ask, plan once more, and carry the plan out if it is still the one that was shown; otherwise ask again.

    Raises PlanKeepsChanging where nobody is asked and the plan changes again and again.
    """
    nobody_is_asked = yes or order.checksum is not None
    for attempt in count():
        plan = shown[1]
        confirm_changes(len(plan.changes), yes=nobody_is_asked, as_json=as_json)
        try:
            with progress(context) as drawn:
                return apply_and_record(context, plan, shown[0], order.apply_options, drawn)
        except PlanChanged as changed:
            _refuse_if_moved(changed.plan, order)
            if nobody_is_asked and attempt:
                raise PlanKeepsChanging from None
            shown = changed.reading, changed.plan.shown_again(plan)
        note("The workspace changed while you were deciding. The new plan:")
        _show(context, shown[1], details=details, as_json=as_json)
    raise AssertionError("the loop ends by returning or raising")


def _ordered(order: ApplyRequest) -> ApplyRequest:
    """Return what a plan file orders, where the template's argument names one."""
    if order.reference is None or not order.reference.endswith(plan_file.SUFFIX):
        return order
    planned = plan_file.read(Path(order.reference))
    if planned.permits:
        note(
            f"{order.reference} was made with {' and '.join(planned.permits)}, which counts here too."
        )
    apply_options = ApplyOptions(
        planned.variables,
        planned.options,
        order.apply_options.force or planned.force,
        order.apply_options.allow_lossy or planned.allow_lossy,
    )
    return ApplyRequest(planned.reference, apply_options, planned.checksum, planned)


def _refuse_if_moved(plan: Plan, order: ApplyRequest) -> None:
    if order.checksum not in {None, plan.checksum}:
        raise UnsafeChange(
            "The plan is stale: the template, the workspace or the plan file has changed since it was made.",
            f"Nothing was changed. Look at it as it is now:  notion-pm plan {order.reference or ''} -o plan.json",
        )
    if order.planned is not None and not order.planned.is_as_written(plan):
        raise UnsafeChange(
            "The plan file was edited after notion-pm wrote it, so it may show or permit what nobody agreed to.",
            f"Nothing was changed. Write it again:  notion-pm plan {order.reference} -o plan.json",
        )
