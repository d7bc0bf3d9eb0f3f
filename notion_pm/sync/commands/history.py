"""`notion-pm history`: runs, and what has changed between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, progress, table
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.rules.history import HistoryChange
from notion_pm.sync.history import History, history
from notion_pm.sync.summary import text
from notion_pm.text import UNTITLED


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Also what changed on pages from this day on.",
)
@template_option
@json_option
@pass_context
def command(
    context: Context, *, since: datetime | None, template: str | None, as_json: bool
) -> None:
    """List the runs, and the changes since a date.

    Runs are those of sync, import and undo. With --since every change of a page is listed, and who or which rule made
    it. What people change is noticed by the next sync; only the properties that rules need are looked at.
    """
    with progress(context) as drawn:
        place = sync_context_of(context, drawn)
        found = history(
            place, since.replace(tzinfo=place.now.tzinfo) if since else None, template=template
        )
    if as_json:
        echo_json(found.as_data())
    else:
        _show(found)


def _show(found: History) -> None:
    if not found.runs:
        echo("No run is remembered here. What sync remembers is kept where it runs.")
        return
    runs = [
        (run.id, run.kind, f"{run.started:%Y-%m-%d %H:%M}", run.outcome, _counts(run.told or {}))
        for run in found.runs
    ]
    table(("Run", "What", "Began", "Outcome", "Counts"), runs)
    for change in found.changes:
        before, after = (
            text(found.readable(change, each)) for each in (change.before, change.after)
        )
        echo(
            f"{change.at:%Y-%m-%d %H:%M}  {change.title or UNTITLED}, {found.title(change)}: "
            f"{before} → {after}  ({_by(change)})"
        )


def _counts(told: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in told.items())


def _by(change: HistoryChange) -> str:
    rules = ", ".join(change.rules)
    return f"undo of {rules}" if change.actor == "undo" and rules else rules or change.actor
