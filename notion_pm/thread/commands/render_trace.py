"""A trace as a tree for a terminal: the way up, the page, and down to the customers' words."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Role
from notion_pm.text import UNTITLED, one_line, quantity
from notion_pm.thread.branches import Branch
from notion_pm.thread.graph import Evidence, Thread, UnsharedPage
from notion_pm.thread.run_trace import TraceResult

_STYLES: dict[Role | None, str] = {
    "vision": "bold magenta",
    "objectives": "bold green",
    "key_results": "green",
    "opportunities": "yellow",
    "features": "bold cyan",
    "insights": "",
    "customers": "bold",
    None: "blue",
}
_WIDTH_IN_PIPE = 120


def print_trace(result: TraceResult, *, quotes: bool) -> None:
    """Print a trace: what the page serves, and what serves it."""
    page, thread = result.trace.page, result.thread
    width = None if sys.stdout.isatty() else _WIDTH_IN_PIPE
    console = Console(width=width, highlight=False)
    if result.trace.above:
        up = Tree(Text("What it serves", style="dim"), guide_style="dim")
        _add_branches(up, thread, result.trace.above, quotes=quotes)
        console.print(up)
    down = Tree(_page_text(thread, page, quotes=quotes), guide_style="dim")
    _add_branches(down, thread, result.trace.below, quotes=quotes)
    console.print(down)
    console.print(Text(page.url, style="dim"), soft_wrap=True)
    console.print(Text(_summary(result), style="dim"))


def _add_branches(tree: Tree, thread: Thread, branches: Sequence[Branch], *, quotes: bool) -> None:
    for branch in branches:
        page = branch.page
        if isinstance(page, UnsharedPage):
            tree.add(Text(f"a page that is not shared with the connection ({page.id})", "red"))
        elif branch.repeated:
            tree.add(Text.assemble(_title(thread, page), ("  (shown above)", "dim")))
        elif thread.role(page) == "insights":
            # The line of an insight already names its customers.
            others = [other for other in branch.branches if not _is_customer(thread, other)]
            added = tree.add(_page_text(thread, page, quotes=quotes))
            _add_branches(added, thread, others, quotes=quotes)
        else:
            added = tree.add(_page_text(thread, page, quotes=quotes))
            _add_branches(added, thread, branch.branches, quotes=quotes)
            if branch.beyond:
                added.add(Text(f"… {branch.beyond} more", style="dim"))


def _is_customer(thread: Thread, branch: Branch) -> bool:
    return thread.role_of(branch.page) == "customers"


def _page_text(thread: Thread, page: SnapshotPage, *, quotes: bool) -> Text:
    """Return the title of a page with its facts; of an insight also the customer's words."""
    quote = ""
    if thread.role(page) == "insights":
        facts = [
            ", ".join(one_line(name) for name in thread.customers_of(page)),
            str(thread.readable(page, "importance") or ""),
            thread.text(page, "observed_on")[:10],
        ]
        details = " · ".join(filter(None, facts))
        quote = one_line(thread.text(page, "quote")) if quotes else ""
    else:
        facts = [thread.status(page), _evidence_text(thread.evidence(page))]
        details = "  ".join(filter(None, facts))
    return Text.assemble(
        _title(thread, page),
        (f"  {details}" if details else "", "dim"),
        (f"\n“{quote}”" if quote else "", "italic"),
    )


def _title(thread: Thread, page: SnapshotPage) -> Text:
    number = thread.unique_id(page)
    return Text.assemble(
        (f"{number} " if number else "", "dim"),
        (one_line(page.title) or UNTITLED, _STYLES[thread.role(page)]),
    )


def _evidence_text(evidence: Evidence) -> str:
    if not evidence.insights:
        return ""
    facts = [quantity(len(evidence.insights), "insight")]
    if evidence.customers:
        facts.append(quantity(evidence.customers, "customer"))
    if evidence.importance is not None:
        facts.append(f"importance {evidence.importance:g}")
    if evidence.arr:
        facts.append(f"ARR {evidence.arr:,.0f}")
    return ", ".join(facts)


def _summary(result: TraceResult) -> str:
    """Return the number of requests, and where the thread ends although it should not."""
    role = result.thread.role(result.trace.page)
    sentences = [f"{quantity(result.requests, 'request')}."]
    if not result.trace.above and role is not None and role != "vision":
        sentences.append("It serves no page above it.")
    if not result.trace.below and role not in {"customers", "insights"}:
        sentences.append("The thread ends here: no evidence or feature below it.")
    return " ".join(sentences)
