"""What `apply` does for one client and for many, and undo as well: ask, and carry out."""

from __future__ import annotations

import sys

import click

from notion_pm.console.context import Context
from notion_pm.errors import UsageError
from notion_pm.provision import provision
from notion_pm.provision.apply.recording import apply_recorded
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import ApplyResult, Reading
from notion_pm.workspace.progress import Progress


def apply_and_record(
    client: Context, plan: Plan, reading: Reading, apply_options: ApplyOptions, progress: Progress
) -> ApplyResult:
    """Plan once more, carry the plan out, and remember what sync and `undo` have to know of it.

    Raises PlanChanged where it is another plan by now: while somebody reads one, others edit the workspace.
    """

    def plan_again() -> tuple[Reading, Plan]:
        found = provision.plan_workspace_again(
            client.gateway, reading, plan, apply_options.values, jobs=client.jobs
        )
        found[1].raise_if_unsafe(force=apply_options.force, allow_lossy=apply_options.allow_lossy)
        return found

    return apply_recorded(
        client.gateway,
        plan,
        reading,
        client.state_directory,
        state_home=client.state_home,
        now=client.now(),
        jobs=client.jobs,
        progress=progress,
        force=apply_options.force,
        allow_lossy=apply_options.allow_lossy,
        claimant=client.claimant("apply"),
        again=plan_again,
    )


def confirm_changes(changes: int, *, yes: bool, as_json: bool, whose: str = "") -> None:
    """Get a person's word.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes or not changes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"{changes} changes wait for a yes, and there is no terminal to ask on.",
            "Look at them with  notion-pm plan, then run  notion-pm apply --yes.",
        )
    click.confirm(f"Apply these changes{whose}?", abort=True)
