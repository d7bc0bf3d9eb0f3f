"""Read the text of a cell as the item that a field holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from notion_pm.importing.identity import as_link, is_domain
from notion_pm.importing.target import Field
from notion_pm.importing.values.dates import detect_pattern, parse_day
from notion_pm.importing.values.nothing import clean_name
from notion_pm.importing.values.numbers import parse_number
from notion_pm.importing.values.texts import READERS, shorten
from notion_pm.model.import_map import Filling
from notion_pm.model.import_write import Item
from notion_pm.model.property_types import OPTION_TYPES

LONGEST: dict[str, int] = {"url": 2000, "email": 200, "phone_number": 200}
"""The most characters that Notion takes (notion-api.md 4.2)."""
LONGEST_TEXT = 100_000
"""The most characters of a text that are sent. Notion takes 100 parts of 2000 characters
(notion-api.md 4.2); a part may have to end early, so half of that always fits."""
LONGEST_OPTION = 100
MOST_VALUES = 100

_YES = frozenset({"true", "yes", "y", "x", "1", "checked", "on", "ja", "oui", "si"})
_NO = frozenset({"false", "no", "n", "0", "unchecked", "off", "nein", "non", ""})


class InvalidCell(ValueError):
    """A cell does not hold what its field needs; the message says why."""


@dataclass(frozen=True, slots=True)
class UnknownOption:
    """A word that is not an option, where imports may not create options."""

    word: str


def read_item(field: Field, filling: Filling, text: str, form: str) -> Item | UnknownOption:
    """Return the item of one text.

    `form`: the pattern of the column's dates, or the decimal sign of its numbers.
    Raises InvalidCell when the field does not take it.
    """
    if field.choices or field.type in OPTION_TYPES:
        return find_option_name(field, filling, text)
    return _READERS[field.type](field, filling, text, form)


def find_option_name(field: Field, filling: Filling, word: str) -> str | UnknownOption:
    """Return the name of the option that a word means; an empty text to leave the field empty.

    Raises InvalidCell when a new option's name would be too long.
    """
    ours = _translate(filling, word)
    if ours is None:
        return ""
    choice = field.choice(ours)
    if choice is not None:
        return choice.name
    if not may_create(field, filling):
        return UnknownOption(word)
    # Notion takes no commas in the names of options (notion-api.md 3.3).
    name = " ".join(ours.replace(",", " ").split())
    if len(name) > LONGEST_OPTION:
        raise InvalidCell(
            f"`{name[:40]}…` is too long for an option: {len(name)} of {LONGEST_OPTION} characters"
        )
    return name


def _translate(filling: Filling, word: str) -> str | None:
    """Return the map's word for a word of the file; None if the map leaves the property empty."""
    translations = {theirs.casefold(): ours for theirs, ours in filling.words.items()}
    return translations.get(word.casefold(), word)


def may_create(field: Field, filling: Filling) -> bool:
    """Whether an import may create options or related pages for a field.

    Notion creates an option when a page names it, but not the options of a status
    (notion-api.md 3.2).
    """
    if field.type == "status":
        return False
    return field.open if filling.new is None else filling.new


def plain_text(filling: Filling, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text without its markup, cut to the length that the map states.

    Raises InvalidCell when it is longer than Notion takes, and the map does not say to cut it.
    """
    plain = READERS[filling.text](text)
    if filling.length is not None:
        return shorten(plain, min(filling.length, longest))
    if len(plain) > longest:
        raise InvalidCell(
            f"{len(plain):,} characters are more than {longest:,}: shorten the text, or set "
            "`length` in the map"
        )
    return plain


def _read_text(field: Field, filling: Filling, text: str, form: str) -> Item:
    plain = plain_text(filling, text)
    if field.type == "title":
        return " ".join(plain.split())
    return clean_name(plain) if field.type == "relation" else plain


def _read_number(field: Field, filling: Filling, text: str, form: str) -> Item:
    try:
        number = parse_number(text, form)
    except ValueError:
        raise InvalidCell(f"`{text}` is not a number") from None
    if not math.isfinite(number):
        raise InvalidCell(f"`{text}` is not a number that Notion takes")
    return int(number) if number.is_integer() else number


def _read_checkbox(field: Field, filling: Filling, text: str, form: str) -> Item:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        raise InvalidCell(f"`{text}` is neither yes nor no")
    return word in _YES


def _read_date(field: Field, filling: Filling, text: str, form: str) -> Item:
    # The column's pattern first, then the pattern of this cell alone: a day that can be read in
    # one way only is that day.
    with suppress(ValueError, OverflowError):
        return parse_day(text, form)
    with suppress(ValueError, OverflowError):
        return parse_day(text, detect_pattern([text]))
    raise InvalidCell(f"`{text}` is not a date ({form})")


def _read_short_text(field: Field, filling: Filling, text: str, form: str) -> Item:
    plain = text.strip()
    if field.type == "url" and is_domain(plain):
        plain = as_link(plain)
    longest = LONGEST[field.type]
    if len(plain) > longest:
        raise InvalidCell(f"{len(plain)} characters are more than the {longest} that Notion takes")
    return plain


_READERS: dict[str, Callable[[Field, Filling, str, str], Item]] = {
    "title": _read_text,
    "rich_text": _read_text,
    "number": _read_number,
    "checkbox": _read_checkbox,
    "date": _read_date,
    "url": _read_short_text,
    "email": _read_short_text,
    "phone_number": _read_short_text,
    "relation": _read_text,
}
