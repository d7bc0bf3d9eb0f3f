"""The tree from the vision to a single quote: every page once, with what stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Role
from notion_pm.report.page_values import Quote, Told, Weight, label, quote, quotes, told, weight
from notion_pm.thread import Thread
from notion_pm.thread.branches import Branch, trees_below
from notion_pm.thread.graph import Related, UnsharedPage

_TOPS: tuple[Role, ...] = ("vision", "objectives", "key_results", "opportunities", "features")
_NAMES: dict[Role | None, str] = {
    "vision": "Vision",
    "objectives": "Objective",
    "key_results": "Key result",
    "opportunities": "Opportunity",
    "features": "Feature",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A page of the tree. `page` is None where it is not shared; `repeated`: it stands in full elsewhere.

    An insight is a leaf with its `quote`. `more` quotes and `more_pages` below are not shown.
    """

    page: Told | None
    kind: str = ""
    role: Role | None = None
    weight: Weight | None = None
    quote: Quote | None = None
    nodes: tuple[Node, ...] = ()
    repeated: bool = False
    more: int = 0
    more_pages: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """The trees of a thread; `loose` are customers' words that are linked to nothing.

    `more` of these, and `more_pages` at the top, are not shown.
    """

    nodes: tuple[Node, ...]
    loose: tuple[Quote, ...]
    more: int = 0
    more_pages: int = 0


def pages_of(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the ids of the pages that trees tell in full."""
    for each in nodes:
        if each.page and not each.repeated:
            yield each.page.id
        yield from pages_of(each.nodes)


def tree(thread: Thread) -> Tree:
    """Return the trees of a thread, from the top down.

    Left out is what was dropped, or is of the vision, with nothing behind it. Customers are named by their quotes.
    """
    pages = [each for role in _TOPS for each in thread.pages(role)]
    tops = [
        each
        for each in pages
        if not any(isinstance(above, SnapshotPage) for above in thread.above(each))
    ]
    branches = trees_below(
        thread, [*tops, *pages]
    )  # pages in a circle serve each other: no top leads to them
    shown = [each for each in branches if each.branches or _is_worth_telling(thread, each.page)]
    loose = quotes(thread, (each for each in thread.pages("insights") if not thread.above(each)))
    return Tree(tuple(_node(thread, each) for each in shown), loose)


def _is_worth_telling(thread: Thread, page: Related) -> bool:
    return isinstance(page, SnapshotPage) and thread.is_live(page) and thread.role(page) != "vision"


def _node(thread: Thread, branch: Branch) -> Node:
    page = branch.page
    if isinstance(page, UnsharedPage):
        return Node(None)
    role = thread.role(page)
    if role == "insights":
        return Node(
            told(thread, page), "Quote", role, quote=quote(thread, page), repeated=branch.repeated
        )
    kind = (label(thread, page, "kind") if role == "vision" else "") or _NAMES.get(role, "")
    below = tuple(_node(thread, each) for each in branch.branches)
    return Node(told(thread, page), kind, role, weight(thread, page), None, below, branch.repeated)
