"""Conditions, orders and times as people type them on a command line.

`status=shipped`, `reach>3`, `target<2026-12-01`, `name~sign-on`; `reach:desc`; `7 days ago`.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from notion_pm.errors import UsageError
from notion_pm.model.condition import Comparison, Operator, day_of

TRUE = frozenset({"yes", "true", "1", "checked"})
FALSE = frozenset({"no", "false", "0", "unchecked"})
"""Ways to type that a checkbox is checked or not."""

_CONDITION = re.compile(
    r"\s*(?P<column>.+?)\s*(?P<operator>!=|>=|<=|!~|=|>|<|~)\s*(?P<values>.*?)\s*$", re.DOTALL
)
_SPAN = re.compile(r"(\d{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True)
class ColumnCondition:
    """A comparison of one column, which is named as people call it."""

    column: str
    comparison: Comparison

    def __str__(self) -> str:
        signs = {"empty": "=", "not_empty": "!="}
        operator = signs.get(self.comparison.operator, self.comparison.operator)
        return f"{self.column}{operator}{','.join(map(str, self.comparison.values))}"


def parse_condition(text: str) -> ColumnCondition:
    """Return a condition: a column, an operator, and values separated by commas.

    Quotes keep a comma in a value. Without values, `owner=` asks for empty cells and `owner!=` for
    all others. Raises UsageError.
    """
    found = _CONDITION.match(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not a condition.",
            "Write it like status=shipped, reach>3 or target<2026-12-01.",
        )
    column, operator = found["column"], cast("Operator", found["operator"])
    values = _split_values(text, found["values"])
    if values:
        return ColumnCondition(column, Comparison(operator, values))
    if operator == "=":
        return ColumnCondition(column, Comparison("empty"))
    if operator == "!=":
        return ColumnCondition(column, Comparison("not_empty"))
    raise UsageError(
        f"{text!r} has no value to compare with.",
        f"Add a value, or write {column}= for empty cells.",
    )


def _split_values(text: str, listed: str) -> tuple[str, ...]:
    try:
        values = next(csv.reader([listed], skipinitialspace=True), [])
    except csv.Error:  # a line break outside of quotes, or a value of many thousand characters
        raise UsageError(
            f"{text[:200]!r} is not a condition: its values cannot be separated.",
            'Put a value with line breaks or commas in quotes: name="a, b".',
        ) from None
    return tuple(value for value in values if value)


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by."""

    column: str
    descends: bool


def parse_order(text: str) -> Order:
    """Return a column to sort by: `reach`; descending: `-reach` or `reach:desc`.

    Raises UsageError.
    """
    name, _, direction = text.strip().partition(":")
    if direction and direction not in {"asc", "desc"}:
        raise UsageError(f"{text!r} is not an order.", f"Write {name}, {name}:desc or -{name}.")
    return Order(name.removeprefix("-"), name.startswith("-") or direction == "desc")


def parse_since(text: str, now: datetime) -> datetime:
    """Return a time in the past, written as `parse_moment` takes it.

    Raises UsageError when the time is in the future: an empty answer would look like "no changes".
    """
    moment = parse_moment(text, now)
    if moment > now:
        raise UsageError(f"{text} is in the future.", "Give a day in the past.")
    return moment


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time; without `until` it lasts to now."""

    since: datetime
    until: datetime | None = None


def parse_period(since: str, until: str | None, now: datetime) -> Period:
    """Return a span of time. The day that `until` names belongs to it.

    Raises UsageError when one of the times is invalid or in the future, or `until` is not later.
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
    """Return the moment that a person typed.

    `2026-11-01`, `2026-11-01T09:30`, `today` and `7 days ago` are in the time zone of `now`; days
    begin at midnight. `12h`, `7d` and `2w` count back from `now`, not from midnight.

    Raises UsageError when the text is none of these.
    """
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return now - timedelta(hours=int(span[1]) * _HOURS[span[2]])
    try:
        moment = datetime.fromisoformat(text if "T" in text else day_of(text, now.date()))
    except ValueError:
        raise UsageError(
            f"{text!r} is not a date.",
            "Write it like 2026-11-01, 2026-11-01T09:30, today, 7 days ago or 7d.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
