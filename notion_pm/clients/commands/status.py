"""`notion-pm status`: show all clients in one table."""

from __future__ import annotations

import click

from notion_pm.clients.client_status import ClientStatus, read_client_status
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
    """Show the state of every client in one table. Reads only.

    Clients are the workspaces of notion-pm.toml. Each is compared with TEMPLATE, or with its
    template in notion-pm.toml, or with the shipped template that was applied. Clients are read in
    parallel, each within the request budget of its connection; a failing client does not stop the
    others. With -w or --local, or without notion-pm.toml, it shows one workspace.
    """

    def read_status(client: Context) -> ClientStatus:
        reference = client.template(template)
        return read_client_status(
            client.notion,
            client.parent_page,
            client.name,
            reference,
            jobs=client.jobs,
            home=client.state_home,
        )

    clients = context.clients()
    with progress(*clients):
        outcomes = for_each_client(clients, read_status)
    statuses = [_status_of(outcome, template) for outcome in outcomes]
    if as_json:
        echo_json([status.as_data() for status in statuses])
    else:
        _show(statuses)
    codes = [outcome.exit_code for outcome in outcomes]
    if exit_code and any(status.word != "up to date" for status in statuses):
        # A failure outweighs it: `most_serious` returns 2 only if all clients could be read.
        codes.append(_CHANGES)
    end_with(most_serious(codes))


def _status_of(outcome: Outcome[ClientStatus], template: str | None) -> ClientStatus:
    if outcome.error is not None:
        return ClientStatus(outcome.client.name, template or "", problem=outcome.problem)
    return outcome.value


def _show(statuses: list[ClientStatus]) -> None:
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
    table(headers, [_row(status) for status in statuses])
    for status in statuses:
        if status.problem:
            echo(f"{status.client}: {status.problem}")
        for run in status.at_work:
            echo(f"{status.client}: another run is active: {run}")


def _row(status: ClientStatus) -> tuple[str, ...]:
    version = "" if status.wanted is None else f"{status.version or '-'} of {status.wanted}"
    counts = (status.changes, status.lossy, status.blocked, status.drift, status.requests)
    cells = ["" if status.problem else str(count) for count in counts]
    return (status.client, status.word, status.template, version, *cells)
