"""Render a plan as Markdown for a pull request: a table of changes, what to review, the cost."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.provision.commands.render_plan import counts, summary
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.plan import Plan

_MAX_ROWS = 200
"""A pull request is read by people, and GitHub takes 65,536 characters."""


def plan_markdown(plan: Plan, budget: int) -> Iterator[str]:
    """Yield the lines of a plan. What is inside a new database is counted, not listed."""
    yield f"### Plan: {_escape(plan.template)}, version {plan.version}"
    yield ""
    yield " ".join(summary(plan, budget))
    if plan.changes:
        yield ""
        yield from _table(plan)
    if plan.dangerous:
        yield ""
        yield "**Review these:**"
        yield ""
        for change in plan.dangerous:
            what = _escape(_reason_with_details(change))
            yield f"- `{change.address}` ({change.change_class}): {what}"
    if plan.notes:
        yield ""
        yield "**Notes:**"
        yield ""
        for note in plan.notes:
            yield f"- `{note.address}`: {_escape(note.message)}"
    yield ""
    yield f"Checksum: `{plan.checksum}`"


def _table(plan: Plan) -> Iterator[str]:
    new_databases = {
        change.database
        for change in plan.changes
        if change.kind == "database" and change.action == "create"
    }
    shown = [
        change
        for change in plan.changes
        if change.kind == "database" or change.database not in new_databases
    ]
    yield "| Change | What | Class | Pages | Why |"
    yield "|---|---|---|---:|---|"
    for change in shown[:_MAX_ROWS]:
        why = _reason_with_details(change)
        if change.database in new_databases:
            why += f"; with {_counts_inside(plan, change.database)}"
        pages = "" if change.pages is None else str(change.pages)
        cells = [
            change.action,
            f"`{change.address}`",
            change.change_class,
            pages,
            _escape(why),
        ]
        yield f"| {' | '.join(cells)} |"
    if len(shown) > _MAX_ROWS:
        yield f"| | and {len(shown) - _MAX_ROWS} more | | | |"


def _counts_inside(plan: Plan, database: str) -> str:
    inside = [
        change
        for change in plan.changes
        if change.database == database and change.kind != "database"
    ]
    return counts(inside)


def _reason_with_details(change: Change) -> str:
    details = "; ".join(change.details)
    return f"{change.reason}: {details}" if details else change.reason


def _escape(text: str) -> str:
    """Return a text on one line in which Markdown finds no formatting."""
    for sign in "\\|`*_<>[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
