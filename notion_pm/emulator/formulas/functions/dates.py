"""Functions of dates. The time zone of the local workspace is UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.library import function
from notion_pm.emulator.formulas.moment_format import moment_format
from notion_pm.emulator.formulas.types import DATE, NUMBER, TEXT
from notion_pm.emulator.formulas.values import Date, parse_date
from notion_pm.emulator.query.dates import add_months

_MONTHS = {"years": 12, "quarters": 3, "months": 1}
_LENGTHS = {
    "weeks": timedelta(weeks=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
    "milliseconds": timedelta(milliseconds=1),
}
_TIMED = ("hours", "minutes", "seconds", "milliseconds")


def _part(name: str, read: Callable[[datetime], int]) -> None:
    def run(moment: Date) -> float:
        return read(moment.start)

    function(name, "date", returns=NUMBER)(run)


_part("minute", lambda moment: moment.minute)
_part("hour", lambda moment: moment.hour)
_part("day", lambda moment: moment.isoweekday())  # Monday is 1, Sunday 7
_part("date", lambda moment: moment.day)
_part("week", lambda moment: moment.isocalendar().week)
_part("month", lambda moment: moment.month)
_part("year", lambda moment: moment.year)


@function("dateAdd", "date", "number", "text", returns=DATE)
def date_add(moment: Date, amount: float, unit: str) -> Date:
    # Adding hours to a day gives a time.
    timed = moment.timed or _unit(unit) in _TIMED
    end = moment.end and _shift(moment.end, amount, unit)
    return Date(_shift(moment.start, amount, unit), end, timed=timed)


@function("dateSubtract", "date", "number", "text", returns=DATE)
def date_subtract(moment: Date, amount: float, unit: str) -> Date:
    added: Date = date_add(moment, -amount, unit)
    return added


@function("dateBetween", "date", "date", "text", returns=NUMBER)
def date_between(later: Date, earlier: Date, unit: str) -> float:
    """Return the number of whole units, cut towards zero. It is positive if `later` is later."""
    unit = _unit(unit)
    # Months have different lengths, so they are counted, not divided.
    if unit in _MONTHS:
        return int(_months_between(later.start, earlier.start) / _MONTHS[unit])
    return int((later.start - earlier.start) / _LENGTHS[unit])


@function("dateRange", "date", "date", returns=DATE)
def date_range(start: Date, end: Date) -> Date:
    return Date(start.start, end.start, timed=start.timed or end.timed)


def _start(moment: Date) -> Date:
    return replace(moment, end=None)


def _end(moment: Date) -> Date:
    return Date(moment.end or moment.start, timed=moment.timed)


for _name in ("dateStart", "start"):
    function(_name, "date", returns=DATE)(_start)
for _name in ("dateEnd", "end"):
    function(_name, "date", returns=DATE)(_end)


@function("timestamp", "date", returns=NUMBER)
def timestamp(moment: Date) -> float:
    return round(moment.start.timestamp() * 1000)


@function("fromTimestamp", "number", returns=DATE)
def from_timestamp(milliseconds: float) -> Date:
    epoch = datetime.fromtimestamp(0, UTC)
    return Date(_within_calendar(lambda: epoch + timedelta(milliseconds=milliseconds)))


@function("parseDate", "text", returns=DATE)
def parse_date_text(text: str) -> Date | None:
    return parse_date(text)


@function("formatDate", "date", "text", "text?", returns=TEXT)
def format_date(moment: Date, pattern: str, time_zone: str | None = None) -> str:
    zone = _zone(time_zone)
    moments = [moment.start] if moment.end is None else [moment.start, moment.end]
    # A day is the same in every time zone; only a time moves.
    if moment.timed:
        moments = [_in_zone(part, zone) for part in moments]
    return " → ".join(moment_format(part, pattern) for part in moments)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    return _within_calendar(lambda: moment.astimezone(zone))


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        raise FormulaError(f"Unknown time zone {name!r}.") from None


def _unit(unit: str) -> str:
    # "day" and "days" mean the same.
    plural = unit if unit.endswith("s") else f"{unit}s"
    if plural not in _MONTHS and plural not in _LENGTHS:
        raise FormulaError(
            f"Unknown unit of time {unit!r}. Use one of: {', '.join((*_MONTHS, *_LENGTHS))}."
        )
    return plural


def _shift(moment: datetime, amount: float, unit: str) -> datetime:
    unit = _unit(unit)
    if unit in _LENGTHS:
        return _within_calendar(lambda: moment + amount * _LENGTHS[unit])
    return _within_calendar(
        lambda: _on(add_months(moment.date(), int(amount * _MONTHS[unit])), moment)
    )


def _within_calendar(compute: Callable[[], datetime]) -> datetime:
    try:
        return compute()
    except (OverflowError, ValueError):
        raise FormulaError("A date is beyond the calendar.") from None


def _on(day: date, moment: datetime) -> datetime:
    return moment.replace(year=day.year, month=day.month, day=day.day)


def _months_between(later: datetime, earlier: datetime) -> int:
    if later < earlier:
        return -_months_between(earlier, later)
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    # One less if the last month is not complete.
    return months - (_on(add_months(earlier.date(), months), earlier) > later)
