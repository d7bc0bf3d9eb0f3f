"""Print the result of a sync: one row per changed page, conflicts, proposals, counts at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from notion_pm.console.output import echo, echo_lines, table
from notion_pm.rules.evaluation import Conflict
from notion_pm.sync.summary import PageChanges, SyncReport, text
from notion_pm.sync.sync import SyncResult
from notion_pm.text import UNTITLED, quantity

_MOST_SHOWN = 3
"""How many pages or proposals are shown before the rest is only counted."""

_LONGEST_TITLE = 60


def show(result: SyncResult, *, explain: bool) -> None:
    """Print what a sync has done, or would do."""
    report = SyncReport(result)
    pages = list(report.changes_by_page())
    if pages and explain:
        echo_lines(_explained_lines(pages))
    elif pages:
        _show_table(pages)
    echo_lines(_conflict_lines(report, result))
    echo_lines(_proposal_lines(report, result, explain=explain))
    for message, page in report.notes():
        about = f"{page.title or UNTITLED}: " if page else ""
        echo_lines([f"Note: {about}{message}"])
    echo_lines([summary(result)])


def show_new_conflicts(result: SyncResult) -> None:
    """Print the conflicts that no earlier run has reported."""
    echo_lines(_new_conflict_lines(SyncReport(result), result.evaluation.conflicts))


def summary(result: SyncResult) -> str:
    """Return the counts in a line.

    Example: `3 pages changed (2 in Ideas, 1 in Goals), 1 conflict. 12 requests.`
    """
    evaluation = result.evaluation
    parts = ["Nothing to do"]
    if evaluation.updates:
        pages = Counter(update.page.database for update in evaluation.updates)
        databases = result.template.template.databases
        by_database = [f"{count} in {databases[key].title}" for key, count in pages.items()]
        verb = "would change" if result.dry_run else "changed"
        parts = [f"{quantity(result.written, 'page')} {verb} ({', '.join(by_database)})"]
    if evaluation.conflicts:
        parts.append(quantity(len(evaluation.conflicts), "conflict"))
    if evaluation.proposals:
        parts.append(quantity(len(evaluation.proposals), "proposal"))
    return f"{', '.join(parts)}. {quantity(result.requests, 'request')}."


def _show_table(pages: Iterable[PageChanges]) -> None:
    rows = []
    for page_changes in pages:
        changes = [f"{title}: {arrow}" for title, arrow in page_changes.changes]
        rules = [reason.partition(":")[0] for reason in page_changes.reasons]
        rows.append((_shorten(page_changes.page.title), "; ".join(changes), ", ".join(rules)))
    table(("Page", "Changes", "Rules"), rows)
    echo()


def _explained_lines(pages: Iterable[PageChanges]) -> Iterator[str]:
    for page_changes in pages:
        yield page_changes.page.title or UNTITLED
        yield f"  {page_changes.page.url}"
        for title, arrow in page_changes.changes:
            yield f"  {title}: {arrow}"
        for reason in page_changes.reasons:
            yield f"    {reason}"
        if page_changes.because:
            yield f"    Because of: {_list_titles(page_changes.because)}"
    yield ""


def _conflict_lines(report: SyncReport, result: SyncResult) -> Iterator[str]:
    conflicts = result.evaluation.conflicts
    yield from _new_conflict_lines(report, conflicts)
    known = sum(not conflict.new for conflict in conflicts)
    if known:
        yield f"{quantity(known, 'conflict')} reported before: people's values stay."
    if conflicts:
        yield (
            "To give a property back to its rule, empty it. "
            "To take the values of all rules, add --on-conflict rule."
        )
        yield ""


def _new_conflict_lines(report: SyncReport, conflicts: Iterable[Conflict]) -> Iterator[str]:
    for conflict in conflicts:
        if not conflict.new:
            continue
        page, key = conflict.page, conflict.property
        value = text(report.readable(page, key, conflict.value))
        derived = text(report.readable(page, key, conflict.derived))
        yield (
            f"Conflict: {page.title or UNTITLED}, {report.title(page, key)}: it is {value}, "
            f"{', '.join(conflict.rules)} says {derived}: {conflict.reason}."
        )


def _proposal_lines(report: SyncReport, result: SyncResult, *, explain: bool) -> Iterator[str]:
    proposals = result.evaluation.proposals
    shown = proposals if explain else proposals[:_MOST_SHOWN]
    for proposal in shown:
        page, key = proposal.page, proposal.property
        proposed = text(report.readable(page, key, proposal.proposed))
        yield (
            f"Proposal: {page.title or UNTITLED}, {report.title(page, key)}: {proposed}? "
            f"{proposal.why} ({proposal.rule})"
        )
    hidden = len(proposals) - len(shown)
    if hidden:
        yield f"... and {quantity(hidden, 'more proposal')}; --explain shows all."
    if proposals:
        yield ""


def _list_titles(titles: tuple[str, ...]) -> str:
    shown = ", ".join(_shorten(title) for title in titles[:_MOST_SHOWN])
    hidden = len(titles) - _MOST_SHOWN
    return f"{shown} and {hidden} more" if hidden > 0 else shown


def _shorten(title: str) -> str:
    shown = title or UNTITLED
    return shown if len(shown) <= _LONGEST_TITLE else shown[: _LONGEST_TITLE - 1] + "…"
