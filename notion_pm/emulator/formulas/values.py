"""The values of formulas: text, number, boolean, date, person, page, list. None is empty."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from notion_pm.emulator.formulas.effort import spend
from notion_pm.emulator.formulas.error import FormulaError

MOST_RELATED = 25  # notion-api.md 4.2: how many references a formula sees

Json = Mapping[str, Any]


class Row(Protocol):
    """A page, as formulas read it. Keys are ids or names of properties."""

    @property
    def id(self) -> str: ...

    def value(self, key: str) -> Json:
        """Return a value in the API's form, `{"type": t, t: ...}`. Raises KeyError."""
        ...

    def pages(self, key: str) -> Sequence[Row]:
        """Return the pages that a relation property points at."""
        ...


@dataclass(frozen=True, slots=True)
class Date:
    """A day or a time (`timed`), or the range from it to `end`. All times are in UTC."""

    start: datetime
    end: datetime | None = None
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A user."""

    id: str
    name: str = ""
    email: str = ""


Value = Any  # str | float | bool | Date | Person | Row | list[Value] | None


def read(row: Row, key: str) -> Value:
    """Return the value of a page's property in a formula."""
    try:
        stored = row.value(key)
    except KeyError:
        raise FormulaError(f'Undefined property "{key}".') from None
    # In a formula a relation is a list of pages, not of ids.
    if stored["type"] == "relation":
        return list(row.pages(key)[:MOST_RELATED])
    return from_api(stored)


def from_api(stored: Json) -> Value:
    """Return a property value of the API as a formula value."""
    kind, content = stored["type"], stored.get(stored["type"])
    if kind in ("formula", "rollup"):
        return _computed_value(content or {})
    if content is None:
        # An empty text property is an empty text, so that length() of it is 0.
        return "" if kind in _TEXTS else None
    reader = _READERS.get(kind)
    if reader is None:
        raise FormulaError(f"Formulas cannot use a property of type {kind}.")
    return reader(content)


def _computed_value(content: Json) -> Value:
    kind = content.get("type")
    if kind in (None, "unsupported"):
        return None
    if kind == "array":
        values: list[Value] = []
        for item in content["array"]:
            # A rolled-up list contributes its items, not a list inside the list.
            values += [value for value in _spread(from_api(item)) if value is not None]
        return values
    same_as = {"string": "url", "boolean": "checkbox"}.get(str(kind), str(kind))
    return from_api({"type": same_as, same_as: content[kind]})


def _spread(value: Value) -> list[Value]:
    """Return the items of a list, or a list with the value."""
    return value if isinstance(value, list) else [value]


def _text(content: Any) -> str:
    return "".join(
        part.get("plain_text") or part.get("text", {}).get("content", "") for part in content
    )


def _date(content: Json) -> Date:
    end = content.get("end")
    return Date(
        _moment(content["start"]),
        _moment(end) if end else None,
        timed=len(content["start"]) > len("2024-01-31"),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # in the last hours of the year 9999, with a negative offset
        raise FormulaError("A date is beyond the calendar.") from None


def parse_date(text: str) -> Date | None:
    """Return the date of an ISO 8601 text, None if it is not one."""
    try:
        return _date({"start": text.strip()})
    except ValueError:
        return None


def _person(content: Json) -> Person:
    email = (content.get("person") or {}).get("email") or ""
    return Person(content["id"], content.get("name") or "", email)


def _unique_id(content: Json) -> str | None:
    number = content.get("number")
    if number is None:
        return None
    return f"{content['prefix']}-{number}" if content.get("prefix") else str(number)


def _file(content: Json) -> str:
    return str((content.get("file") or content.get("external") or {}).get("url", ""))


_TEXTS = frozenset({"title", "rich_text", "select", "status", "url", "email", "phone_number"})
_READERS: dict[str, Callable[[Any], Value]] = {
    "title": _text,
    "rich_text": _text,
    "number": float,
    "checkbox": bool,
    "select": lambda option: option["name"],
    "status": lambda option: option["name"],
    "multi_select": lambda options: [option["name"] for option in options],
    "date": _date,
    "people": lambda people: [_person(person) for person in people],
    "files": lambda files: [_file(file) for file in files],
    **dict.fromkeys(("url", "email", "phone_number"), str),
    **dict.fromkeys(("created_time", "last_edited_time"), lambda time: Date(_moment(time))),
    **dict.fromkeys(("created_by", "last_edited_by"), _person),
    "unique_id": _unique_id,
    # A relation of a related page: the ids only, because the pages are not loaded.
    "relation": lambda pages: [page["id"] for page in pages],
}


def is_empty(value: Value) -> bool:
    """Return whether a value is empty. In a condition an empty value is false."""
    return value is None or value in ("", False, 0) or value == []


def as_text(value: Value) -> str:
    """Return a value as text, like `format()` and `+` with a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(value)
    if isinstance(value, list):
        spend(len(value))  # a list can contain the same list many times, to billions of items
        return ", ".join(map(as_text, value))
    if isinstance(value, Date):
        return date_text(value)
    if isinstance(value, Person):
        return value.name
    return value if isinstance(value, str) else page_title(value)


def page_title(page: Row) -> str:
    """Return the title of a page. Its property always has the id `title`."""
    return str(from_api(page.value("title")) or "")


def number_text(number: float) -> str:
    """Return a number as JavaScript writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    is_short_integer = float(number).is_integer() and abs(number) < 1e21
    return str(int(number)) if is_short_integer else repr(float(number))


def date_text(date: Date) -> str:
    """Return a date as Notion shows it: January 5, 2026, and the time if it has one."""
    parts = [date.start] if date.end is None else [date.start, date.end]
    return " → ".join(_format_moment(part, timed=date.timed) for part in parts)


def _format_moment(moment: datetime, *, timed: bool) -> str:
    day = f"{moment:%B} {moment.day}, {moment.year}"
    return f"{day} {moment.hour % 12 or 12}:{moment:%M %p}" if timed else day


def are_equal(left: Value, right: Value) -> bool:
    """Return whether two values are equal. All empty values are equal.

    Values of different types are not: `1 == true` is false, unlike in Python.
    """
    if left is None:
        return right in (None, "", [])
    if right is None:
        return left in ("", [])
    if isinstance(left, list) and isinstance(right, list):
        spend(len(left))
        return len(left) == len(right) and all(map(are_equal, left, right))
    if _is_page(left) or _is_page(right) or isinstance(left, Person):
        return getattr(left, "id", left) == getattr(right, "id", right)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_page(value: Value) -> bool:
    return not isinstance(value, str | float | int | list | Date | Person)


def order_key(value: Value) -> tuple[Any, ...]:
    """Return the sort key of a value: numbers, then dates, then texts ignoring case, then empty."""
    if value is None or value == "":
        return (4,)
    if isinstance(value, float | int):  # booleans sort as numbers: false before true
        return (0, float(value))
    if isinstance(value, Date):
        return (1, value.start)
    text = as_text(value)
    return (2, text.casefold(), text.swapcase())
