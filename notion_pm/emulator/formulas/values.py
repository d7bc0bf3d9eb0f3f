"""Values of formulas: text, number, boolean, date, person, page, list, or None for what is empty."""

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
    """A page, as a formula reads it. Properties are asked for by id or by name."""

    @property
    def id(self) -> str: ...

    def value(self, key: str) -> Json:
        """Return a property's value as the API writes it, `{"type": t, t: ...}`; raises KeyError without one."""
        ...

    def pages(self, key: str) -> Sequence[Row]:
        """Return the pages that a relation property points at."""
        ...


@dataclass(frozen=True, slots=True)
class Date:
    """A day or a moment (`timed`), or the range from it to `end`; all moments are in UTC."""

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
    """Return what a property of the page is in a formula."""
    try:
        stored = row.value(key)
    except KeyError:
        raise FormulaError(f'Undefined property "{key}".') from None
    if stored["type"] == "relation":
        return list(row.pages(key)[:MOST_RELATED])
    return from_api(stored)


def from_api(stored: Json) -> Value:
    """Return a property value of the API as a formula sees it."""
    kind, content = stored["type"], stored.get(stored["type"])
    if kind in ("formula", "rollup"):
        return _computed_value(content or {})
    if content is None:
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
        return [
            value
            for item in content["array"]
            for value in _spread(from_api(item))
            if value is not None
        ]
    same_as = {"string": "url", "boolean": "checkbox"}.get(str(kind), str(kind))
    return from_api({"type": same_as, same_as: content[kind]})


def _spread(value: Value) -> list[Value]:
    """A rolled-up list contributes its items, not a list in a list."""
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
    except OverflowError:  # the last hours of the year 9999, west of Greenwich
        raise FormulaError("A date is beyond the calendar.") from None


def parse_date(text: str) -> Date | None:
    """Return the date that an ISO 8601 text says, or None."""
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
    # A related page's own relation names pages that only the store can fetch.
    "relation": lambda pages: [page["id"] for page in pages],
}


def is_empty(value: Value) -> bool:
    """Return whether Notion counts a value as empty, which is also what makes a condition false."""
    return value is None or value in ("", False, 0) or value == []


def as_text(value: Value) -> str:
    """Return a value as text, as `format` does and `+` with a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(value)
    if isinstance(value, list):
        spend(len(value))  # lists of one list can stand for billions of items
        return ", ".join(map(as_text, value))
    if isinstance(value, Date):
        return date_text(value)
    if isinstance(value, Person):
        return value.name
    return value if isinstance(value, str) else page_title(value)


def page_title(page: Row) -> str:
    """Return the title of a page, whose property always has the id `title`."""
    return str(from_api(page.value("title")) or "")


def number_text(number: float) -> str:
    """Write a number as JavaScript does."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return (
        str(int(number))
        if float(number).is_integer() and abs(number) < 1e21
        else repr(float(number))
    )


def date_text(date: Date) -> str:
    """Write a date as Notion shows it: January 5, 2026, with the time where there is one."""
    parts = [date.start] if date.end is None else [date.start, date.end]
    return " → ".join(_format_moment(part, timed=date.timed) for part in parts)


def _format_moment(moment: datetime, *, timed: bool) -> str:
    day = f"{moment:%B} {moment.day}, {moment.year}"
    return f"{day} {moment.hour % 12 or 12}:{moment:%M %p}" if timed else day


def are_equal(left: Value, right: Value) -> bool:
    """Return whether two values are equal; values of different types are not, and all empty ones are."""
    if left is None or right is None:
        return (left in (None, "", [])) if right is None else right in ("", [])
    if isinstance(left, list) and isinstance(right, list):
        spend(len(left))
        return len(left) == len(right) and all(map(are_equal, left, right))
    if _is_page(left) or _is_page(right) or isinstance(left, Person):
        return getattr(left, "id", left) == getattr(right, "id", right)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_page(value: Value) -> bool:
    return not isinstance(value, str | float | int | list | Date | Person)


def order_key(value: Value) -> tuple[Any, ...]:
    """Return what values are sorted by: numbers, then dates, then text regardless of case, empty ones last."""
    if value is None or value == "":
        return (4,)
    if isinstance(value, float | int):
        return (0, float(value))
    if isinstance(value, Date):
        return (1, value.start)
    text = as_text(value)
    return (2, text.casefold(), text.swapcase())
