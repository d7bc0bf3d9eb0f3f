"""`notion-pm undo sync`: take back what the last sync wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from notion_pm.console.confirm_undo import confirm_undo
from notion_pm.console.context import Context
from notion_pm.console.output import echo, echo_json, progress, table
from notion_pm.console.thread_options import sync_context_of
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.undo import Left, SyncUndo, plan_undo, undo_sync
from notion_pm.text import UNTITLED, quantity
from notion_pm.workspace.lock import workspace_lock


def run_undo_sync(
    context: Context, template: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Show what the last sync wrote and what comes of it, ask, and set it back."""
    with hold_run_lock(context.state_home):
        with progress(context) as drawn:
            place = sync_context_of(context, drawn)
            undo = plan_undo(place, template)
        if not as_json:
            _show(undo)
        done = bool(undo.updates) and not dry_run
        shown = undo
        if done:
            confirm_undo(len(undo.updates), "sync", yes=yes, as_json=as_json)
            page_id = undo.looked.opened.manifest.page_id
            with (
                workspace_lock(context.gateway, page_id, context.claimant("undo sync")),
                progress(context) as drawn,
            ):
                undo = undo_sync(replace(place, progress=drawn), undo)
    if as_json:
        echo_json(_as_data(undo) | {"done": done})
    elif done:
        _show_done(undo, shown)


def _show_done(undo: SyncUndo, shown: SyncUndo) -> None:
    """Show what is different from what was `shown` before the question: people may have changed pages since."""
    known = {(each.change.page, each.change.property) for each in shown.left}
    new = [each for each in undo.left if (each.change.page, each.change.property) not in known]
    for title, key, reason in _left(undo, new):
        echo(f"Left after all: {title}, {key}: {reason}.")
    if undo.updates:
        echo("Done. The next sync leaves these values as they are and tells them as conflicts.")
    else:
        echo("Nothing was undone: people have changed these pages since.")


def _show(undo: SyncUndo) -> None:
    echo(f"Taking back the sync of {undo.run.started:%Y-%m-%d %H:%M} ({undo.run.id}):")
    lines = list(SyncReport(undo.result).changes_by_page())
    if lines:
        rows = [
            (
                line.page.title or UNTITLED,
                "; ".join(f"{key}: {arrow}" for key, arrow in line.changes),
            )
            for line in lines
        ]
        table(("Page", "What becomes of it"), rows)
    for title, key, reason in _left(undo, undo.left):
        echo(f"Left: {title}, {key}: {reason}.")
    pages, left = quantity(len(lines), "page"), quantity(len(undo.left), "value")
    echo(f"{pages} to set back, {left} left." if lines else "Nothing of it is left to undo.")


def _left(undo: SyncUndo, left: Iterable[Left]) -> list[tuple[str, str, str]]:
    return [
        (
            each.change.title or UNTITLED,
            undo.looked.wording.title(each.change.database, each.change.property),
            each.reason,
        )
        for each in left
    ]


def _as_data(undo: SyncUndo) -> dict[str, Any]:
    data = SyncReport(undo.result).as_data()
    return {
        "run": undo.run.id,
        "started": undo.run.started.isoformat(),
        "updates": data["updates"],
        "left": [
            {"page": each.change.page, "title": each.change.title, "url": each.change.url}
            | {"address": f"{each.change.database}.{each.change.property}", "reason": each.reason}
            for each in undo.left
        ],
        "requests": data["requests"],
    }
