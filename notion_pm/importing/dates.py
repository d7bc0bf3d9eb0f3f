"""Dates as other tools write them: one pattern for a whole column, found out from all that stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

ISO, UNIX = "iso", "unix"

_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M:%S", ", %I:%M:%S %p")
_DAYS = (
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%b/%y",  # Jira
    "%d/%b/%Y",
    "%B %d, %Y",  # Notion's own export
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
)
PATTERNS = (
    ISO,
    UNIX,
    "%a %b %d %Y %H:%M:%S GMT%z",  # JavaScript, as Linear writes it
    "%a, %d %b %Y %H:%M:%S %z",  # mail
    *(day + time for day in _DAYS for time in _TIMES),
)
"""Every pattern that is tried, of two that say the same days the first."""
_ZONE_NAME = re.compile(r"\s*\([^)]*\)$|\s+UTC$")
_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_SAMPLE = 500
"""Dates that decide: the more, the surer that one of them has a day above 12."""


class DatesAmbiguous(ValueError):
    """All dates of a column can be read in two ways that differ. Fields: `example`, `patterns`."""

    def __init__(self, example: str, patterns: tuple[str, ...]) -> None:
        super().__init__(f"`{example}` can be read as {' or '.join(patterns)}")
        self.example = example
        self.patterns = patterns


def pattern_of(texts: Iterable[str]) -> str:
    """Return the pattern by which most of the texts are dates; ISO where none is.

    Raises DatesAmbiguous when two fit equally well and say different days.
    """
    sample = list(dict.fromkeys(each.strip() for each in texts if each.strip()))[:_SAMPLE]
    read = {pattern: [_read(each, pattern) for each in sample] for pattern in PATTERNS}
    best = max((sum(day is not None for day in days) for days in read.values()), default=0)
    if not best:
        return ISO
    fitting = [pattern for pattern, days in read.items() if sum(day is not None for day in days) == best]
    rivals = [each for each in fitting[1:] if read[each] != read[fitting[0]]]
    if rivals:
        place = next(place for place, day in enumerate(read[fitting[0]]) if day != read[rivals[0]][place])
        raise DatesAmbiguous(sample[place], (fitting[0], rivals[0]))
    return fitting[0]


def day_of(text: str, pattern: str) -> str:
    """Return the day that a text says, as YYYY-MM-DD: as it stands there, in whatever time zone; of a span the first.

    Raises ValueError when it is no date of that pattern.
    """
    return _parsed(text.strip(), pattern).date().isoformat()


def is_pattern(pattern: str) -> bool:
    """Whether a pattern says a whole day."""
    moment = datetime(2026, 11, 28, 13, 14, 15, tzinfo=UTC)
    return pattern in {ISO, UNIX} or _read(moment.strftime(pattern), pattern) == "2026-11-28"


def _read(text: str, pattern: str) -> str | None:
    try:
        return day_of(text, pattern)
    except ValueError:
        return None


def _parsed(text: str, pattern: str) -> datetime:
    plain = _ZONE_NAME.sub("", text.partition("→")[0].strip())
    if pattern == ISO:
        return datetime.fromisoformat(plain)
    if pattern == UNIX:
        return _from_seconds(plain)
    return datetime.strptime(plain, pattern)  # noqa: DTZ007 - only its day is asked for


def _from_seconds(text: str) -> datetime:
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is no number of seconds or milliseconds since 1970")
    number = float(text)
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
