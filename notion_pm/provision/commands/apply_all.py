"""`notion-pm apply --all`: show every plan, ask once, then apply for every client that is safe."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial

from notion_pm.console.all_clients import Outcome, attempt, continue_with, most_serious
from notion_pm.console.context import Context
from notion_pm.console.output import echo, end_with, progress
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
    """Show every plan, ask once, and apply what is safe for all clients in parallel."""
    clients = context.all_clients()
    with ExitStack() as locks:
        # The locks are taken in this thread, one by one: an SQLite lock belongs to a thread.
        locked = [
            attempt(partial(_hold_lock, locks), Outcome(client, client)) for client in clients
        ]
        with progress(*clients):
            planned = continue_with(
                locked, lambda client, _: plan_client(client, template, apply_options)
            )
        # An unsafe plan becomes this client's error, so the client is left out of the question and
        # the apply.
        safe = continue_with(planned, lambda _, found: raise_if_plan_unsafe(found, apply_options))
        if not as_json:
            show_plans(planned, details=details)
        _confirm(safe, yes=yes, as_json=as_json)
        with progress(*clients) as drawn:
            applied = continue_with(safe, partial(_apply_client, apply_options, drawn, yes=yes))
    results = [
        summarize_client(plan_outcome, apply_outcome, "applied")
        for plan_outcome, apply_outcome in zip(planned, applied, strict=True)
    ]
    print_results(results, as_json=as_json)
    if not as_json and any(result.outcome == "applied" for result in results):
        echo("\nNext:  notion-pm sync --all  to update what the templates compute")
    end_with(most_serious(outcome.exit_code for outcome in applied))


def _hold_lock(locks: ExitStack, client: Context, _: Context) -> None:
    locks.enter_context(hold_run_lock(client.state_home))


def _confirm(safe: list[Outcome[PlannedWorkspace]], *, yes: bool, as_json: bool) -> None:
    """Ask once for the changes of all clients. Clients with an error are left out."""
    change_counts = []
    for outcome in safe:
        if outcome.result is not None and outcome.result[1].changes:
            change_counts.append(len(outcome.result[1].changes))
    to_whom = f" to {len(change_counts)} of {len(safe)} clients"
    confirm_changes(sum(change_counts), yes=yes, as_json=as_json, to_whom=to_whom)


def _apply_client(
    apply_options: ApplyOptions,
    drawn: Progress,
    client: Context,
    found: PlannedWorkspace,
    *,
    yes: bool,
) -> ApplyResult:
    """Apply a client's plan if it is still the plan that was shown.

    With `yes` no certain plan was agreed to, so a changed plan is applied as well, once. Raises
    UnsafeChange if the plan is another one and a person agreed to the first.
    """

    def draw(what: str, done: int, total: int) -> None:
        drawn(f"{client.name}: {what}", done, total)

    reading, plan = found
    try:
        return apply_and_record(client, plan, reading, apply_options, draw)
    except PlanChanged as changed:
        if yes:
            new_plan = changed.plan.shown_again(plan)
            with suppress(PlanChanged):
                return apply_and_record(client, new_plan, changed.reading, apply_options, draw)
        raise UnsafeChange(
            "This workspace changed after its plan was shown.",
            f"Nothing was changed. Look at its new plan:  notion-pm -w {client.name} apply",
        ) from None
