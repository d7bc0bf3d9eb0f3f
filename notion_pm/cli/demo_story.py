"""The edits of `demo`: what a product manager does in Notion between two syncs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.model.manifest import Manifest
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.notion.client import NotionClient


@dataclass(frozen=True, slots=True)
class Move:
    """One edit in Notion: the status of a row of the product template, by its key."""

    database: str
    row: str
    status: str
    description: str


MOVES = (
    Move("features", "rate-budget", "shipped", "A feature ships"),
    Move("features", "close-loop", "in_progress", "The team starts another feature"),
    Move("features", "watch-hooks", "dropped", "A parked feature is dropped for good"),
    Move(
        "insights",
        "i001",
        "wont_do",
        "An insight is declined by hand; no rule will change that",
    ),
)


def play(notion: NotionClient, manifest: Manifest) -> Iterator[str]:
    """Make the edits, as a teammate would by dragging cards, and yield a line about each."""
    for move in MOVES:
        entry = manifest.databases[move.database]
        option = OptionValue(entry.options[f"status.{move.status}"], "")
        page = notion.update_page(
            entry.rows[move.row], [PropertyValue(entry.properties["status"], "status", option)]
        )
        now = page.properties[entry.properties["status"]].value
        assert isinstance(now, OptionValue)
        yield f"{move.description}: {page.title!r} -> {now.name}"
