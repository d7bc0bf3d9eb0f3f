"""`notion-pm undo import`: undo what the last import wrote."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.confirm import confirm_undo
from notion_pm.console.context import Context
from notion_pm.console.links import where_to_look
from notion_pm.console.output import echo, echo_json, progress
from notion_pm.console.thread_options import sync_context_of
from notion_pm.importing.undo import ImportUndo, plan_import_undo, undo_import
from notion_pm.importing.undo_decisions import LeftInPlace, RestoreValues, Step, to_json
from notion_pm.model.page import DateValue, OptionValue, PropertyValue, RelationValue
from notion_pm.state.lock import hold_run_lock
from notion_pm.text import UNTITLED, one_line, quantity
from notion_pm.workspace.lock import workspace_lock

_MOST_SHOWN = 10
"""Pages that are listed before the rest is only counted."""


def run_undo_import(
    context: Context, template: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Show what the last import wrote and what will be undone, ask, and undo it."""
    requests_before = context.notion.requests.logical
    # Held from the reading to the end: a sync or import in between would change what was shown.
    with hold_run_lock(context.state_home):
        with progress(context) as drawn:
            place = sync_context_of(context, drawn)
            plan = plan_import_undo(place, catalogue_of(context, template), template)
        if not as_json:
            _show_plan(plan)
        result = plan
        steps = len(plan.trash) + len(plan.restore)
        is_done = steps > 0 and not dry_run
        if is_done:
            confirm_undo(steps, "import", yes=yes, as_json=as_json)
            with _lock(context, plan), progress(context) as drawn:
                result = undo_import(replace(place, progress=drawn), plan)

    if as_json:
        requests = context.notion.requests.logical - requests_before
        echo_json(_as_data(result) | {"requests": requests, "done": is_done})
    elif is_done:
        _show_result(result, plan, context)


def _lock(context: Context, plan: ImportUndo) -> AbstractContextManager[object]:
    """Hold the lock of the workspace. Without an applied template there is no lock."""
    # Runs write their claims on the record page, which only an applied template has. The lock of
    # this machine is held in any case.
    if plan.record_page is None:
        return nullcontext()
    return workspace_lock(context.notion, plan.record_page, context.claimant("undo import"))


def _show_plan(plan: ImportUndo) -> None:
    # The last run: the others are earlier attempts at the same import that were interrupted.
    run = plan.runs[-1]
    echo(f"Undoing the import of {run.started:%Y-%m-%d %H:%M} ({run.id}):")
    titles_by_source: dict[str, list[str]] = {}
    for step in plan.trash:
        titles_by_source.setdefault(step.write.data_source_id, []).append(_title(step))
    for source_id, titles in titles_by_source.items():
        database = plan.destinations[source_id].target.title
        echo(f"  - {quantity(len(titles), 'page')} of {database} to the trash:")
        _show_some(titles)
    if plan.restore:
        echo(f"  ~ {quantity(len(plan.restore), 'page')} back to the values before the import:")
        _show_some(_restore_line(plan, step) for step in plan.restore)
    if plan.left:
        echo("  ! These stay as they are:")
        _show_some(_left_line(plan, left) for left in plan.left)
    steps = len(plan.trash) + len(plan.restore)
    if steps:
        echo(f"{quantity(steps, 'page')} to undo, {len(plan.left)} left.")
    else:
        echo("Nothing is left to undo.")


def _show_some(lines: Iterable[str]) -> None:
    lines = list(lines)
    for line in lines[:_MOST_SHOWN]:
        echo(f"      {line}")
    if len(lines) > _MOST_SHOWN:
        echo(f"      ... and {len(lines) - _MOST_SHOWN:,} more; --json lists all")


def _show_result(result: ImportUndo, plan: ImportUndo, context: Context) -> None:
    """Show what was done, and what stays that was planned to be undone: people edited it since."""
    planned = {(left.write.entry, left.property_id) for left in plan.left}
    for left in result.left:
        if (left.write.entry, left.property_id) not in planned:
            echo(f"Left after all: {_left_line(result, left)}")
    trashed = quantity(len(result.trash), "page")
    restored = quantity(len(result.restore), "page")
    echo(f"Done: {trashed} in the trash, {restored} restored. {where_to_look(context)}")


def _title(step: Step) -> str:
    title = step.page.title if step.page is not None else step.write.title
    return one_line(title) or UNTITLED


def _restore_line(undo: ImportUndo, step: RestoreValues) -> str:
    changes = []
    for now, before in zip(step.now, step.values, strict=True):
        name = _property_name(undo, step, before.id)
        changes.append(f"{name}: {_readable(now)} -> {_readable(before)}")
    return f"{_title(step)}: {'; '.join(changes)}"


def _left_line(undo: ImportUndo, left: LeftInPlace) -> str:
    name = f", {_property_name(undo, left, left.property_id)}" if left.property_id else ""
    return f"{_title(left)}{name}: {left.reason}."


def _property_name(undo: ImportUndo, step: Step, property_id: str) -> str:
    for field in undo.destinations[step.write.data_source_id].target.fields.values():
        if field.id == property_id:
            return field.name
    return property_id


def _readable(value: PropertyValue) -> str:
    """Return a value for people; related pages are counted."""
    match value.value:
        case None:
            text = ""
        case RelationValue(ids=ids):
            return quantity(len(ids), "page")
        case OptionValue(name=name):
            text = name
        case tuple() as options:
            text = ", ".join(option.name for option in options if isinstance(option, OptionValue))
        case DateValue(start=start, end=end):
            text = f"{start} to {end}" if end else start
        case plain:
            text = str(plain)
    return repr(one_line(text)) if text else "empty"


def _as_data(undo: ImportUndo) -> dict[str, Any]:
    run = undo.runs[-1]
    updates = []
    for step in undo.restore:
        changes = [_change_data(undo, step, value) for value in step.values]
        updates.append(_page_data(undo, step) | {"changes": changes})
    return {
        "run": run.id,
        "runs": [run.id for run in undo.runs],
        "started": run.started.isoformat(),
        "trashed": [_page_data(undo, step) for step in undo.trash],
        "updates": updates,
        "left": [_left_data(undo, left) for left in undo.left],
    }


def _change_data(undo: ImportUndo, step: RestoreValues, value: PropertyValue) -> dict[str, Any]:
    return {"property": _property_name(undo, step, value.id), "to": to_json(value)}


def _left_data(undo: ImportUndo, left: LeftInPlace) -> dict[str, Any]:
    name = _property_name(undo, left, left.property_id) if left.property_id else None
    return _page_data(undo, left) | {"property": name, "reason": left.reason}


def _page_data(undo: ImportUndo, step: Step) -> dict[str, Any]:
    database = undo.destinations[step.write.data_source_id].target.name
    url = step.page.url if step.page is not None else None
    return {"database": database, "page": step.write.page, "title": _title(step), "url": url}
