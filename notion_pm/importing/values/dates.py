"""Dates as other tools write them: one pattern for a whole column, found out from all that is in it.

Only the day is asked for, as it is written, in whatever time zone. So times are taken off, and names of months are
read in many languages, before a pattern is applied.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from notion_pm.importing.values.nothing import is_nothing

ISO, UNIX, EXCEL = "iso", "unix", "excel"

PATTERNS = (
    ISO,
    UNIX,
    EXCEL,
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%b/%y",  # Jira
    "%d/%b/%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %b %Y",
    "%d %b %y",
    "%Y %b %d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
)
"""Every pattern that is tried, of two that say the same days the first. Months by name are tried as `%b`."""
_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
"""Excel's numbers of days: from 1954 to 2119."""
_SERIAL_ZERO = date(1899, 12, 30)
_SAMPLE = 500
"""Dates that decide: the more, the surer that one of them has a day above 12."""
_TIME = re.compile(
    r"(?:(?<=\d)T|(?:^|,)?\s*(?:\b(?:at|um|à|as|às|a las|kl\.?)\s+)?(?:午前|午後|上午|下午|오전|오후)?\s*)"
    r"\b\d{1,2}(?::\d{2}){1,2}(?:[.,]\d+)?\s*(?:uhr|h\b)?\s*(?:[ap]\.?\s?m\b\.?)?"
    r"\s*(?:Z\b|[A-Z]{2,5}\b)?\s*(?:[+-]\d{1,2}(?::?\d{2})?)?\s*(?:\([^()]*\))?",
    re.IGNORECASE,
)
_ZONE_NAME = re.compile(r"\s*\([^)]*\)$|\s+UTC$")
_IDEOGRAPHS = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_MONTH_BY_NUMBER = re.compile(r"(\d{1,2})[月월]")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|º|ª|ο)\b\.?", re.IGNORECASE)
_DAY_POINT = re.compile(r"(?<=\d)\.(?=\s)")
_WORD = re.compile(r"[^\W\d_]+\.?")
_SMALL_WORDS = frozenset(
    {"de", "of", "del", "den", "the", "г", "le", "el", "da", "år", "à", "às", "a"}
)
_TIME_IN_PATTERN = re.compile(r"[T,\s]*%[HI].*$")
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LANGUAGES = "en de fr es pt it nl ru uk pl cs sv nb da fi tr hu ro el bg sk sl id vi ca et lv lt"
"""Languages whose months are read. Croatian is not among them: its `listopad` is October, that of Czechs November."""


class DatesAmbiguous(ValueError):
    """All dates of a column can be read in two ways that differ. Fields: `example`, `patterns`."""

    def __init__(self, example: str, patterns: tuple[str, ...]) -> None:
        super().__init__(f"`{example}` can be read as {' or '.join(patterns)}")
        self.example = example
        self.patterns = patterns


def detect_pattern(texts: Iterable[str]) -> str:
    """Return the pattern by which most of the texts are dates; ISO where none is.

    Raises DatesAmbiguous when two fit equally well and say different days.
    """
    stripped = (each.strip() for each in texts)
    sample = list(dict.fromkeys(each for each in stripped if each and not is_nothing(each)))[
        :_SAMPLE
    ]
    read = {pattern: [_read(each, pattern) for each in sample] for pattern in PATTERNS}
    best = max((sum(day is not None for day in days) for days in read.values()), default=0)
    if not best:
        return ISO
    fitting = [
        pattern for pattern, days in read.items() if sum(day is not None for day in days) == best
    ]
    rivals = [each for each in fitting[1:] if read[each] != read[fitting[0]]]
    if rivals:
        place = next(
            place for place, day in enumerate(read[fitting[0]]) if day != read[rivals[0]][place]
        )
        raise DatesAmbiguous(sample[place], (fitting[0], rivals[0]))
    return fitting[0]


def is_day_first(pattern: str) -> bool:
    """Whether a pattern writes the day before the month."""
    month = max(pattern.find("%m"), pattern.find("%b"), pattern.find("%B"))
    return -1 < pattern.find("%d") < month


def parse_day(text: str, pattern: str) -> str:
    """Return the day that a text says, as YYYY-MM-DD: as it is written, in whatever time zone; of a span the first.

    Raises ValueError when it is no date of that pattern.
    """
    return _day(text.strip(), pattern).isoformat()


