"""Cells of starter rows: from the text of a CSV file to a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from notion_pm.model.page import DateValue
from notion_pm.model.property_lookup import find_option, is_open, options_of, property_type
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.template import OptionSpec, Template

_YES, _NO = frozenset({"true", "yes", "x", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class OptionKeys:
    """Options of the template, by key; `free` are names that it does not list, of a property that is open."""

    keys: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowKeys:
    """Related starter rows: the database and the rows' keys."""

    database: str
    keys: tuple[str, ...]


Cell = str | bool | int | float | DateValue | OptionKeys | RowKeys


class CellInvalid(ValueError):
    """A cell does not hold what its property takes. Fields: `advice`, the next step; `choices`, what was possible."""

    def __init__(self, message: str, advice: str = "", choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.advice = advice
        self.choices = choices


class _Parser(Protocol):
    def __call__(self, text: str) -> Cell: ...


def parse_cell(template: Template, database: str, key: str, text: str) -> Cell:
    """Return the value of a cell that is not empty.

    Raises CellInvalid when the property does not take it, or takes none from a file.
    """
    kind = property_type(template, database, key)
    if kind in OPTION_TYPES:
        names = _parts(text) if kind == "multi_select" else (text.strip(),)
        return _options(
            names, options_of(template, database, key), free=is_open(template, database, key)
        )
    if kind == "relation":
        target = template.relation_target(database, key)
        return RowKeys(target or "", _parts(text))
    parser = TEXT_PARSERS.get(kind or "")
    if parser is None:
        raise CellInvalid(
            f"starter rows cannot fill a property of type {kind}", "Leave the column out."
        )
    return parser(text)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))


def _options(names: tuple[str, ...], options: tuple[OptionSpec, ...], *, free: bool) -> OptionKeys:
    found = {name: find_option(options, name) for name in names}
    unlisted = tuple(name for name, option in found.items() if option is None)
    if unlisted and not free:
        raise CellInvalid(
            f"unknown option `{unlisted[0]}`", choices=tuple(each.key for each in options)
        )
    if too_free := next((name for name in unlisted if "," in name), None):
        raise CellInvalid(
            f"`{too_free}` has a comma", "Notion does not take commas in the names of options."
        )
    return OptionKeys(tuple(dict.fromkeys(each.key for each in found.values() if each)), unlisted)


def _text(text: str) -> str:
    return text


def _number(text: str) -> int | float:
    plain = text.strip().removesuffix("%")
    try:
        number = float(plain)
    except ValueError:
        raise CellInvalid(f"`{text}` is not a number", "Write it like 1250 or 0.8.") from None
    if number != number or number in {float("inf"), float("-inf")}:
        raise CellInvalid(f"`{text}` is not a number that Notion takes")
    if text.strip().endswith("%"):
        number /= 100
    return int(number) if number.is_integer() else number


def _checkbox(text: str) -> bool:
    if text.strip().lower() in _YES | _NO:
        return text.strip().lower() in _YES
    raise CellInvalid(f"`{text}` is neither yes nor no", "Write true or false.")


def _date(text: str) -> DateValue:
    start, _, end = (part.strip() for part in text.partition("/"))
    for part in filter(None, (start, end)):
        _check_date(part)
    return DateValue(start, end or None)


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise CellInvalid(
            f"`{text}` is not a date", "Write it like 2026-11-22, a span as 2026-11-22/2026-11-30."
        ) from None


TEXT_PARSERS: dict[str, _Parser] = {
    "title": _text,
    "rich_text": _text,
    "url": _text,
    "email": _text,
    "phone_number": _text,
    "number": _number,
    "checkbox": _checkbox,
    "date": _date,
}
