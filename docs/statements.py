"""Write the statements about Notion, and the unknown facts, into docs/local-workspace.md."""

from __future__ import annotations

from notion_pm.probe.statement import Area, Statement, all_statements
from notion_pm.probe.unknowns import UNKNOWNS


def tables() -> str:
    """Return all statements as Markdown tables, one for each area."""
    statements = all_statements()
    lines = []
    for area in Area:
        rows = [_row(statement) for statement in statements if statement.area is area]
        if rows:
            lines += [f"### Statements: {area.title}\n", "| statement | source | id |"]
            lines += ["|---|---|---|", *rows, ""]
    return "\n".join(lines)


def unknowns() -> str:
    """Return what no source says as a Markdown table."""
    lines = ["| unknown | here | notion-pm | the probe asks |", "|---|---|---|---|"]
    for unknown in UNKNOWNS:
        statement_id = _code(unknown.statement)
        lines.append(
            f"| {unknown.question} | {unknown.local} | {unknown.notion_pm} | {statement_id} |"
        )
    return "\n".join(lines)


def _row(statement: Statement) -> str:
    return f"| {statement.sentence} | {statement.source} | {_code(statement.id)} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
