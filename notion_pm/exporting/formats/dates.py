"""Notion's dates: text with an explicit offset, and Python's own types."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from notion_pm.model.page import DateValue


def parse_moment(text: str, time_zone: str | None = None) -> date | datetime:
    """Return a date, or a time that knows its zone: its offset, else the named zone, else UTC (notion-api.md 3.6)."""
    if len(text) == len("YYYY-MM-DD"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def iso(text: str, time_zone: str | None = None) -> str:
    """Return ISO 8601: a date as it is, a time always with its offset."""
    return parse_moment(text, time_zone).isoformat()


def start(value: DateValue) -> date | datetime:
    """Return the start of a span, or the date that it is."""
    return parse_moment(value.start, value.time_zone)


def in_utc(value: DateValue) -> str:
    """Return the start as text by which dates and times of any offset sort."""
    moment = start(value)
    return (moment.astimezone(UTC) if isinstance(moment, datetime) else moment).isoformat()


def has_time(value: DateValue) -> bool:
    """Whether a date comes with a time of day."""
    return isinstance(start(value), datetime)


def span(value: DateValue) -> str:
    """Return a date as ISO 8601 text; a span with a slash between its ends."""
    ends = [value.start, *([value.end] if value.end else [])]
    return "/".join(iso(each, value.time_zone) for each in ends)
