"""Date patterns of `formatDate`: the tokens of Moment.js, as Notion's documentation says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_PRESETS = {
    "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "LLL": "MMMM D, YYYY h:mm A",
    "LL": "MMMM D, YYYY",
    "LTS": "h:mm:ss A",
    "LT": "h:mm A",
    "L": "MM/DD/YYYY",
}
_PRESET = re.compile(r"\[[^\]]*\]|LTS|LT|L{1,4}")
# The longest first, because the first alternative that matches is taken: "MMMM" before "MM".
_TOKEN = re.compile(
    r"\[([^\]]*)\]|YYYY|YY|Qo|Q|MMMM|MMM|MM|Mo|M|DDDD|DDDo|DDD|DD|Do|D|dddd|ddd|dd|do|d"
    r"|E|WW|Wo|W|ww|wo|w"
    r"|HH|H|hh|h|kk|k|mm|m|ss|s|SSS|SS|S|A|a|ZZ|Z|X|x"
)


def moment_format(moment: datetime, pattern: str) -> str:
    """Format a moment by a pattern. Text in [brackets], and text that is not a token, is kept."""
    # Presets first: they stand for longer patterns.
    spelled = _PRESET.sub(lambda found: _PRESETS.get(found[0], found[0]), pattern)

    def replacement(found: re.Match[str]) -> str:
        in_brackets = found[1]
        return _format_token(found[0], moment) if in_brackets is None else in_brackets

    return _TOKEN.sub(replacement, spelled)


def _format_token(token: str, moment: datetime) -> str:
    if len(token) > 1 and token.endswith("o"):
        return _ordinal(int(_TOKENS[token[:-1]](moment)))
    return _TOKENS[token](moment)


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    # 11th, 12th and 13th, but 21st, 22nd and 23rd.
    if number % 100 in (11, 12, 13):
        suffix = "th"
    return f"{number}{suffix}"


def _offset(moment: datetime, separator: str) -> str:
    text = moment.strftime("%z") or "+0000"
    return f"{text[:3]}{separator}{text[3:5]}"


_TOKENS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda moment: f"{moment.year:04}",
    "YY": lambda moment: f"{moment.year % 100:02}",
    "Q": lambda moment: str((moment.month + 2) // 3),
    "MMMM": lambda moment: f"{moment:%B}",
    "MMM": lambda moment: f"{moment:%b}",
    "MM": lambda moment: f"{moment.month:02}",
    "M": lambda moment: str(moment.month),
    "DDDD": lambda moment: f"{moment:%j}",
    "DDD": lambda moment: str(moment.timetuple().tm_yday),
    "DD": lambda moment: f"{moment.day:02}",
    "D": lambda moment: str(moment.day),
    "dddd": lambda moment: f"{moment:%A}",
    "ddd": lambda moment: f"{moment:%a}",
    "dd": lambda moment: f"{moment:%a}"[:2],
    "d": lambda moment: str(moment.isoweekday() % 7),
    "E": lambda moment: str(moment.isoweekday()),
    "WW": lambda moment: f"{moment.isocalendar().week:02}",
    "W": lambda moment: str(moment.isocalendar().week),
    "ww": lambda moment: f"{_local_week(moment):02}",
    "w": lambda moment: str(_local_week(moment)),
    "HH": lambda moment: f"{moment.hour:02}",
    "H": lambda moment: str(moment.hour),
    "hh": lambda moment: f"{moment.hour % 12 or 12:02}",
    "h": lambda moment: str(moment.hour % 12 or 12),
    "kk": lambda moment: f"{moment.hour or 24:02}",
    "k": lambda moment: str(moment.hour or 24),
    "mm": lambda moment: f"{moment.minute:02}",
    "m": lambda moment: str(moment.minute),
    "ss": lambda moment: f"{moment.second:02}",
    "s": lambda moment: str(moment.second),
    "SSS": lambda moment: f"{moment.microsecond // 1000:03}",
    "SS": lambda moment: f"{moment.microsecond // 10000:02}",
    "S": lambda moment: str(moment.microsecond // 100000),
    "A": lambda moment: "AM" if moment.hour < 12 else "PM",
    "a": lambda moment: "am" if moment.hour < 12 else "pm",
    "ZZ": lambda moment: _offset(moment, ""),
    "Z": lambda moment: _offset(moment, ":"),
    "X": lambda moment: str(int(moment.timestamp())),
    "x": lambda moment: str(round(moment.timestamp() * 1000)),
}


def _local_week(moment: datetime) -> int:
    """Return the week of an American calendar: it begins on Sunday, week 1 has January 1."""
    first = moment.replace(month=1, day=1)
    return (moment.timetuple().tm_yday - 1 + first.isoweekday() % 7) // 7 + 1
