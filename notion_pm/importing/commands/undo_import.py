"""`notion-pm undo import`: take back what the last import wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.confirm_undo import confirm_undo
from notion_pm.console.context import Context
from notion_pm.console.output import echo, echo_json, progress
from notion_pm.console.thread_options import place_of
from notion_pm.importing.undo import ImportUndo, plan_import_undo, undo_import
from notion_pm.importing.undo_decisions import LeftInPlace, RestoreValues, TrashPage, to_json
from notion_pm.model.page import PropertyValue, RelationValue
from notion_pm.state.lock import hold_run_lock
from notion_pm.text import UNTITLED, one_line, quantity
from notion_pm.workspace.lock import workspace_lock

_SHOWN = 10
"""Pages that are named before the rest is only counted."""


def take_back_import(
    context: Context, template: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Show what the last import wrote and what will be undone, ask, and undo it."""
    before = context.gateway.requests.logical
    with hold_run_lock(context.state_home):
        with progress(context) as drawn:
            place = place_of(context, drawn)
            undo = plan_import_undo(place, catalogue_of(context, template), template)
        if not as_json:
            _show(undo)
        shown = undo
        steps = len(undo.trash) + len(undo.back)
        done = bool(steps) and not dry_run
        if done:
            confirm_undo(steps, "import", yes=yes, as_json=as_json)
            page_id = undo.record_page
            claim = context.claimant("undo import")
            lock = workspace_lock(context.gateway, page_id, claim) if page_id else nullcontext()
            with lock, progress(context) as drawn:
                undo = undo_import(replace(place, progress=drawn), undo)
    if as_json:
        requests = context.gateway.requests.logical - before
        echo_json(_as_data(undo) | {"requests": requests, "done": done})
    elif done:
        _show_done(undo, shown)


def _show(undo: ImportUndo) -> None:
    run = undo.runs[-1]
    echo(f"Undoing the import of {run.started:%Y-%m-%d %H:%M} ({run.id}):")
    by_database: dict[str, list[str]] = {}
    for step in undo.trash:
        by_database.setdefault(step.write.data_source_id, []).append(_title(step))
    for source_id, titles in by_database.items():
        name = undo.destinations[source_id].target.title
        echo(f"  - {quantity(len(titles), 'page')} of {name} to the trash:")
        _show_some(titles)
    if undo.back:
        echo(f"  ~ {quantity(len(undo.back), 'page')} back to the values before the import:")
        _show_some(_back_line(undo, step) for step in undo.back)
    if undo.left:
        echo("  ! These stay as they are:")
        _show_some(_left_line(undo, left) for left in undo.left)
    steps = len(undo.trash) + len(undo.back)
    echo(
        f"{quantity(steps, 'page')} to undo, {len(undo.left)} left."
        if steps
        else "Nothing of it is left to undo."
    )


def _show_some(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:_SHOWN]:
        echo(f"      {line}")
    if len(every) > _SHOWN:
        echo(f"      ... and {len(every) - _SHOWN:,} more; --json lists all")


def _show_done(undo: ImportUndo, shown: ImportUndo) -> None:
    """Show what was done, and what stays that was to be undone: people may have edited it since."""
    known = {(left.write.entry, left.property_id) for left in shown.left}
    for left in undo.left:
        if (left.write.entry, left.property_id) not in known:
            echo(f"Left after all: {_left_line(undo, left)}")
    trashed, back = quantity(len(undo.trash), "page"), quantity(len(undo.back), "page")
    echo(f"Done: {trashed} in the trash, {back} set back.")


def _title(step: TrashPage | RestoreValues | LeftInPlace) -> str:
    page = step.page
    return one_line(page.title if page is not None else step.write.title) or UNTITLED


def _back_line(undo: ImportUndo, step: RestoreValues) -> str:
    changes = (
        f"{_property(undo, step, before.id)}: {_readable(now)} -> {_readable(before)}"
        for now, before in zip(step.now, step.values, strict=True)
    )
    return f"{_title(step)}: {'; '.join(changes)}"


def _left_line(undo: ImportUndo, left: LeftInPlace) -> str:
    name = f", {_property(undo, left, left.property_id)}" if left.property_id else ""
    return f"{_title(left)}{name}: {left.reason}."


def _property(undo: ImportUndo, step: RestoreValues | LeftInPlace, property_id: str) -> str:
    fields = undo.destinations[step.write.data_source_id].target.fields.values()
    return next((field.name for field in fields if field.id == property_id), property_id)


def _readable(value: PropertyValue) -> str:
    if isinstance(value.value, RelationValue):
        return quantity(len(value.value.ids), "page")
    held = to_json(value)
    match value.type:
        case "select" | "status":
            text = held[1] if held else ""
        case "multi_select":
            text = ", ".join(option[1] for option in held or ())
        case "date":
            text = " to ".join(each for each in (held or ())[:2] if each)
        case _:
            text = "" if held is None else str(held)
    return repr(one_line(text)) if text else "empty"


def _as_data(undo: ImportUndo) -> dict[str, Any]:
    return {
        "run": undo.runs[-1].id,
        "runs": [run.id for run in undo.runs],
        "started": undo.runs[-1].started.isoformat(),
        "trashed": [_page(undo, step) for step in undo.trash],
        "updates": [
            _page(undo, step) | {"changes": [_change(undo, step, value) for value in step.values]}
            for step in undo.back
        ],
        "left": list(_left_data(undo)),
    }


def _change(undo: ImportUndo, step: RestoreValues, value: PropertyValue) -> dict[str, Any]:
    return {"property": _property(undo, step, value.id), "to": to_json(value)}


def _left_data(undo: ImportUndo) -> Iterator[dict[str, Any]]:
    for left in undo.left:
        name = _property(undo, left, left.property_id) if left.property_id else None
        yield _page(undo, left) | {"property": name, "reason": left.reason}


def _page(undo: ImportUndo, step: TrashPage | RestoreValues | LeftInPlace) -> dict[str, Any]:
    database = undo.destinations[step.write.data_source_id].target.name
    url = step.page.url if step.page is not None else None
    return {"database": database, "page": step.write.page, "title": _title(step), "url": url}
