"""The head of a page: its properties in the order of the schema, and the last edit."""

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
    """What is between the title and the body of a page.

    `empty`: the properties without a value, which come last and folded.
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
    # The API refuses changes of a page in the trash.
    can_be_set = not page.in_trash
    lines = []
    for prop in schema.values():
        if prop.type in ("title", "button"):
            continue
        form = choice(page, prop) if prop.type in CHOOSABLE and can_be_set else None
        cell = cells.cell(page, prop)
        lines.append(Line(prop.name, prop.type, cell, form, prop.description))
    filled = [line for line in lines if line.cell.items or line.type == "status"]
    empty = [line for line in lines if line not in filled]
    editor = find_user(session, page.last_edited_by) or {}
    return PageHead(
        lines=tuple(filled),
        empty=tuple(empty),
        edited=formats.moment_text(to_the_minute(page.last_edited_time)),
        edited_by=str(editor.get("name") or "an unknown person"),
    )
