"""`notion-pm apply --all`: every plan first, one yes, and then every client that is safe."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial

from notion_pm.console.all_clients import Outcome, attempt, continue_with, most_serious
from notion_pm.console.context import Context
from notion_pm.console.output import end_with, progress
from notion_pm.errors import UnsafeChange
from notion_pm.provision.commands.confirm_and_apply import apply_and_record, confirm_changes
from notion_pm.provision.commands.plan_all import (
    PlannedWorkspace,
    plan_client,
    print_results,
    raise_if_plan_unsafe,
    show_plans,
    summarize_client,
)
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.provision.provision import ApplyResult, PlanChanged
from notion_pm.state.lock import hold_run_lock
from notion_pm.workspace.progress import Progress


def apply_all(
    context: Context,
    template: str | None,
    apply_options: ApplyOptions,
    *,
    yes: bool,
    details: bool,
    as_json: bool,
) -> None:
    """Show every plan, ask once, and apply side by side what is safe."""
    asked = context.all_clients()
    clients = [Outcome(client, client) for client in asked]
    with ExitStack() as locks:
        locked = [
            attempt(partial(_lock, locks), each) for each in clients
        ]  # here: SQLite's locks belong to a thread
        with progress(*asked):
            looked = continue_with(
                locked, lambda client, _: plan_client(client, template, apply_options)
            )
        safe = continue_with(looked, lambda _, found: raise_if_plan_unsafe(found, apply_options))
        if not as_json:
            show_plans(looked, details=details)
        waiting = [
            len(each.value[1].changes)
            for each in safe
            if each.error is None and each.value[1].changes
        ]
        confirm_changes(
            sum(waiting),
            yes=yes,
            as_json=as_json,
            whose=f" to {len(waiting)} of {len(clients)} clients",
        )
        with progress(*asked) as shown:
            ended = continue_with(safe, partial(_carry_out, apply_options, shown, yes=yes))
    print_results(
        [summarize_client(*each, "applied") for each in zip(looked, ended, strict=True)],
        as_json=as_json,
    )
    end_with(most_serious(each.exit_code for each in ended))


def _lock(locks: ExitStack, client: Context, _: Context) -> None:
    locks.enter_context(hold_run_lock(client.state_home))


def _carry_out(
    apply_options: ApplyOptions,
    shown: Progress,
    client: Context,
    found: PlannedWorkspace,
    *,
    yes: bool,
) -> ApplyResult:
    """Carry out a client's plan if it is still the one that was shown.

    Raises UnsafeChange where it is another one, and a person agreed to the first.
    """

    def draw(what: str, done: int, total: int) -> None:
        shown(f"{client.name}: {what}", done, total)

    reading, plan = found
    try:
        return apply_and_record(client, plan, reading, apply_options, draw)
    except PlanChanged as changed:
        if yes:
            again = changed.plan.shown_again(plan)
            with suppress(PlanChanged):
                return apply_and_record(client, again, changed.reading, apply_options, draw)
        raise UnsafeChange(
            "Somebody changed this workspace after its plan was shown.",
            f"Nothing was changed. Look at its new plan:  notion-pm -w {client.name} apply",
        ) from None
