"""Conditions on rows as people type them: `status=shipped`, `reach>3`, `target<2026-12-01`, `name~sign-on`."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from notion_pm.errors import UsageError
from notion_pm.model.condition import day_of

_TEST = re.compile(
    r"\s*(?P<column>.+?)\s*(?P<operator>!=|>=|<=|!~|=|>|<|~)\s*(?P<values>.*?)\s*$", re.DOTALL
)
_SPAN = re.compile(r"(\d{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}
_NEGATIVE = frozenset({"!=", "!~"})


@dataclass(frozen=True, slots=True)
class Condition:
    """What one column must satisfy. Without values it is about being empty: `owner=` is, `owner!=` is not."""

    column: str
    operator: str
    values: tuple[str, ...]

    @property
    def is_negative(self) -> bool:
        """Whether it must hold for all its values, rather than for any."""
        return self.operator in _NEGATIVE

    def __str__(self) -> str:
        return f"{self.column}{self.operator}{','.join(self.values)}"


def parse_condition(text: str) -> Condition:
    """Return a condition: a column, an operator, and values separated by commas; quotes keep a comma in a value.

    Raises UsageError when it is none.
    """
    found = _TEST.match(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no condition.",
            "Write it like status=shipped, reach>3 or target<2026-12-01.",
        )
    values = _values(text, found["values"])
    if not values and found["operator"] not in {"=", "!="}:
        raise UsageError(
            f"{text!r} compares with nothing.",
            f"Write what, or {found['column']}= for what is empty.",
        )
    return Condition(found["column"], found["operator"], values)


def _values(text: str, listed: str) -> tuple[str, ...]:
    try:
        return tuple(each for each in next(csv.reader([listed], skipinitialspace=True), []) if each)
    except csv.Error:  # a line break outside of quotes, or a value of many thousand characters
        message = f"{text[:200]!r} is no condition: its values cannot be told apart."
        raise UsageError(
            message, 'Put a value with line breaks or commas in quotes: name="a, b".'
        ) from None


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by."""

    column: str
    descends: bool


def parse_order(text: str) -> Order:
    """Return a column to sort by; a dash in front, or `:desc` behind it, lets it descend."""
    name, _, way = text.strip().partition(":")
    if way and way not in {"asc", "desc"}:
        raise UsageError(f"{text!r} is no order.", f"Write {name}, {name}:desc or -{name}.")
    return Order(name.removeprefix("-"), name.startswith("-") or way == "desc")


def parse_since(text: str, now: datetime) -> datetime:
    """Return when a time that has passed was, written as `parse_moment` takes it.

    Raises UsageError when it is no time, or lies ahead: nothing has happened since then, and empty looks like none.
    """
    moment = parse_moment(text, now)
    if moment > now:
        raise UsageError(
            f"{text} lies ahead: nothing has changed since then.", "Give a day that has passed."
        )
    return moment


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time; without `until` it lasts to now."""

    since: datetime
    until: datetime | None = None


def parse_period(since: str, until: str | None, now: datetime) -> Period:
    """Return a span of time; the day that `until` names belongs to it.

    Raises UsageError when a bound is no time or lies ahead, or the end comes before the beginning.
    """
    start = parse_since(since, now)
    if until is None:
        return Period(start)
    end = parse_since(until, now)
    is_whole_day = "T" not in until and not _SPAN.fullmatch(until.strip())
    if is_whole_day:
        end += timedelta(days=1, microseconds=-1)
    if end <= start:
        raise UsageError(
            f"--until {until} is not after --since {since}.", "Give the earlier one to --since."
        )
    return Period(start, None if end >= now else end)


def parse_moment(text: str, now: datetime) -> datetime:
    """Return when `2026-11-01`, `2026-11-01T09:30`, `today`, `7 days ago` or `7d` is; midnight and times are where
    `now` is. `12h`, `7d` and `2w` count back from this moment, not from midnight.

    Raises UsageError when it is no time.
    """
    if span := _SPAN.fullmatch(text.strip()):
        return now - timedelta(hours=int(span[1]) * _HOURS[span[2]])
    try:
        moment = datetime.fromisoformat(text if "T" in text else day_of(text, now.date()))
    except ValueError:
        raise UsageError(
            f"{text!r} is no date.",
            "Write it like 2026-11-01, 2026-11-01T09:30, today, 7 days ago or 7d.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
