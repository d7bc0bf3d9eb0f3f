"""Cells as text for people and as plain data for programs; dates as ISO 8601."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

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
        # Not str(cell), which is "True": files have the words of JSON.
        case bool():
            return "true" if cell else "false"
        case DateValue():
            return date_range(cell)
        case OptionValue() | FileValue():
            return cell.name
        case PersonValue():
            return cell.name or cell.email or cell.id
        # A page that cannot be read: its id still lets a program or a later export find it.
        case Reference(title=None):
            return cell.id
        case Reference():
            return cell.title or UNTITLED
        case UnknownValue():
            return ""
        case tuple():
            return SEPARATOR.join(text(item) for item in cell)
        case _:
            return str(cell)


def plain(cell: Cell) -> Any:
    """Return a cell as JSON data: numbers and booleans as such, what has an id with its id."""
    match cell:
        case None | str() | bool() | int() | float():
            return cell
        case DateValue():
            end = iso(cell.end, cell.time_zone) if cell.end else None
            return {"start": iso(cell.start, cell.time_zone), "end": end}
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
            return [plain(item) for item in cell]


# --- dates


def parse_moment(text: str, time_zone: str | None = None) -> date | datetime:
    """Return a date, or a time with a zone.

    The zone is the text's own offset, else the named zone, else UTC (notion-api.md 3.6).
    """
    if len(text) == len("YYYY-MM-DD"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo:
        return moment
    zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
    return moment.replace(tzinfo=zone)


def iso(text: str, time_zone: str | None = None) -> str:
    """Return ISO 8601: a date as it is, a time always with its offset."""
    return parse_moment(text, time_zone).isoformat()


def start_of(value: DateValue) -> date | datetime:
    """Return the start of a range, or the date that it is."""
    return parse_moment(value.start, value.time_zone)


def end_of(cell: Cell) -> DateValue | None:
    """Return the end of a range as a date of its own, None for every other cell."""
    if not isinstance(cell, DateValue) or not cell.end:
        return None
    return DateValue(cell.end, None, cell.time_zone)


def sortable(value: DateValue) -> str:
    """Return the start as text that sorts by time, whatever the offsets."""
    moment = start_of(value)
    # Example: 09:00+02:00 is before 08:00+00:00, but its text would sort after it.
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC)
    return moment.isoformat()


def has_time(value: DateValue) -> bool:
    """Whether a date has a time of day."""
    return isinstance(start_of(value), datetime)


def date_range(value: DateValue) -> str:
    """Return a date as ISO 8601 text; start and end of a range with a slash between them."""
    start = iso(value.start, value.time_zone)
    if not value.end:
        return start
    return f"{start}/{iso(value.end, value.time_zone)}"
