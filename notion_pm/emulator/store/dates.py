"""Date values: what clients send, made into what Notion shows (recorded: times with milliseconds and an offset)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def checked(value: Any, path: str) -> dict[str, Any]:
    """Return a date value; raises 400 where it is no ISO 8601 date or names an unknown time zone."""
    sent = checks.an_object(value, path)
    zone = _zone(sent.get("time_zone"), f"{path}.time_zone")
    start = _moment(checks.required(sent, "start", path), zone, f"{path}.start")
    end = None if sent.get("end") is None else _moment(sent["end"], zone, f"{path}.end")
    return {
        "start": start,
        "end": end,
        "time_zone": None,
    }  # the zone is only the offset's source (recorded)


def _zone(name: Any, path: str) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(checks.a_string(name, path))
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # a directory, or more than a file name may be
        raise body_error(path, "a valid time zone", name) from None


def _moment(value: Any, zone: ZoneInfo | None, path: str) -> str:
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