def is_pattern(pattern: str) -> bool:
    """Whether a pattern says a whole day."""
    moment = datetime(2026, 11, 28, 13, 14, 15, tzinfo=UTC)
    return pattern in {ISO, UNIX, EXCEL} or _read(moment.strftime(pattern), pattern) == "2026-11-28"


def _read(text: str, pattern: str) -> str | None:
    try:
        return parse_day(text, pattern)
    except (ValueError, OverflowError):
        return None


def _day(text: str, pattern: str) -> date:
    first = text.partition("→")[0].strip()
    if pattern == UNIX:
        return _from_seconds(first)
    if pattern == EXCEL:
        return _from_serial(first)
    if pattern == ISO:
        try:
            if "-" not in first[:5]:
                raise ValueError(f"{first!r} may be any number")
            return datetime.fromisoformat(_ZONE_NAME.sub("", first)).date()
        except ValueError:
            return datetime.strptime(_without_time(first), "%Y-%m-%d").date()  # noqa: DTZ007 - only its day is asked for
    try:
        return datetime.strptime(first, pattern).date()  # noqa: DTZ007 - only its day is asked for
    except ValueError:
        day_pattern = (
            _TIME_IN_PATTERN.sub("", pattern)
            .replace("%B", "%b")
            .replace("%a, ", "")
            .replace("%a ", "")
        )
        return datetime.strptime(_without_time(first), day_pattern).date()  # noqa: DTZ007 - only its day is asked for


@lru_cache(maxsize=2048)
def _without_time(text: str) -> str:
    """Return a day alone, with English names of months and nothing around it."""
    plain = unicodedata.normalize("NFC", text).strip("@ \t")
    plain = _MONTH_BY_NUMBER.sub(_month_by_number, _IDEOGRAPHS.sub(r"\1-\2-\3", plain))
    plain = _TIME.sub("", _ORDINAL.sub("", plain)) or plain
    if any(map(str.isalpha, plain)):
        plain = _WORD.sub(_english_month, _DAY_POINT.sub("", plain))
    plain = re.sub(r"\s+", " ", plain).strip(" ,.")
    return re.sub(r"\s*([/.-])\s*", r"\1", plain)


def _month_by_number(found: re.Match[str]) -> str:
    number = int(found[1])
    return _ENGLISH[number - 1] if 1 <= number <= 12 else found[0]


def _english_month(found: re.Match[str]) -> str:
    """Return the English name of a month; nothing for the name of a day, or a small word such as `de`."""
    word = found[0].rstrip(".").casefold()
    if word[:3].title() in _ENGLISH and len(word) == 3:
        return word.title()
    number = _month_numbers().get(word)
    if number is not None:
        return _ENGLISH[number - 1]
    return "" if word in _SMALL_WORDS or word in _day_names() else found[0]


@lru_cache(maxsize=1)
def _month_numbers() -> dict[str, int]:
    """Return the number of each name of a month. A name that is another month elsewhere keeps the first language's."""
    from babel.dates import (
        get_month_names,
    )  # takes time to load, and most dates have no foreign names

    numbers: dict[str, int] = {}
    for language in _LANGUAGES.split():
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in get_month_names(width, context, language).items():
                    numbers.setdefault(
                        unicodedata.normalize("NFC", name).casefold().rstrip("."), number
                    )
    return numbers | {"sept": 9, "set": 9, "mrz": 3, "mär": 3}


@lru_cache(maxsize=1)
def _day_names() -> frozenset[str]:
    from babel.dates import get_day_names

    return frozenset(
        name.casefold().rstrip(".")
        for language in _LANGUAGES.split()
        for width in ("wide", "abbreviated")
        for name in get_day_names(width, "format", language).values()
    )


def _from_seconds(text: str) -> date:
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is no number of seconds or milliseconds since 1970")
    number = float(text)
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC).date()


def _from_serial(text: str) -> date:
    if not _SERIAL.fullmatch(text) or not _FIRST_SERIAL <= int(text[:5]) <= _LAST_SERIAL:
        raise ValueError(f"{text!r} is no number of days since 1900")
    return _SERIAL_ZERO + timedelta(days=int(text[:5]))
