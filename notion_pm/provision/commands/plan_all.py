"""`notion-pm plan --all`: what `apply --all` would change, client by client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.console.all_clients import Outcome, continue_with, for_each_client, most_serious
from notion_pm.console.context import Context
from notion_pm.console.output import echo, echo_json, end_with, progress, table
from notion_pm.errors import UnsafeChange
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision import provision
from notion_pm.provision.commands.render_plan import Layout, plan_body, plan_lines, terminal_layout
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import Reading

_EXIT_CHANGES = 2
"""Exit code of --exit-code when there are changes."""

PlannedWorkspace = tuple[Reading, Plan]


@dataclass(frozen=True, slots=True)
class ClientPlanResult:
    """What the table and the JSON say about one client.

    A client that is held back has a plan and a problem.
    """

    client: str
    outcome: str
    plan: Plan | None = None
    problem: str = ""
    requests: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {
            "client": self.client,
            "outcome": self.outcome,
            "changes": len(self.plan.changes) if self.plan else None,
            "requests": self.requests,
            "problem": self.problem,
            "plan": self.plan.as_data() if self.plan else None,
        }

    @property
    def row(self) -> tuple[str, ...]:
        """The client's row in the table."""
        template, changes = "", ""
        if self.plan is not None:
            template, changes = self.plan.template, str(len(self.plan.changes))
        return (self.client, self.outcome, template, changes, str(self.requests))


def plan_all(
    context: Context,
    template: str | None,
    apply_options: ApplyOptions,
    *,
    details: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show every client's plan, and all of them in a table."""
    clients = context.all_clients()
    with progress(*clients):
        planned = for_each_client(
            clients, lambda client: plan_client(client, template, apply_options)
        )
    safe = continue_with(planned, lambda _, found: raise_if_plan_unsafe(found, apply_options))
    if not as_json:
        show_plans(planned, details=details)
    results = [
        summarize_client(plan_outcome, safe_outcome, "changes")
        for plan_outcome, safe_outcome in zip(planned, safe, strict=True)
    ]
    print_results(results, as_json=as_json)
    exit_codes = [outcome.exit_code for outcome in safe]
    if exit_code and any(outcome.result and outcome.result[1].changes for outcome in planned):
        exit_codes.append(_EXIT_CHANGES)
    end_with(most_serious(exit_codes))


def plan_client(
    client: Context, template: str | None, apply_options: ApplyOptions
) -> PlannedWorkspace:
    """Plan for one client. Without a template, plan the one in its settings, or else the applied
    one."""
    return provision.plan_workspace(
        client.notion,
        client.parent_page,
        client.template(template),
        apply_options.values,
        apply_options.plan_options,
        jobs=client.jobs,
        home=client.state_home,
    )


def raise_if_plan_unsafe(found: PlannedWorkspace, apply_options: ApplyOptions) -> PlannedWorkspace:
    """Return a safe plan. Raises UnsafeChange for one that a person has to agree to."""
    _, plan = found
    plan.raise_if_unsafe(force=apply_options.force, allow_lossy=apply_options.allow_lossy)
    return found


def show_plans(planned: Iterable[Outcome[PlannedWorkspace]], *, details: bool) -> None:
    """Show the plans. Clients with equal plans are shown once, together."""
    layout = terminal_layout()
    for clients, plan, budget in _group_equal_plans(planned, layout, details=details):
        for line in plan_lines(plan, budget, details=details, layout=layout, clients=clients):
            echo(line)
        echo()


def _group_equal_plans(
    planned: Iterable[Outcome[PlannedWorkspace]], layout: Layout, *, details: bool
) -> list[tuple[list[str], Plan, int]]:
    """Return the names of the clients with equal plans, one of these plans, and its budget.

    Plans are equal for people if they read the same.
    """
    groups: dict[tuple[Any, ...], tuple[list[str], Plan, int]] = {}
    for outcome in planned:
        if outcome.result is None:
            continue
        _, plan = outcome.result
        budget = outcome.client.budget or NOTION_BUDGET
        # The header is not compared: it names the client.
        body = plan_body(plan, budget, details=details, layout=layout)
        same_plan = (plan.template, plan.version, plan.recorded_version, *body)
        clients, _, _ = groups.setdefault(same_plan, ([], plan, budget))
        clients.append(outcome.client.name)
    return list(groups.values())


def summarize_client(
    planned: Outcome[PlannedWorkspace], ended: Outcome[Any], done: str
) -> ClientPlanResult:
    """Return the result for one client; `done` is the word for changes without a problem."""
    plan = planned.result[1] if planned.result else None
    # A client that failed before its plan may have no connection to count.
    requests = ended.client.notion.requests.logical if plan else 0
    if ended.error is not None:
        is_held_back = ended.exit_code == UnsafeChange.exit_code
        outcome = "held back" if is_held_back else "failed"
        return ClientPlanResult(ended.client.name, outcome, plan, ended.problem, requests)
    outcome = done if plan and plan.changes else "up to date"
    return ClientPlanResult(ended.client.name, outcome, plan, "", requests)


def print_results(results: Sequence[ClientPlanResult], *, as_json: bool) -> None:
    """Print all clients: one JSON document, or a table followed by the problems."""
    if as_json:
        echo_json([result.as_data() for result in results])
        return
    headers = ("Client", "Outcome", "Template", "Changes", "Requests sent")
    table(headers, [result.row for result in results])
    for result in results:
        if result.problem:
            echo(f"{result.client}: {result.problem}")
