"""The tree from the vision to a single quote: every page once, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Role
from notion_pm.report.page_values import (
    PageRef,
    Quote,
    Weight,
    page_ref,
    quote,
    readable_text,
    sorted_quotes,
    weight,
)
from notion_pm.thread import Thread, UnsharedPage
from notion_pm.thread.branches import Branch, trees_below

_TOP_ROLES: tuple[Role, ...] = ("vision", "objectives", "key_results", "opportunities", "features")
_KINDS: dict[Role | None, str] = {
    "vision": "Vision",
    "objectives": "Objective",
    "key_results": "Key result",
    "opportunities": "Opportunity",
    "features": "Feature",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A page of the tree. An insight is a leaf with its `quote`.

    `page` is None if it is not shared. `repeated`: it is shown in full elsewhere. `more` and
    `more_pages`: the number of quotes and pages below it that are left out.
    """

    page: PageRef | None
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
    """The trees of a thread. `unlinked`: customers' words that are linked to no page.

    `more` and `more_pages`: the number of unlinked quotes and of trees that are left out.
    """

    nodes: tuple[Node, ...]
    unlinked: tuple[Quote, ...]
    more: int = 0
    more_pages: int = 0


def ids_shown_in_full(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the ids of the pages that trees show in full."""
    for node in nodes:
        if node.page and not node.repeated:
            yield node.page.id
        yield from ids_shown_in_full(node.nodes)


def tree(thread: Thread) -> Tree:
    """Return the trees of a thread, from the top down.

    Left out are dropped pages and pages of the vision's database if nothing is below them.
    Customers appear in their quotes.
    """
    pages: list[SnapshotPage] = []
    for role in _TOP_ROLES:
        pages += thread.pages(role)
    tops = [page for page in pages if not _has_parent(thread, page)]
    # Pages in a circle serve each other, so no top reaches them: `pages` again, after the tops.
    branches = trees_below(thread, [*tops, *pages])
    shown = [branch for branch in branches if branch.branches or _is_shown_alone(thread, branch)]
    unlinked = [insight for insight in thread.pages("insights") if not thread.above(insight)]
    nodes = tuple(_node(thread, branch) for branch in shown)
    return Tree(nodes, sorted_quotes(thread, unlinked))


def _has_parent(thread: Thread, page: SnapshotPage) -> bool:
    return any(isinstance(parent, SnapshotPage) for parent in thread.above(page))


def _is_shown_alone(thread: Thread, branch: Branch) -> bool:
    """Whether a page with nothing below it is worth a place in the tree."""
    page = branch.page
    if isinstance(page, UnsharedPage):
        return False
    # A mission or value with nothing below it is in the strategy section already.
    return thread.is_live(page) and thread.role(page) != "vision"


def _node(thread: Thread, branch: Branch) -> Node:
    page = branch.page
    # It is shown without a title, so that people see that something is there and can share it.
    if isinstance(page, UnsharedPage):
        return Node(None)
    role = thread.role(page)
    ref = page_ref(thread, page)
    if role == "insights":
        words = quote(thread, page)
        return Node(ref, "Quote", role, quote=words, repeated=branch.repeated)
    kind = readable_text(thread, page, "kind") if role == "vision" else ""
    return Node(
        page=ref,
        kind=kind or _KINDS.get(role, ""),
        role=role,
        weight=weight(thread, page),
        nodes=tuple(_node(thread, below) for below in branch.branches),
        repeated=branch.repeated,
    )
