"""`notion-pm history`: the runs, and what has changed between them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from notion_pm.conditions.text_form import parse_since
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo_json, echo_lines, json_option, progress, table
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.rules.history import HistoryChange
from notion_pm.sync.history import History, read_history
from notion_pm.sync.summary import text
from notion_pm.text import UNTITLED


@click.command()
@click.option(
    "--since",
    metavar="DATE",
    help="Show also the changes of pages since then: 7d, 2w, 12h, 2026-11-01.",
)
@template_option
@json_option
@pass_context
def command(context: Context, *, since: str | None, template: str | None, as_json: bool) -> None:
    """List the runs, and the changes since a date.

    Runs are those of sync, import and undo. With --since, every change of a page is listed with the
    person or the rule that made it. A sync notices what people have changed since the sync before
    it. It looks only at the properties that rules need.
    """
    start = None if since is None else parse_since(since, context.now())
    with progress(context) as draw:
        sync_context = sync_context_of(context, draw)
        history = read_history(sync_context, start, template=template)
    if as_json:
        echo_json(history.as_data())
    elif not history.runs:
        echo_lines(["No runs yet. The history is kept on the machine where sync runs."])
    else:
        _show_runs(history)
        echo_lines(_change_lines(history))


def _show_runs(history: History) -> None:
    rows = []
    for run in history.runs:
        figures = ", ".join(f"{name} {value}" for name, value in (run.told or {}).items())
        rows.append((run.id, run.kind, f"{run.started:%Y-%m-%d %H:%M}", run.outcome, figures))
    table(("Run", "Kind", "Began", "Outcome", "Figures"), rows)


def _change_lines(history: History) -> Iterator[str]:
    for change in history.changes:
        before = text(history.readable(change, change.before))
        after = text(history.readable(change, change.after))
        yield (
            f"{change.at:%Y-%m-%d %H:%M}  {change.title or UNTITLED}, {history.title(change)}: "
            f"{before} → {after}  ({_author(change)})"
        )


def _author(change: HistoryChange) -> str:
    rules = ", ".join(change.rules)
    if change.actor == "undo" and rules:
        return f"undo of {rules}"
    return rules or change.actor
