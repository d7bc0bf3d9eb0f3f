"""The text of a cell as the item that a field takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notion_pm.importing.identity import as_link, is_domain
from notion_pm.importing.target import Field
from notion_pm.importing.values.dates import detect_pattern, parse_day
from notion_pm.importing.values.nothing import clean_name
from notion_pm.importing.values.numbers import parse_number
from notion_pm.importing.values.texts import READERS, shorten
from notion_pm.model.import_map import Filling
from notion_pm.model.import_write import Item

LONGEST: dict[str, int] = {"url": 2000, "email": 200, "phone_number": 200}
"""Characters that Notion takes (notion-api.md 4.2)."""
LONGEST_TEXT = 100_000
"""Characters of a text property that we send: Notion takes 100 parts of 2000 (notion-api.md 4.2), half of it counts
as full."""
LONGEST_OPTION = 100
MOST_VALUES = 100

_YES = frozenset({"true", "yes", "y", "x", "1", "checked", "on", "ja", "oui", "si"})
_NO = frozenset({"false", "no", "n", "0", "unchecked", "off", "nein", "non", ""})


class InvalidCell(ValueError):
    """A cell does not hold what its field takes; the text says why."""


@dataclass(frozen=True, slots=True)
class UnknownOption:
    """A word that is no option, and that nobody may make one of."""

    word: str


def read_item(field: Field, filling: Filling, text: str, form: str) -> Item | UnknownOption:
    """Return the item of one text. `form`: the pattern of a column's dates, or the decimal sign of its numbers.

    Raises CellUnfit when the field does not take it.
    """
    if field.choices or field.type in {"select", "status", "multi_select"}:
        return find_option_name(field, filling, text)
    return _READERS[field.type](field, filling, text, form)


def find_option_name(field: Field, filling: Filling, word: str) -> str | UnknownOption:
    """Return the name of the option that a word stands for."""
    ours = _translated(filling, word)
    if ours is None:
        return ""
    if (found := field.choice(ours)) is not None:
        return found.name
    if not may_create(field, filling):
        return UnknownOption(word)
    name = " ".join(ours.replace(",", " ").split())
    if len(name) > LONGEST_OPTION:
        raise InvalidCell(
            f"`{name[:40]}…` is too long for an option: {len(name)} of {LONGEST_OPTION} characters"
        )
    return name


def _translated(filling: Filling, word: str) -> str | None:
    """Return our word for theirs; None for one that is to be left empty."""
    table = {theirs.casefold(): ours for theirs, ours in filling.words.items()}
    return table.get(word.casefold(), word)


def may_create(field: Field, filling: Filling) -> bool:
    """Whether options, or related pages, may be made that are not there.

    Notion makes options as pages name them, but not those of a status (notion-api.md 3.2).
    """
    return field.type != "status" and (field.open if filling.new is None else filling.new)


def plain_text(filling: Filling, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text without its markup, cut to the length that the map states.

    Raises CellUnfit where Notion does not take all of it and the map does not say to cut it.
    """
    plain = READERS[filling.text](text)
    if filling.length is not None:
        return shorten(plain, min(filling.length, longest))
    if len(plain) > longest:
        raise InvalidCell(
            f"{len(plain):,} characters are more than {longest:,}: cut them, or say `length` in the map"
        )
    return plain


def _text(field: Field, filling: Filling, text: str, form: str) -> Item:
    plain = plain_text(filling, text)
    if field.type == "title":
        return " ".join(plain.split())
    return clean_name(plain) if field.type == "relation" else plain


def _number(field: Field, filling: Filling, text: str, form: str) -> Item:
    try:
        number = parse_number(text, form)
    except ValueError:
        raise InvalidCell(f"`{text}` is not a number") from None
    if number in {float("inf"), float("-inf")} or number != number:
        raise InvalidCell(f"`{text}` is not a number that Notion takes")
    return int(number) if number.is_integer() else number


def _checkbox(field: Field, filling: Filling, text: str, form: str) -> Item:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        raise InvalidCell(f"`{text}` is neither yes nor no")
    return word in _YES


def _date(field: Field, filling: Filling, text: str, form: str) -> Item:
    try:
        return parse_day(text, form)
    except (ValueError, OverflowError):
        pass
    try:
        return parse_day(
            text, detect_pattern([text])
        )  # a day that can be read in one way only is that day
    except (ValueError, OverflowError):
        raise InvalidCell(f"`{text}` is not a date ({form})") from None


def _short(field: Field, filling: Filling, text: str, form: str) -> Item:
    plain = text.strip()
    if field.type == "url" and is_domain(plain):
        plain = as_link(plain)
    if len(plain) > LONGEST[field.type]:
        raise InvalidCell(
            f"{len(plain)} characters are more than the {LONGEST[field.type]} that Notion takes"
        )
    return plain


_READERS: dict[str, Callable[[Field, Filling, str, str], Item]] = {
    "title": _text,
    "rich_text": _text,
    "number": _number,
    "checkbox": _checkbox,
    "date": _date,
    "url": _short,
    "email": _short,
    "phone_number": _short,
    "relation": _text,
}
