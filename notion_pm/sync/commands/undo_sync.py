"""`notion-pm undo sync`: undo what the last sync wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from notion_pm.console.confirm import confirm_undo
from notion_pm.console.context import Context
from notion_pm.console.links import where_to_look
from notion_pm.console.output import echo_json, echo_lines, progress, table
from notion_pm.console.thread_options import sync_context_of
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.undo import NotUndone, SyncUndo, plan_undo, undo_sync
from notion_pm.text import UNTITLED, quantity
from notion_pm.workspace.lock import workspace_lock


def run_undo_sync(
    context: Context, template: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Show what the last sync wrote and what would be undone, ask, and undo it."""
    # The run lock from the plan to the last write: a sync in between would write other values than
    # those that were shown. The workspace lock, which other machines see, only after the question:
    # nobody should have to wait for an answer.
    with hold_run_lock(context.state_home):
        with progress(context) as draw:
            sync_context = sync_context_of(context, draw)
            plan = plan_undo(sync_context, template)
        if not as_json:
            _show_plan(plan)
        if dry_run or not plan.updates:
            if as_json:
                echo_json(_as_data(plan) | {"done": False})
            return
        confirm_undo(len(plan.updates), "sync", yes=yes, as_json=as_json)
        page_id = plan.current.workspace.manifest.page_id
        with (
            workspace_lock(context.notion, page_id, context.claimant("undo sync")),
            progress(context) as draw,
        ):
            done = undo_sync(replace(sync_context, progress=draw), plan)
    if as_json:
        echo_json(_as_data(done) | {"done": True})
    else:
        echo_lines(_result_lines(context, done, plan))


def _show_plan(plan: SyncUndo) -> None:
    echo_lines([f"Undo of the sync of {plan.run.started:%Y-%m-%d %H:%M} ({plan.run.id}):"])
    pages = list(SyncReport(plan.result).changes_by_page())
    if pages:
        rows = []
        for page_changes in pages:
            changes = [f"{title}: {arrow}" for title, arrow in page_changes.changes]
            rows.append((page_changes.page.title or UNTITLED, "; ".join(changes)))
        table(("Page", "Changes"), rows)
    echo_lines(_not_undone_lines(plan, plan.not_undone))
    if pages:
        undone = quantity(len(pages), "page")
        staying = quantity(len(plan.not_undone), "value")
        echo_lines([f"{undone} to undo, {staying} cannot be."])
    else:
        echo_lines(["Nothing to undo."])


def _result_lines(context: Context, done: SyncUndo, plan: SyncUndo) -> Iterator[str]:
    """Yield what differs from the plan that was shown: people may have changed pages since."""
    known = {(entry.change.page, entry.change.property) for entry in plan.not_undone}
    new = [
        entry
        for entry in done.not_undone
        if (entry.change.page, entry.change.property) not in known
    ]
    yield from _not_undone_lines(done, new)
    if done.updates:
        yield f"Undone: {quantity(len(done.updates), 'page')}. {where_to_look(context)}"
        yield "The next sync keeps these values and reports them as conflicts."
    else:
        yield "Nothing was undone: people have changed these pages since."


def _not_undone_lines(undo: SyncUndo, not_undone: Iterable[NotUndone]) -> Iterator[str]:
    for entry in not_undone:
        change = entry.change
        title = undo.current.wording.title(change.database, change.property)
        yield f"Not undone: {change.title or UNTITLED}, {title}: {entry.reason}."


def _as_data(undo: SyncUndo) -> dict[str, Any]:
    data = SyncReport(undo.result).as_data()
    left = []
    for entry in undo.not_undone:
        change = entry.change
        left.append(
            {
                "page": change.page,
                "title": change.title,
                "url": change.url,
                "address": f"{change.database}.{change.property}",
                "reason": entry.reason,
            }
        )
    return {
        "run": undo.run.id,
        "started": undo.run.started.isoformat(),
        "updates": data["updates"],
        "left": left,
        "requests": data["requests"],
    }
