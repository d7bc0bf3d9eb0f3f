"""A plan as text: one line an object, the counts and the requests last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from notion_pm.provision.plan.change import Change, Kind
from notion_pm.provision.plan.plan import Plan
from notion_pm.text import quantity

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_COUNTED: tuple[tuple[Kind, str, str], ...] = (
    ("database", "database", "databases"),
    ("property", "property", "properties"),
    ("option", "option", "options"),
    ("view", "view", "views"),
    ("row", "row", "rows"),
)


def plan_lines(plan: Plan, budget: int, *, details: bool = False) -> Iterator[str]:
    """Yield the lines of a plan; `budget` is how many requests a minute are allowed.

    With `details` everything in a new database has a line of its own.
    """
    yield f"Template {plan.template}, version {plan.version}"
    if plan.changes:
        yield ""
    new = {
        each.database for each in plan.changes if (each.kind, each.action) == ("database", "create")
    }
    inside = {
        key: [each for each in plan.changes if each.database == key and each.kind != "database"]
        for key in new
    }
    for change in plan.changes:
        if change.kind == "database" and change.database in new:
            yield _line(change, f"{_quoted(change)} with {counts(inside[change.database])}")
            yield from (
                f"  {_line(each, '; '.join(each.details))}"
                for each in inside[change.database]
                if details
            )
        elif change.database not in new and (details or change.kind != "row"):
            yield _line(change, _explained(change))
    if not details:
        yield from _row_lines(plan.changes, new)
    if plan.notes:
        yield ""
        yield from (f"  note  {each.address}: {each.message}" for each in plan.notes)
    yield from _danger(plan)
    yield ""
    yield summary(plan, budget)


def _danger(plan: Plan) -> Iterator[str]:
    """Yield once more, last, what takes something away or cannot be made."""
    if plan.dangerous:
        yield ""
        yield "Look twice:"
        yield from (_line(each, _explained(each)) for each in plan.dangerous)


def summary(plan: Plan, budget: int) -> str:
    """Return the last line: what would be done, and what it costs."""
    if not plan.changes:
        return f"No changes: the workspace is what the template says. {plan.requests} requests to read it."
    parts = [
        f"{counts([each for each in plan.changes if each.action == action])} to {action}"
        for action in ("create", "update", "delete")
        if any(each.action == action for each in plan.changes)
    ]
    minutes = plan.minutes(budget)
    time = f"about {minutes} minute{'s' if minutes > 1 else ''} at Notion's {budget} a minute"
    return f"{'; '.join(parts)}. {plan.requests} requests ({time})."


def _row_lines(changes: Sequence[Change], new: set[str]) -> Iterator[str]:
    rows = Counter(
        each.database for each in changes if each.kind == "row" and each.database not in new
    )
    for database, count in rows.items():
        yield f"  + {database + '.rows':32} {count} starter row{'s' if count > 1 else ''}"


def _line(change: Change, text: str) -> str:
    flag = "" if change.change_class == "safe" else f"[{change.change_class}] "
    return f"  {_MARKS[change.action]} {change.address:32} {flag}{text}".rstrip()


def _quoted(change: Change) -> str:
    return f"{change.details[0]!r}" if change.details else ""


def _explained(change: Change) -> str:
    details = "; ".join(change.details)
    return f"{change.explained}: {details}" if details else change.explained


def counts(changes: Sequence[Change]) -> str:
    counted = Counter(each.kind for each in changes)
    parts = [quantity(counted[kind], one, many) for kind, one, many in _COUNTED if counted[kind]]
    parts += ["the manifest"] if counted["manifest"] else []
    return (
        " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "nothing in it"
    )
