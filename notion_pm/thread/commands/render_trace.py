"""A trace as a tree, as people read it in a terminal: the way up, the page, and down to the customers' words."""

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
from notion_pm.thread.graph import Evidence, Thread, Unseen
from notion_pm.thread.run_trace import Traced

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
_PIPE_WIDTH = 120


def show(traced: Traced, *, quotes: bool) -> None:
    """Print a trace: what the page serves above it, what stands behind it below."""
    page, thread = traced.trace.page, traced.thread
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)
    if traced.trace.above:
        up = Tree(Text("What it serves", style="dim"), guide_style="dim")
        _grow(up, thread, traced.trace.above, quotes=quotes)
        console.print(up)
    down = Tree(_label(thread, page, quotes=quotes), guide_style="dim")
    _grow(down, thread, traced.trace.below, quotes=quotes)
    console.print(down)
    console.print(Text(page.url, style="dim"), soft_wrap=True)
    console.print(Text(_summary(traced), style="dim"))


def _grow(tree: Tree, thread: Thread, branches: Sequence[Branch], *, quotes: bool) -> None:
    for each in branches:
        if isinstance(each.page, Unseen):
            tree.add(
                Text(f"a page that is not shared with the connection ({each.page.id})", style="red")
            )
        elif each.repeated:
            tree.add(Text.assemble(_name(thread, each.page), ("  (told above)", "dim")))
        else:
            grown = tree.add(_label(thread, each.page, quotes=quotes))
            _grow(grown, thread, _beyond(thread, each), quotes=quotes)
            if (
                each.beyond and thread.role(each.page) != "insights"
            ):  # beyond it are the customers of its own line
                grown.add(Text(f"… {each.beyond} more", style="dim"))


def _beyond(thread: Thread, branch: Branch) -> Sequence[Branch]:
    """What to draw below a branch: the customers of an insight stand in its own line."""
    if isinstance(branch.page, SnapshotPage) and thread.role(branch.page) == "insights":
        return [each for each in branch.branches if _role(thread, each) != "customers"]
    return branch.branches


def _role(thread: Thread, branch: Branch) -> Role | None:
    return thread.role(branch.page) if isinstance(branch.page, SnapshotPage) else None


def _label(thread: Thread, page: SnapshotPage, *, quotes: bool) -> Text:
    if thread.role(page) == "insights":
        return _said(thread, page, quotes=quotes)
    facts = [thread.status(page), _weight(thread.evidence(page))]
    told = "  ".join(filter(None, facts))
    return Text.assemble(_name(thread, page), (f"  {told}" if told else "", "dim"))


def _name(thread: Thread, page: SnapshotPage) -> Text:
    number = thread.number_of(page)
    return Text.assemble(
        (f"{number} " if number else "", "dim"),
        (one_line(page.title) or UNTITLED, _STYLES[thread.role(page)]),
    )


def _said(thread: Thread, insight: SnapshotPage, *, quotes: bool) -> Text:
    """An insight: who said it, how much it matters, when; and the words themselves."""
    who = ", ".join(map(one_line, thread.customers_of(insight)))
    facts = [
        who,
        str(thread.read(insight, "importance") or ""),
        thread.text(insight, "observed_on")[:10],
    ]
    told = " · ".join(filter(None, facts))
    quote = one_line(thread.text(insight, "quote")) if quotes else ""
    return Text.assemble(
        _name(thread, insight),
        (f"  {told}" if told else "", "dim"),
        (f"\n“{quote}”" if quote else "", "italic"),
    )


def _weight(evidence: Evidence) -> str:
    if not evidence.insights:
        return ""
    facts = [quantity(len(evidence.insights), "insight")]
    facts += [quantity(evidence.customers, "customer")] if evidence.customers else []
    facts += [f"importance {evidence.importance:g}"] if evidence.importance is not None else []
    facts += [f"ARR {evidence.arr:,.0f}"] if evidence.arr else []
    return ", ".join(facts)


def _summary(traced: Traced) -> str:
    cut = " The thread ends here: nothing stands behind it." if not traced.trace.below else ""
    top = (
        " It serves nothing above it."
        if not traced.trace.above and traced.thread.role(traced.trace.page)
        else ""
    )
    role = traced.thread.role(traced.trace.page)
    ends = "" if role in {"customers", "insights"} else cut
    tops = "" if role == "vision" else top
    return f"{quantity(traced.requests, 'request')}.{tops}{ends}"
