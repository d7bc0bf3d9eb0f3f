"""Writes the statements about Notion, and what is unknown, into docs/local-workspace.md."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.probe.statement import Area, Statement, all_statements
from notion_pm.probe.unknowns import UNKNOWNS


def tables() -> str:
    """Return all statements as Markdown, grouped by what they mean for the user."""
    return "\n".join(_lines())


def unknowns() -> str:
    """Return what no source says as a Markdown table."""
    rows = [
        f"| {each.question} | {each.local} | {each.notion_pm} | {_id(each.statement)} |"
        for each in UNKNOWNS
    ]
    return "\n".join(
        ["| unknown | here | notion-pm | the probe asks |", "|---|---|---|---|", *rows]
    )


def _lines() -> Iterator[str]:
    statements = all_statements()
    for area in Area:
        of_area = [each for each in statements if each.area is area]
        if not of_area:
            continue
        yield f"### Statements: {area.title}\n"
        yield "| statement | source | id |"
        yield "|---|---|---|"
        yield from (_row(each) for each in of_area)
        yield ""


def _row(statement: Statement) -> str:
    return f"| {statement.sentence} | {statement.source} | {_id(statement.id)} |"


def _id(id: str) -> str:
    return f"`{id}`" if id else ""
