"""A report as long as it may be: what is left out is counted in its place, and nothing links to it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from notion_pm.report.compose import Report
from notion_pm.report.evidence_table import Entry
from notion_pm.report.html import write_report
from notion_pm.report.list_limits import ROOMS, Room
from notion_pm.report.tree import Node, Tree
from notion_pm.text import quantity

MOST_BYTES = 1_000_000
"""What a mail server or a chat takes without asking, and a phone shows at once."""


def fitted(report: Report, most_bytes: int = MOST_BYTES) -> tuple[Report, str]:
    """Return as much of a report as stays below a size, with its page; what cannot be shortened any more is larger."""

    @cache
    def made(place: int) -> tuple[Report, str]:
        shorter = abridged(report, ROOMS[place], _said(ROOMS[place], most_bytes) if place else "")
        return shorter, write_report(shorter)

    if len(made(0)[1].encode()) <= most_bytes:
        return made(0)
    places = range(1, len(ROOMS))
    first = bisect_left(places, -most_bytes, key=lambda place: -len(made(place)[1].encode()))
    return made(places[min(first, len(places) - 1)])


def abridged(report: Report, room: Room, why: str = "") -> Report:
    """Return a report that shows no more than there is room for; `why` joins its notes."""
    return replace(
        report,
        room=room,
        ledger=tuple(_entry(each, room) for each in report.ledger[: room.rows]),
        more_entries=len(report.ledger[room.rows :]),
        tree=_tree(report.tree, room),
        notes=(*report.notes, why) if why else report.notes,
    )


def _said(room: Room, most_bytes: int) -> str:
    quotes = quantity(room.quotes, "quote")
    return (
        f"To stay below {most_bytes // 1000:,} kB this file shows no more than {quotes} behind a feature "
        f"and {room.rows} rows of a list; what is left out is counted in its place. "
        "Every row:  notion-pm report --quotes 25  makes a larger file."
    )


def _entry(entry: Entry, room: Room) -> Entry:
    return replace(entry, quotes=entry.quotes[: room.quotes], more=len(entry.quotes[room.quotes :]))


def _tree(tree: Tree, room: Room) -> Tree:
    return Tree(
        tuple(_node(each, room) for each in tree.nodes[: room.rows]),
        tree.loose[: room.quotes],
        len(tree.loose[room.quotes :]),
        len(tree.nodes[room.rows :]),
    )


def _node(node: Node, room: Room) -> Node:
    pages, leaves = _parted(node.nodes)
    return replace(
        node,
        nodes=(*(_node(each, room) for each in pages[: room.rows]), *leaves[: room.quotes]),
        more=len(leaves[room.quotes :]),
        more_pages=len(pages[room.rows :]),
    )


def _parted(nodes: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """Pages, and the quotes that stand behind them all."""
    return [each for each in nodes if not each.quote], [each for each in nodes if each.quote]
