"""`notion-pm local webhook`: who is told what happens in a local workspace."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.console.context import local_workspace_in
from notion_pm.console.output import echo, echo_json, json_option, note, table

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_SUBSCRIPTION = click.argument("subscription")


@click.group("webhook")
def command() -> None:
    """Tell other programs what happens; `local serve` sends the deliveries."""


@command.command()
@_FILE
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="TYPE",
    help="An event type; repeat it. Without: all.",
)
def add(file: Path, url: str, events: tuple[str, ...]) -> None:
    """Send a verification token to URL, and print the id of the subscription, which waits for the token."""
    with local_workspace_in(file) as workspace:
        made = workspace.webhooks.subscribe(url, events or None)
    echo(made["id"])
    note(f"{url} was sent a verification token. With it:")
    note(f"  notion-pm local webhook verify {file} {made['id']} TOKEN")


@command.command()
@_FILE
@_SUBSCRIPTION
@click.argument("token")
def verify(file: Path, subscription: str, token: str) -> None:
    """Begin a subscription with the TOKEN that its URL was sent."""
    with local_workspace_in(file) as workspace:
        workspace.webhooks.verify(subscription, token)


@command.command("list")
@_FILE
@json_option
def list_(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """List the subscriptions and how their deliveries fare."""
    with local_workspace_in(file) as workspace:
        found = workspace.webhooks.listed()
    if as_json:
        echo_json(found)
        return
    columns = ("id", "url", "status", "delivered", "waiting", "given_up")
    table(
        [column.replace("_", " ") for column in columns],
        [[str(each[column]) for column in columns] for each in found],
    )


@command.command()
@_FILE
@_SUBSCRIPTION
def remove(file: Path, subscription: str) -> None:
    """End a subscription."""
    with local_workspace_in(file) as workspace:
        workspace.webhooks.unsubscribe(subscription)
