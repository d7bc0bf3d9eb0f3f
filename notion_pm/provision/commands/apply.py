"""`notion-pm apply`: make the workspace what the template says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import click

from notion_pm.console.all_clients import all_option
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.locking import check_template, locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.errors import PlanKeepsChanging, UnsafeChange, UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision import plan_file, provision
from notion_pm.provision.commands.apply_all import apply_all
from notion_pm.provision.commands.confirm_and_apply import (
    apply_and_record,
    confirm_changes,
    result_lines,
)
from notion_pm.provision.commands.plan_all import PlannedWorkspace
from notion_pm.provision.commands.render_plan import plan_lines, terminal_layout
from notion_pm.provision.commands.template_options import ApplyOptions, template_options
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.plan_file import PlanFile
from notion_pm.provision.provision import ApplyResult, PlanChanged
from notion_pm.state.lock import hold_run_lock
from notion_pm.workspace.lock import raise_if_locked


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What the user asked for: a template with options, and how to show and confirm the plan.

    `checksum`: only the plan with this checksum may be applied, because a person reviewed it.
    `planned`: the plan file that was given instead of a template.
    """

    reference: str | None
    apply_options: ApplyOptions
    checksum: str | None = None
    planned: PlanFile | None = None
    yes: bool = False
    details: bool = False
    as_json: bool = False

    @property
    def needs_no_answer(self) -> bool:
        """Whether no question is asked: with --yes, or if the plan was reviewed before."""
        return self.yes or self.checksum is not None


def _check_input(context: Context, options: Mapping[str, Any]) -> str | None:
    """Read the template or the plan file. Return the template's name, None when none is given."""
    reference = context.template(options["template"])
    if reference is None:
        return None
    if reference.endswith(plan_file.SUFFIX):
        planned = plan_file.read_plan_file(Path(reference))
        return check_template(planned.reference, planned.variables)
    apply_options: ApplyOptions = options["apply_options"]
    return check_template(reference, apply_options.values)


@click.command()
@template_options
@click.option(
    "--checksum",
    metavar="X",
    help="Apply only the plan with this checksum, which a person has reviewed.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--details", is_flag=True, help="A line for every property, view and row.")
@all_option
@json_option
@pass_context
@locks_workspace(_check_input)
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

    TEMPLATE is the name of a shipped template, the path of a template file, or a plan file that
    `notion-pm plan -o plan.json` wrote. A plan file is applied without a question, and refused if
    the template or the workspace has changed since. Default: the template in notion-pm.toml, else
    the one applied here before, else product.

    After your yes the plan is made again. If it has changed, it is shown and you are asked again.
    After an interruption, run the same command again: it finds what was created, and creates the
    rest.

    With --all every plan is shown first, and one yes is for all. A client whose plan is dangerous
    or cannot be applied is held back; that does not stop the others.
    """
    if everyone:
        if checksum is not None:
            raise UsageError(
                "A checksum belongs to the plan of one client.",
                "Leave out --all, and name the client with -w.",
            )
        apply_all(context, template, apply_options, yes=yes, details=details, as_json=as_json)
        return

    request = ApplyRequest(
        context.template(template),
        apply_options,
        checksum,
        yes=yes,
        details=details,
        as_json=as_json,
    )
    if request.reference is not None and request.reference.endswith(plan_file.SUFFIX):
        request = _with_plan_file(request, Path(request.reference))
    with hold_run_lock(context.state_home):
        reading, plan = _plan(context, request)
        _show(context, plan, request)
        _raise_if_not_allowed(plan, request)
        if plan.operations and reading.page is not None:
            # Before the question: a plan that cannot be applied now need not be read.
            reading.page.refuse_if_edited()
            now = context.notion.server_time(context.now())
            raise_if_locked(reading.page.claims, context.claimant("apply"), now)
        plan, result = _apply_when_confirmed(context, request, (reading, plan))
    if as_json:
        echo_json({"template": plan.template, "version": plan.version, **result.as_data()})
    elif result.changes:
        for line in result_lines(context, plan, result):
            echo(line)


def _with_plan_file(request: ApplyRequest, path: Path) -> ApplyRequest:
    """Return the request with the template, options and checksum of a plan file."""
    planned = plan_file.read_plan_file(path)
    if planned.given_consents:
        consents = " and ".join(planned.given_consents)
        note(f"{path} was made with {consents}, which applies here too.")
    apply_options = ApplyOptions(
        planned.variables,
        planned.options,
        force=request.apply_options.force or planned.force,
        allow_lossy=request.apply_options.allow_lossy or planned.allow_lossy,
    )
    return replace(
        request,
        reference=planned.reference,
        apply_options=apply_options,
        checksum=planned.checksum,
        planned=planned,
    )


def _plan(context: Context, request: ApplyRequest) -> PlannedWorkspace:
    with progress(context):
        return provision.plan_workspace(
            context.notion,
            context.parent_page,
            request.reference,
            request.apply_options.values,
            request.apply_options.plan_options,
            first=DEFAULT_TEMPLATE,
            jobs=context.jobs,
            home=context.state_home,
        )


def _show(context: Context, plan: Plan, request: ApplyRequest) -> None:
    if request.as_json:
        return
    budget = context.budget or NOTION_BUDGET
    for line in plan_lines(
        plan, budget, details=request.details, layout=terminal_layout(), clients=[context.name]
    ):
        echo(line)


def _raise_if_not_allowed(plan: Plan, request: ApplyRequest) -> None:
    """Raise UnsafeChange for a plan that is not the reviewed one, or not safe."""
    _raise_if_not_reviewed(plan, request)
    plan.raise_if_unsafe(
        force=request.apply_options.force, allow_lossy=request.apply_options.allow_lossy
    )


def _raise_if_not_reviewed(plan: Plan, request: ApplyRequest) -> None:
    """Raise UnsafeChange if a reviewed plan was given, and this is another one."""
    reference = request.reference or ""
    if request.checksum not in {None, plan.checksum}:
        raise UnsafeChange(
            "The plan is out of date: the template, the workspace or the plan file has changed "
            "since it was made.",
            f"Nothing was changed. Look at the new plan:  notion-pm plan {reference} -o plan.json",
        )
    if request.planned is not None and not request.planned.is_unedited(plan):
        raise UnsafeChange(
            "The plan file was edited after notion-pm wrote it, so it may show or permit changes "
            "that were never reviewed.",
            f"Nothing was changed. Write it again:  notion-pm plan {reference} -o plan.json",
        )


def _apply_when_confirmed(
    context: Context, request: ApplyRequest, shown: PlannedWorkspace
) -> tuple[Plan, ApplyResult]:
    """Ask, plan again, and apply the plan if it is still the plan that was shown; else ask again.

    Raises PlanKeepsChanging if no question is asked and the plan changes a second time.
    """
    for attempt in count():
        reading, plan = shown
        confirm_changes(len(plan.changes), yes=request.needs_no_answer, as_json=request.as_json)
        try:
            with progress(context) as drawn:
                result = apply_and_record(context, plan, reading, request.apply_options, drawn)
            return plan, result
        except PlanChanged as changed:
            # With a plan file or checksum, any other plan is refused, not shown.
            _raise_if_not_reviewed(changed.plan, request)
            # A first change is accepted with --yes. A second one means that people are at work in
            # there.
            if request.needs_no_answer and attempt:
                raise PlanKeepsChanging from None
            shown = changed.reading, changed.plan.shown_again(plan)
        note("The workspace changed while you were deciding. The new plan:")
        _show(context, shown[1], request)
    raise AssertionError("the loop ends by returning or raising")
