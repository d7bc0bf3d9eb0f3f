"""How many rows of each list a report shows. The rest is counted in its place.

Figures and charts always count everything. Without limits the report of a workspace with 5,000
features and 5,000 insights would have 18 MB, which browsers open slowly and mail servers refuse.
With the default limits it has less than 5 MB.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notion_pm.report.evidence_table import EvidenceEntry
from notion_pm.report.tree import Node, Tree

if TYPE_CHECKING:
    from notion_pm.report.compose import Report

_EVERYTHING = sys.maxsize


@dataclass(frozen=True, slots=True)
class ListLimits:
    """The most that a report shows.

    `quotes`: quotes behind a feature or below a page of the tree. `features`: entries of the
    evidence table. `tree`: pages and quotes of the whole tree. `rows`: rows of any other list.
    """

    quotes: int = _EVERYTHING
    features: int = _EVERYTHING
    tree: int = _EVERYTHING
    rows: int = _EVERYTHING


UNLIMITED = ListLimits()
DEFAULT_LIMITS = ListLimits(quotes=10, features=500, tree=2500, rows=100)


def apply_limits(report: Report, limits: ListLimits) -> Report:
    """Return a report that shows no more than the limits allow.

    Evidence and tree are cut here, since other places of the page link into them; the template cuts
    the other lists.
    """
    evidence = [_cut_entry(entry, limits) for entry in report.evidence[: limits.features]]
    return replace(
        report,
        limits=limits,
        evidence=tuple(evidence),
        more_evidence=len(report.evidence[limits.features :]),
        tree=_cut_tree(report.tree, limits),
    )


def _cut_entry(entry: EvidenceEntry, limits: ListLimits) -> EvidenceEntry:
    shown, hidden = entry.quotes[: limits.quotes], entry.quotes[limits.quotes :]
    return replace(entry, quotes=shown, more=len(hidden))


def _cut_tree(tree: Tree, limits: ListLimits) -> Tree:
    shown = tree.nodes[: limits.rows]
    # Equal shares for the trees of the top level; what one does not use is not given to another.
    share = limits.tree // max(len(shown), 1)
    return Tree(
        nodes=tuple(_cut_node(node, limits, share) for node in shown),
        unlinked=tree.unlinked[: limits.quotes],
        more=len(tree.unlinked[limits.quotes :]),
        more_pages=len(tree.nodes[limits.rows :]),
    )


def _cut_node(node: Node, limits: ListLimits, budget: int) -> Node:
    """Return a node with at most `budget` pages and quotes below it.

    Its own quotes come first, then the pages below it get equal shares of the rest. So every
    objective keeps its most important features, however many features another one has.
    """
    pages = [child for child in node.nodes if not child.quote]
    quotes = [child for child in node.nodes if child.quote]
    most_quotes = min(limits.quotes, budget)
    shown_quotes = quotes[:most_quotes]
    # Quotes first: a page without its evidence says less than a page with fewer children.
    budget -= len(shown_quotes)
    most_pages = min(limits.rows, budget)
    shown_pages = pages[:most_pages]
    share = (budget - len(shown_pages)) // max(len(shown_pages), 1)
    return replace(
        node,
        nodes=(*(_cut_node(page, limits, share) for page in shown_pages), *shown_quotes),
        more=len(quotes[most_quotes:]),
        more_pages=len(pages[most_pages:]),
    )
