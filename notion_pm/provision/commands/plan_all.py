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
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import Reading

_CHANGES = 2  # exit code of --exit-code

PlannedWorkspace = tuple[Reading, Plan]


@dataclass(frozen=True, slots=True)
class ClientPlanResult:
    """What the table and the JSON say of one client. A client that is held back has a plan and a problem."""

    client: str
    word: str
    plan: Plan | None = None
    problem: str = ""
    requests: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {
            "client": self.client,
            "outcome": self.word,
            "changes": len(self.plan.changes) if self.plan else None,
            "requests": self.requests,
            "problem": self.problem,
            "plan": self.plan.as_data() if self.plan else None,
        }

    @property
    def row(self) -> tuple[str, ...]:
        """The client's row in the table."""
        plan = self.plan
        template, changes = (plan.template, str(len(plan.changes))) if plan else ("", "")
        return (self.client, self.word, template, changes, str(self.requests))


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
        looked = for_each_client(
            clients, lambda client: plan_client(client, template, apply_options)
        )
    safe = continue_with(looked, lambda _, found: raise_if_plan_unsafe(found, apply_options))
    if not as_json:
        show_plans(looked, details=details)
    print_results(
        [summarize_client(*each, "changes") for each in zip(looked, safe, strict=True)],
        as_json=as_json,
    )
    changed = any(each.result and each.result[1].changes for each in looked)
    end_with(
        most_serious([_CHANGES if exit_code and changed else 0, *(each.exit_code for each in safe)])
    )


def plan_client(
    client: Context, template: str | None, apply_options: ApplyOptions
) -> PlannedWorkspace:
    """Plan for one client; without a template the one that it is to have, or has."""
    return provision.plan_workspace(
        client.gateway,
        client.parent_page,
        client.template(template),
        apply_options.values,
        apply_options.plan_options,
        jobs=client.jobs,
        home=client.state_home,
    )


def raise_if_plan_unsafe(found: PlannedWorkspace, apply_options: ApplyOptions) -> PlannedWorkspace:
    """Let a safe plan through. Raises UnsafeChange for one that needs a person's word."""
    found[1].raise_if_unsafe(force=apply_options.force, allow_lossy=apply_options.allow_lossy)
    return found


def show_plans(looked: Iterable[Outcome[PlannedWorkspace]], *, details: bool) -> None:
    """Show the plans, one client after the other."""
    for each in looked:
        if each.result is not None:
            echo(f"== {each.client.name} ==")
            for line in plan_lines(
                each.result[1], each.client.budget or NOTION_BUDGET, details=details
            ):
                echo(line)
            echo()


def summarize_client(
    looked: Outcome[PlannedWorkspace], ended: Outcome[Any], done: str
) -> ClientPlanResult:
    """Say in a word what became of a client; `done` is the word for one with changes and no problem."""
    plan = looked.result[1] if looked.result else None
    requests = ended.client.gateway.requests.logical if plan else 0
    if ended.error is not None:
        word = "held back" if ended.exit_code == UnsafeChange.exit_code else "failed"
        return ClientPlanResult(ended.client.name, word, plan, ended.problem, requests)
    return ClientPlanResult(
        ended.client.name, done if plan and plan.changes else "up to date", plan, "", requests
    )


def print_results(found: Sequence[ClientPlanResult], *, as_json: bool) -> None:
    """Show all clients: one JSON document, or the table and what is wrong with whom."""
    if as_json:
        echo_json([each.as_data() for each in found])
        return
    table(
        ("Client", "Outcome", "Template", "Changes", "Requests sent"), [each.row for each in found]
    )
    for each in found:
        if each.problem:
            echo(f"{each.client}: {each.problem}")
