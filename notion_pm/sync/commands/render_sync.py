"""A sync, as people read it: what changed and why, a line a page, counts at the bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from notion_pm.console.output import echo, table
from notion_pm.rules.evaluation import Conflict
from notion_pm.sync.summary import Line, SyncReport, text
from notion_pm.sync.sync import SyncResult
from notion_pm.text import UNTITLED, quantity

_NAMED = 3
"""How many pages, rules or proposals are named before the rest is only counted."""


def show(result: SyncResult, *, explain: bool) -> None:
    """Print what a sync has done, or would do."""
    report = SyncReport(result)
    lines = list(report.lines())
    if lines:
        _show_explained(lines) if explain else _show_table(lines)
    _show_conflicts(report, result)
    _show_proposals(report, result, explain=explain)
    for message, page in report.notes():
        echo(f"Note: {page.title or UNTITLED}: {message}" if page else f"Note: {message}")
    echo(summary(result))


def _show_table(lines: Iterable[Line]) -> None:
    rows = [
        (
            _shortened(line.page.title),
            "; ".join(f"{title}: {arrow}" for title, arrow in line.changes),
            ", ".join(why.partition(":")[0] for why in line.whys),
        )
        for line in lines
    ]
    table(("Page", "What changed", "Rules"), rows)
    echo()


def _show_explained(lines: Iterable[Line]) -> None:
    for line in lines:
        echo(line.page.title or UNTITLED)
        echo(f"  {line.page.url}")
        for title, arrow in line.changes:
            echo(f"  {title}: {arrow}")
        for why in line.whys:
            echo(f"    {why}")
        if line.because:
            echo(f"    Because of: {_listed(line.because)}")
    echo()


def _show_conflicts(report: SyncReport, result: SyncResult) -> None:
    conflicts = result.evaluation.conflicts
    _show_new(report, conflicts)
    known = sum(not each.new for each in conflicts)
    if known:
        echo(f"{quantity(known, 'conflict')} told before: people's values are kept.")
    if conflicts:
        echo(
            "Empty the property to hand it back to the rule, or run with --on-conflict rule to take what rules say.\n"
        )


def show_new_conflicts(result: SyncResult) -> None:
    """Print the conflicts that no earlier run has told."""
    _show_new(SyncReport(result), result.evaluation.conflicts)


def _show_new(report: SyncReport, conflicts: Iterable[Conflict]) -> None:
    for each in conflicts:
        if each.new:
            echo(f"Conflict: {_conflict(report, each)}")


def _conflict(report: SyncReport, conflict: Conflict) -> str:
    value, derived = (
        text(report.readable(conflict.page, conflict.property, each))
        for each in (conflict.value, conflict.derived)
    )
    where = f"{conflict.page.title or UNTITLED}, {report.title(conflict.page, conflict.property)}"
    return f"{where}: it is {value}, {', '.join(conflict.rules)} says {derived}: {conflict.reason}."


def _show_proposals(report: SyncReport, result: SyncResult, *, explain: bool) -> None:
    proposals = result.evaluation.proposals
    shown = proposals if explain else proposals[:_NAMED]
    for each in shown:
        proposed = text(report.readable(each.page, each.property, each.proposed))
        title = report.title(each.page, each.property)
        echo(
            f"Proposal: {each.page.title or UNTITLED}, {title}: {proposed}? {each.why} ({each.rule})"
        )
    if len(shown) < len(proposals):
        echo(
            f"... and {quantity(len(proposals) - len(shown), 'more proposal')}; --explain shows all."
        )
    if proposals:
        echo()


def summary(result: SyncResult) -> str:
    """Return the counts in a line."""
    evaluation = result.evaluation
    pages = Counter(update.page.database for update in evaluation.updates)
    databases = result.template.template.databases
    done = [f"{count} in {databases[key].title}" for key, count in pages.items()]
    verb = "would change" if result.dry_run else "changed"
    what = (
        f"{quantity(result.written, 'page')} {verb} ({', '.join(done)})"
        if done
        else "Nothing to do"
    )
    counts = [
        quantity(len(found), name)
        for name, found in (("conflict", evaluation.conflicts), ("proposal", evaluation.proposals))
        if found
    ]
    return f"{', '.join([what, *counts])}. {quantity(result.requests, 'request')}."


def _listed(titles: tuple[str, ...]) -> str:
    more = len(titles) - _NAMED
    return ", ".join(_shortened(each) for each in titles[:_NAMED]) + (
        f" and {more} more" if more > 0 else ""
    )


def _shortened(title: str, width: int = 60) -> str:
    shown = title or UNTITLED
    return shown if len(shown) <= width else shown[: width - 1] + "…"
