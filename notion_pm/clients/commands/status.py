"""`notion-pm status`: all clients in one table."""

from __future__ import annotations

import click

from notion_pm.clients.client_status import Standing, standing
from notion_pm.console.all_clients import Outcome, for_each_client, most_serious
from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, end_with, json_option, progress, table

_CHANGES = 2  # exit code of --exit-code


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.option("--exit-code", is_flag=True, help="Exit with 2 when a client is not up to date.")
@json_option
@pass_context
def command(context: Context, *, template: str | None, exit_code: bool, as_json: bool) -> None:
    """Show the state of every client in one table: who is behind, who drifted, what would change. Reads only.

    Clients are the workspaces of notion-pm.toml. TEMPLATE is what all of them are to have; without it each is held
    against the template that notion-pm.toml names for it, or else the shipped one that it has. They are read side by
    side, each within the budget of its own connection; one that fails does not stop the others. With -w or --local, or
    without notion-pm.toml, it shows that one workspace.
    """

    def look(client: Context) -> Standing:
        reference = client.template(template)
        return standing(
            client.gateway,
            client.parent_page,
            client.name,
            reference,
            jobs=client.jobs,
            home=client.state_home,
        )

    clients = context.clients()
    with progress(*clients):
        outcomes = for_each_client(clients, look)
    found = [_of(each, template) for each in outcomes]
    if as_json:
        echo_json([each.as_data() for each in found])
    else:
        _show(found)
    behind = _CHANGES if exit_code and any(each.word != "up to date" for each in found) else 0
    end_with(most_serious([behind, *(each.exit_code for each in outcomes)]))


def _of(outcome: Outcome[Standing], template: str | None) -> Standing:
    if outcome.error is not None:
        return Standing(outcome.client.name, template or "", problem=outcome.problem)
    return outcome.value


def _show(found: list[Standing]) -> None:
    headers = (
        "Client",
        "State",
        "Template",
        "Version",
        "Changes",
        "Lossy",
        "Blocked",
        "Drift",
        "Requests",
    )
    table(headers, [_row(each) for each in found])
    for each in found:
        if each.problem:
            echo(f"{each.client}: {each.problem}")
        for run in each.at_work:
            echo(f"{each.client}: at work: {run}")


def _row(each: Standing) -> tuple[str, ...]:
    version = "" if each.wanted is None else f"{each.version or '-'} of {each.wanted}"
    counts = (each.changes, each.lossy, each.blocked, each.drift, each.requests)
    return (
        each.client,
        each.word,
        each.template,
        version,
        *("" if each.problem else str(n) for n in counts),
    )
