"""The head of a page: its properties, in the order of their schema, and who touched it when."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader
from notion_pm.emulator.values.users import find_user
from notion_pm.emulator.web import formats
from notion_pm.emulator.web.addresses import Addresses
from notion_pm.emulator.web.cells import Cell, CellReader
from notion_pm.emulator.web.choices import CHOOSABLE, Choice, choice


@dataclass(frozen=True, slots=True)
class Line:
    """One property of the page."""

    name: str
    type: str
    cell: Cell
    choice: Choice | None
    description: str | None


@dataclass(frozen=True, slots=True)
class PageHead:
    """What stands between a page's title and its body.

    Properties without a value come last, and folded away.
    """

    lines: tuple[Line, ...]
    empty: tuple[Line, ...]
    edited: str
    edited_by: str


def page_head(session: Session, addresses: Addresses, page: Page) -> PageHead:
    """Return the head of a page."""
    reader = Reader(session)
    cells = CellReader(reader, addresses)
    schema = reader.page_schema(page)
    can_be_set = not page.in_trash
    lines = [
        Line(
            prop.name,
            prop.type,
            cells.cell(page, prop),
            choice(page, prop) if prop.type in CHOOSABLE and can_be_set else None,
            prop.description,
        )
        for prop in schema.values()
        if prop.type not in ("title", "button")
    ]
    editor = find_user(session, page.last_edited_by) or {}
    return PageHead(
        lines=tuple(line for line in lines if line.cell.items or line.type == "status"),
        empty=tuple(line for line in lines if not line.cell.items and line.type != "status"),
        edited=formats.moment_text(to_the_minute(page.last_edited_time)),
        edited_by=str(editor.get("name") or "somebody"),
    )
