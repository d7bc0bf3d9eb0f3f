"""Date values: read what clients send, and return it in the form of responses.

Recorded: times are shown with milliseconds and an offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_date(value: Any, path: str) -> dict[str, Any]:
    """Return a date value.

    Raises 400 if it is not an ISO 8601 date, or for an unknown time zone.
    """
    sent = checks.an_object(value, path)
    zone = _read_zone(sent.get("time_zone"), f"{path}.time_zone")
    start = _read_moment(checks.require(sent, "start", path), zone, f"{path}.start")
    end = None
    if sent.get("end") is not None:
        end = _read_moment(sent["end"], zone, f"{path}.end")
    # Notion uses the zone only to work out the offset, and does not return it (recorded).
    return {"start": start, "end": end, "time_zone": None}


def _read_zone(name: Any, path: str) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(checks.a_string(name, path))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name is that of a directory, or too long for a file name.
        raise body_error(path, "a valid time zone", name) from None


def _read_moment(value: Any, zone: ZoneInfo | None, path: str) -> str:
    text = checks.a_string(value, path)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise body_error(path, "a valid ISO 8601 date string", value) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    return moment.isoformat(timespec="milliseconds")
