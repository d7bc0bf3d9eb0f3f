"""`notion-pm local webhook`: manage the webhook subscriptions of a local workspace."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.console.context import local_workspace_in
from notion_pm.console.output import echo, echo_json, json_option, note, table

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_SUBSCRIPTION = click.argument("subscription")


@click.group("webhook")
def command() -> None:
    """Manage webhook subscriptions. `local serve` sends the deliveries."""


@command.command()
@_FILE
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="TYPE",
    help="An event type. Repeatable. Default: all.",
)
def add(file: Path, url: str, events: tuple[str, ...]) -> None:
    """Send a verification token to URL and print the id of the new subscription.

    The subscription starts after `verify` with that token.
    """
    with local_workspace_in(file) as workspace:
        subscription = workspace.webhooks.subscribe(url, events or None)
    echo(subscription["id"])
    note(f"A verification token was sent to {url}. Confirm it with:")
    note(f"  notion-pm local webhook verify {file} {subscription['id']} TOKEN")


@command.command()
@_FILE
@_SUBSCRIPTION
@click.argument("token")
def verify(file: Path, subscription: str, token: str) -> None:
    """Start a subscription with the TOKEN that its URL received."""
    with local_workspace_in(file) as workspace:
        workspace.webhooks.verify(subscription, token)


@command.command("list")
@_FILE
@json_option
def list_(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """List the subscriptions with the counts of their deliveries."""
    with local_workspace_in(file) as workspace:
        subscriptions = workspace.webhooks.list_subscriptions()
    if as_json:
        echo_json(subscriptions)
        return
    columns = ("id", "url", "status", "delivered", "waiting", "given_up")
    headers = [column.replace("_", " ") for column in columns]
    rows = []
    for subscription in subscriptions:
        rows.append([str(subscription[column]) for column in columns])
    table(headers, rows)


@command.command()
@_FILE
@_SUBSCRIPTION
def remove(file: Path, subscription: str) -> None:
    """End a subscription."""
    with local_workspace_in(file) as workspace:
        workspace.webhooks.unsubscribe(subscription)
