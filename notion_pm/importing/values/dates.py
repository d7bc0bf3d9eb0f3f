"""Dates as other tools write them, with one pattern for a whole column.

Only the day is read, as it is written, whatever its time zone. So times are removed, and names of
months are translated from many languages, before a pattern is applied.
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
"""All patterns that are tried. If two read the same days, the first one is taken. Names of months
are tried as `%b`."""
_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
"""Excel's day numbers from 1954 to 2119."""
_SERIAL_ZERO = date(1899, 12, 30)
_SAMPLE = 500
"""Dates that decide. With more of them, it is likelier that one has a day above 12."""
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
"""Languages in which names of months are read. Croatian is left out: its `listopad` is October, the
Czech one is November."""


class DatesAmbiguous(ValueError):
    """All dates of a column can be read in two ways that differ. Fields: `example`, `patterns`."""

    def __init__(self, example: str, patterns: tuple[str, ...]) -> None:
        super().__init__(f"`{example}` can be read as {' or '.join(patterns)}")
        self.example = example
        self.patterns = patterns


def detect_pattern(texts: Iterable[str]) -> str:
    """Return the pattern by which most of the texts are dates; ISO when none fits.

    Raises DatesAmbiguous when two patterns fit equally well and read different days.
    """
    different: dict[str, None] = {}
    for text in texts:
        stripped = text.strip()
        if stripped and not is_nothing(stripped):
            different[stripped] = None
    sample = list(different)[:_SAMPLE]

    days_by_pattern: dict[str, list[str | None]] = {}
    counts: dict[str, int] = {}
    for pattern in PATTERNS:
        days = [_parse_day_or_none(text, pattern) for text in sample]
        days_by_pattern[pattern] = days
        counts[pattern] = sum(1 for day in days if day is not None)
    most = max(counts.values())
    if not most:
        return ISO

    best, *others = [pattern for pattern in PATTERNS if counts[pattern] == most]
    for other in others:
        pairs = zip(sample, days_by_pattern[best], days_by_pattern[other], strict=True)
        for text, day, other_day in pairs:
            if day != other_day:
                raise DatesAmbiguous(text, (best, other))
    return best


def is_day_first(pattern: str) -> bool:
    """Whether a pattern writes the day before the month."""
    month = max(pattern.find("%m"), pattern.find("%b"), pattern.find("%B"))
    return -1 < pattern.find("%d") < month


def parse_day(text: str, pattern: str) -> str:
    """Return the day of a date as YYYY-MM-DD, as it is written, whatever its time zone.

    Of a span, such as `1 May → 3 May`, it is the first day.
    Raises ValueError or OverflowError when the text is not a date of that pattern.
    """
    return _parse(text.strip(), pattern).isoformat()


def is_pattern(pattern: str) -> bool:
    """Whether a pattern reads a whole day."""
    if pattern in {ISO, UNIX, EXCEL}:
        return True
    moment = datetime(2026, 11, 28, 13, 14, 15, tzinfo=UTC)
    return _parse_day_or_none(moment.strftime(pattern), pattern) == "2026-11-28"


def _parse_day_or_none(text: str, pattern: str) -> str | None:
    try:
        return parse_day(text, pattern)
    except (ValueError, OverflowError):
        return None


def _parse(text: str, pattern: str) -> date:
    first = text.partition("→")[0].strip()
    match pattern:
        case "unix":
            return _from_seconds(first)
        case "excel":
            return _from_serial(first)
        case "iso":
            return _from_iso(first)
    try:
        return _strptime(first, pattern)
    except ValueError:
        # Once more without the time and the name of the day.
        day_pattern = _TIME_IN_PATTERN.sub("", pattern).replace("%B", "%b")
        day_pattern = day_pattern.replace("%a, ", "").replace("%a ", "")
        return _strptime(_without_time(first), day_pattern)


def _from_iso(text: str) -> date:
    try:
        if "-" not in text[:5]:  # 20261128 would be read as a day, but may be any number
            raise ValueError(text)
        return datetime.fromisoformat(_ZONE_NAME.sub("", text)).date()
    except ValueError:
        return _strptime(_without_time(text), "%Y-%m-%d")


def _strptime(text: str, pattern: str) -> date:
    return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - only the day is read


@lru_cache(maxsize=2048)
def _without_time(text: str) -> str:
    """Return a date without its time, and with English names of months."""
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
    """Return the English name of a month; empty for names of days and words such as `de`."""
    word = found[0].rstrip(".").casefold()
    if word[:3].title() in _ENGLISH and len(word) == 3:
        return word.title()
    number = _month_numbers().get(word)
    if number is not None:
        return _ENGLISH[number - 1]
    return "" if word in _SMALL_WORDS or word in _day_names() else found[0]


@lru_cache(maxsize=1)
def _month_numbers() -> dict[str, int]:
    """Return the number of each name of a month.

    A name that means another month in a later language keeps its first meaning.
    """
    # Babel takes time to load, and most dates have no foreign names.
    from babel.dates import get_month_names

    names: list[tuple[int, str]] = []
    for language in _LANGUAGES.split():
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names += get_month_names(width, context, language).items()
    numbers: dict[str, int] = {}
    for number, name in names:
        plain = unicodedata.normalize("NFC", name).casefold().rstrip(".")
        numbers.setdefault(plain, number)
    return numbers | {"sept": 9, "set": 9, "mrz": 3, "mär": 3}


@lru_cache(maxsize=1)
def _day_names() -> frozenset[str]:
    from babel.dates import get_day_names

    names: list[str] = []
    for language in _LANGUAGES.split():
        for width in ("wide", "abbreviated"):
            names += get_day_names(width, "format", language).values()
    return frozenset(name.casefold().rstrip(".") for name in names)


def _from_seconds(text: str) -> date:
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is not a number of seconds or milliseconds since 1970")
    number = float(text)
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC).date()


def _from_serial(text: str) -> date:
    if not _SERIAL.fullmatch(text) or not _FIRST_SERIAL <= int(text[:5]) <= _LAST_SERIAL:
        raise ValueError(f"{text!r} is not a number of days since 1900")
    return _SERIAL_ZERO + timedelta(days=int(text[:5]))
