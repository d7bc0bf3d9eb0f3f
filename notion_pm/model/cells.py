"""Parse the cells of starter rows: from the text of a CSV file to a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from notion_pm.model.page import DateValue
from notion_pm.model.property_lookup import find_option, is_open, options_of, property_type
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.template import OptionSpec, Template

_YES, _NO = frozenset({"true", "yes", "x", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class OptionKeys:
    """Options of the template, by key. `free`: names of other options, in a property that is
    open.
    """

    keys: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowKeys:
    """Related starter rows: the database and the rows' keys."""

    database: str
    keys: tuple[str, ...]


Cell = str | bool | int | float | DateValue | OptionKeys | RowKeys


class CellInvalid(ValueError):
    """A cell does not hold what its property needs.

    Fields: `advice`, the next step; `choices`, the possible values.
    """

    def __init__(self, message: str, advice: str = "", choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.advice = advice
        self.choices = choices


def parse_cell(template: Template, database: str, key: str, text: str) -> Cell:
    """Return the value of a cell that is not empty.

    Raises CellInvalid when the property does not accept it, or cannot be filled from a file.
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
    """Return the parts that semicolons separate, each once."""
    parts = [part.strip() for part in text.split(";")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _options(names: tuple[str, ...], options: tuple[OptionSpec, ...], *, free: bool) -> OptionKeys:
    keys: list[str] = []
    unlisted: list[str] = []
    for name in names:
        option = find_option(options, name)
        if option is not None:
            keys.append(option.key)
        elif not free:
            choices = tuple(option.key for option in options)
            raise CellInvalid(f"unknown option `{name}`", choices=choices)
        # Notion refuses it: "Invalid select option, commas not allowed" (notion-api.md 5).
        elif "," in name:
            raise CellInvalid(
                f"`{name}` has a comma", "Notion does not accept commas in the names of options."
            )
        else:
            unlisted.append(name)
    return OptionKeys(tuple(dict.fromkeys(keys)), tuple(unlisted))


def _text(text: str) -> str:
    return text


def _number(text: str) -> int | float:
    plain = text.strip().removesuffix("%")
    try:
        number = float(plain)
    except ValueError:
        raise CellInvalid(f"`{text}` is not a number", "Write it like 1250 or 0.8.") from None
    # Python reads "nan" and "inf" as numbers, but JSON has neither.
    if not math.isfinite(number):
        raise CellInvalid(f"`{text}` is not a number that Notion accepts")
    # Notion stores 80 % as 0.8; the percent sign is only the format.
    if text.strip().endswith("%"):
        number /= 100
    return int(number) if number.is_integer() else number


def _checkbox(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise CellInvalid(f"`{text}` is neither yes nor no", "Write true or false.")
    return word in _YES


def _date(text: str) -> DateValue:
    start, _, end = (part.strip() for part in text.partition("/"))
    for part in filter(None, (start, end)):
        _check_date(part)
    return DateValue(start, end or None)


def _check_date(text: str) -> None:
    try:
        if len(text) == len("2026-11-22"):
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        raise CellInvalid(
            f"`{text}` is not a date", "Write it like 2026-11-22, a span as 2026-11-22/2026-11-30."
        ) from None


TEXT_PARSERS: dict[str, Callable[[str], Cell]] = {
    "title": _text,
    "rich_text": _text,
    "url": _text,
    "email": _text,
    "phone_number": _text,
    "number": _number,
    "checkbox": _checkbox,
    "date": _date,
}
