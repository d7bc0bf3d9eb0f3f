"""The meaning of date filters: a half-open interval of milliseconds since 1970, in UTC.

A date without a time is the whole UTC day, a date with a time its millisecond. Without an offset,
UTC is meant (developers.notion.com, "Filter data source entries", date). So every date operator is
one interval, and Python and SQL evaluate the same two bounds.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

DAY = 86_400_000
MINUTE = 60_000

_DAYS_FROM_TODAY = {
    "yesterday": -1,
    "today": 0,
    "tomorrow": 1,
    "one_week_ago": -7,
    "one_week_from_now": 7,
}
_MONTHS_FROM_TODAY = {"one_month_ago": -1, "one_month_from_now": 1}
RELATIVE_DATES = frozenset(_DAYS_FROM_TODAY) | frozenset(_MONTHS_FROM_TODAY)

COMPARISONS = frozenset({"equals", "before", "after", "on_or_before", "on_or_after"})
# `this_month` is in an example of the documentation of views, but not in the official types.
PERIODS = frozenset(
    {
        "this_week",
        "this_month",
        "past_week",
        "past_month",
        "past_year",
        "next_week",
        "next_month",
        "next_year",
    }
)


@dataclass(frozen=True, slots=True)
class Interval:
    """The moments from `start` (included) to `end` (excluded). None is unbounded."""

    start: int | None
    end: int | None

    def __contains__(self, moment: int) -> bool:
        if self.start is not None and moment < self.start:
            return False
        return self.end is None or moment < self.end

    def of_minutes(self) -> Interval:
        """Return the interval of the moments that, cut to the minute, are in this one."""
        return Interval(_ceil_minute(self.start), _ceil_minute(self.end))


def milliseconds(text: str) -> int:
    """Return the first millisecond of an ISO 8601 date or time. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return instant(moment)


def instant(moment: datetime) -> int:
    """Return an aware moment as milliseconds since 1970."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * DAY + since.seconds * 1000 + since.microseconds // 1000


def has_time(text: str) -> bool:
    """Return whether an ISO 8601 text has a time."""
    return len(text) > len("2024-01-31")


def interval(operator: str, operand: str, now: datetime) -> Interval:
    """Return the interval that an operator selects at `now`.

    `operand` is an ISO text or a relative word like `today`. Periods like `past_week` have none.
    """
    # Periods depend only on today, and all days are UTC days.
    if operator in PERIODS:
        return _period(operator, now.astimezone(UTC).date())
    span = _span(operand, now)
    intervals = {
        "equals": span,
        "before": Interval(None, span.start),
        "after": Interval(span.end, None),
        "on_or_before": Interval(None, span.end),
        "on_or_after": Interval(span.start, None),
    }
    return intervals[operator]


def _span(operand: str, now: datetime) -> Interval:
    """Return the day or the millisecond of an operand."""
    if operand in RELATIVE_DATES:
        start = _midnight(_relative_day(operand, now.astimezone(UTC).date()))
        return Interval(start, start + DAY)
    start = milliseconds(operand)
    return Interval(start, start + (1 if has_time(operand) else DAY))


def _relative_day(word: str, today: date) -> date:
    if word in _MONTHS_FROM_TODAY:
        return add_months(today, _MONTHS_FROM_TODAY[word])
    return today + timedelta(days=_DAYS_FROM_TODAY[word])


def _period(word: str, today: date) -> Interval:
    """Return the interval of a period.

    `past_*` and `next_*` include today, and the same day one week, month or year away.
    """
    if word == "this_week":
        sunday = today - timedelta(days=today.isoweekday() % 7)
        return _days(sunday, sunday + timedelta(days=6))
    if word == "this_month":
        first = today.replace(day=1)
        return _days(first, add_months(first, 1) - timedelta(days=1))
    side, unit = word.split("_")
    sign = -1 if side == "past" else 1
    if unit == "week":
        other = today + timedelta(days=7 * sign)
    else:
        other = add_months(today, sign * (12 if unit == "year" else 1))
    return _days(min(today, other), max(today, other))


def _days(first: date, last: date) -> Interval:
    return Interval(_midnight(first), _midnight(last) + DAY)


def _midnight(day: date) -> int:
    return instant(datetime(day.year, day.month, day.day, tzinfo=UTC))


def add_months(day: date, months: int) -> date:
    """Return a day some months later, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last_day))


def _ceil_minute(moment: int | None) -> int | None:
    # -(-a // b) is a / b rounded up.
    return None if moment is None else -(-moment // MINUTE) * MINUTE
