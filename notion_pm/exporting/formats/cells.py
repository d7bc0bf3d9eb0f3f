"""Cells as text for people, and as plain data for programs."""

from __future__ import annotations

from typing import Any

from notion_pm.exporting.formats import dates
from notion_pm.exporting.table import Cell, Reference
from notion_pm.model.page import (
    DateValue,
    FileValue,
    OptionValue,
    PersonValue,
    UniqueIdValue,
    UnknownValue,
)
from notion_pm.text import UNTITLED

SEPARATOR = "; "


def text(cell: Cell) -> str:
    """Return a cell as one text; several items are joined by a semicolon and a space."""
    match cell:
        case str():
            return cell
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case DateValue():
            return dates.span(cell)
        case OptionValue() | FileValue():
            return cell.name
        case PersonValue():
            return cell.name or cell.email or cell.id
        case Reference(title=None):
            return cell.id
        case Reference():
            return cell.title or UNTITLED
        case UnknownValue():
            return ""
        case tuple():
            return SEPARATOR.join(text(each) for each in cell)
        case _:
            return str(cell)


def plain(cell: Cell) -> Any:
    """Return a cell as JSON data: numbers and booleans as such, what has an id with its id."""
    match cell:
        case None | str() | bool() | int() | float():
            return cell
        case DateValue():
            end = dates.iso(cell.end, cell.time_zone) if cell.end else None
            return {"start": dates.iso(cell.start, cell.time_zone), "end": end}
        case OptionValue():
            return cell.name
        case UniqueIdValue():
            return str(cell) if cell.number is not None else None
        case PersonValue():
            return {"id": cell.id, "name": cell.name}
        case FileValue():
            return {"name": cell.name, "url": cell.url}
        case Reference():
            return {"id": cell.id, "title": cell.title}
        case UnknownValue():
            return None
        case tuple():
            return [plain(each) for each in cell]
