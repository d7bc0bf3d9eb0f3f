"""A plan as Markdown, for a pull request: a table of the changes, what to look at twice, the cost."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.provision.commands.render_plan import counts, summary
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.plan import Plan

_MOST_LINES = 200  # a pull request is read by people, and GitHub takes 65,536 characters


def plan_markdown(plan: Plan, budget: int) -> Iterator[str]:
    """Yield the lines of a plan. What is inside a new database is counted, not listed."""
    yield f"### Plan: {_text(plan.template)}, version {plan.version}"
    yield ""
    yield summary(plan, budget)
    if plan.changes:
        yield from _table(plan)
    if plan.dangerous:
        yield ""
        yield "**Look twice:**"
        yield ""
        yield from (
            f"- `{each.address}` ({each.change_class}): {_text(_explained(each))}"
            for each in plan.dangerous
        )
    if plan.notes:
        yield ""
        yield "**Notes:**"
        yield ""
        yield from (f"- `{each.address}`: {_text(each.message)}" for each in plan.notes)
    yield ""
    yield f"Checksum: `{plan.checksum}`"


def _table(plan: Plan) -> Iterator[str]:
    new = {
        each.database for each in plan.changes if (each.kind, each.action) == ("database", "create")
    }
    shown = [each for each in plan.changes if each.database not in new or each.kind == "database"]
    yield ""
    yield "| Change | What | Class | Pages | Why |"
    yield "|---|---|---|---:|---|"
    for change in shown[:_MOST_LINES]:
        inside = [
            each
            for each in plan.changes
            if each.database == change.database and each.kind != "database"
        ]
        why = (
            f"{_explained(change)}; with {counts(inside)}"
            if change.database in new
            else _explained(change)
        )
        pages = "" if change.pages is None else str(change.pages)
        yield f"| {change.action} | `{change.address}` | {change.change_class} | {pages} | {_text(why)} |"
    if len(shown) > _MOST_LINES:
        yield f"| | and {len(shown) - _MOST_LINES} more | | | |"


def _explained(change: Change) -> str:
    details = "; ".join(change.details)
    return f"{change.reason}: {details}" if details else change.reason


def _text(text: str) -> str:
    """Return a text that Markdown leaves as it is, on one line."""
    for sign in "\\|`*_<>[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
