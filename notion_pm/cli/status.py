"""`notion-pm status`: all clients in one table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, end_with, json_option, table
from notion_pm.errors import NotionPmError
from notion_pm.workflows.standing import Standing, standing

_FAILED, _CHANGES = 1, 2  # exit codes
_SIDE_BY_SIDE = 8


@click.command()
@click.argument("template", required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 2 when a client is not up to date.")
@json_option
@pass_context
def command(context: Context, *, template: str | None, exit_code: bool, as_json: bool) -> None:
    """Show where every client stands, in one table: who is behind, who drifted, what would change. Reads only.

    Clients are the workspaces of notion-pm.toml. TEMPLATE is what all of them are to have; without it each is held
    against the shipped template that it has. They are read side by side, each within the budget of its own connection;
    one that fails does not stop the others. With -w or --local, or without notion-pm.toml, it shows that one workspace.
    """
    clients = context.clients()
    with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(clients))) as pool:
        found = list(pool.map(partial(_of, template=template), clients))
    if as_json:
        echo_json([each.as_data() for each in found])
    else:
        _show(found)
    if any(each.problem for each in found):
        end_with(_FAILED)
    end_with(_CHANGES if exit_code and any(each.word != "up to date" for each in found) else 0)


def _of(client: Context, *, template: str | None) -> Standing:
    try:
        return standing(client.gateway, client.parent_page, client.name, template, jobs=client.jobs)
    except NotionPmError as error:
        return Standing(client.name, template or "", problem=" ".join(f"{error} {error.advice}".split()))


def _show(found: list[Standing]) -> None:
    headers = ("Client", "State", "Template", "Version", "Changes", "Lossy", "Blocked", "Drift", "Requests")
    table(headers, [_row(each) for each in found])
    for each in found:
        if each.problem:
            echo(f"{each.client}: {each.problem}")


def _row(each: Standing) -> tuple[str, ...]:
    version = "" if each.wanted is None else f"{each.version or '-'} of {each.wanted}"
    counts = (each.changes, each.lossy, each.blocked, each.drift, each.requests)
    return (each.client, each.word, each.template, version, *("" if each.problem else str(n) for n in counts))
