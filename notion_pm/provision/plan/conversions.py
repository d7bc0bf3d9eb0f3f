"""What happens to the values when a property gets another type.

All pairs of ten types were measured on filled rows of the real service (September 2026). A
conversion is safe if every value is kept, and lossy if some or all are lost or changed; the plan
counts these. It is blocked if Notion refuses, or if it is not known what Notion does.

Notion never creates options from values: a value becomes an option only if the new property has one
of exactly that text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from notion_pm.model.page import DateValue, OptionValue, Value
from notion_pm.model.property_types import DERIVED_TYPES, OPTION_TYPES
from notion_pm.provision.plan.change import ChangeClass

_URLS = frozenset({"url", "email", "phone_number"})
"""Types of one plain text. Only `url` was measured; the others are assumed to behave like it."""
_TEXTS = _URLS | {"rich_text"}
_PLAIN = _TEXTS | OPTION_TYPES | {"number", "date", "checkbox", "people"}
_MAX_URL_LENGTH = 2000

_KEPT = {
    ("number", "rich_text"): "numbers become text, without their format",
    ("number", "url"): "numbers become text, without their format",
    ("select", "rich_text"): "options become text",
    ("multi_select", "rich_text"): "options become text, separated by commas",
    ("date", "rich_text"): "dates become text",
    ("checkbox", "rich_text"): "ticks become `Yes` and `No`",
    ("people", "rich_text"): "people become mentions in a text",
    ("select", "url"): "options become text",
    ("multi_select", "url"): "options become text, separated by commas",
    ("checkbox", "url"): "ticks become `Yes` and `No`",
}
"""Conversions that keep every value; `url` means all of `_URLS`."""

_LOST_TO = {
    "number": "only a number at the beginning of a value is kept",
    "date": "only dates such as 2026-01-15 are kept",
    "checkbox": "Notion unticks every page, whatever its value",
    "people": "Notion keeps nothing: it does not look up names and e-mail addresses",
    "select": "only values that are exactly an option of the new property are kept",
    "multi_select": "only values that are exactly an option of the new property are kept",
    "status": (
        "values that are no option of the new property become another status, and so do empty ones"
    ),
}
"""What happens to values of any other plain type, by the new type."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a change of type is judged, and why. `way_out` says what to do if it is blocked."""

    change_class: ChangeClass
    reason: str
    way_out: str = ""


def classify_conversion(old: str, new: str) -> Conversion:
    """Judge the change from one type of property to another."""
    if old in DERIVED_TYPES:
        return _classify_from_computed(new)
    if new in DERIVED_TYPES:
        return Conversion(
            "lossy", "what people wrote is lost: Notion computes the value from now on"
        )
    if {old, new} <= _PLAIN:
        return _classify_between_plain(old, new)
    if "relation" in {old, new}:
        return _block("A relation cannot be converted to or from another type.")
    return _block("Notion does not convert it")


def loses_in_conversion(
    old: str, new: str, value: Value, options: Collection[str] = (), *, may_be_unset: bool = False
) -> bool:
    """Return whether a value that is not empty is lost or changed, completely or in part.

    `options` are the names of the new property's options. `may_be_unset`: the value is a status
    that Notion also shows on pages without one. Whatever is not known to be kept counts as
    lost.
    """
    # Notion cannot tell a default status from one that people have chosen.
    if may_be_unset:
        return True
    if classify_conversion(old, new).change_class == "safe":
        return False
    if old in DERIVED_TYPES or new in DERIVED_TYPES:
        return True
    if old == "people" or new in {"checkbox", "people"}:
        return True
    if new in _TEXTS:
        return _loses_in_text(old, new, value)
    if new in OPTION_TYPES:
        return not _becomes_options(old, new, value, options)
    return not _becomes_number_or_date(old, new, value)


def _loses_in_text(old: str, new: str, value: Value) -> bool:
    if old == "status":
        return False  # measured: a status that people have set becomes its text
    if old == "rich_text" and new == "url":
        return len(str(value)) > _MAX_URL_LENGTH
    return True


def _becomes_options(old: str, new: str, value: Value, options: Collection[str]) -> bool:
    """Return whether a value becomes the options of its own_property text, all of them."""
    if old == "date":
        return False
    texts = _as_texts(old, value)
    if old == "rich_text" and new == "multi_select":
        parts = []
        for text in texts:
            parts += [part.strip() for part in text.split(",")]
        texts = parts
    if new != "multi_select" and len(texts) > 1:
        return False
    return all(text in options for text in texts)


def _becomes_number_or_date(old: str, new: str, value: Value) -> bool:
    if old in {"date", "checkbox", "status"}:
        return False
    texts = _as_texts(old, value)
    if len(texts) != 1:
        return False
    if new == "number":
        return _is_number(texts[0])
    if new == "date":
        return _is_date(texts[0], is_day_first=old == "rich_text")
    return False


def _as_texts(old: str, value: Value) -> list[str]:
    """Return the texts that Notion converts a value from."""
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    if isinstance(value, float) and not value.is_integer():
        return [f"{value:.17g}"]
    if isinstance(value, int | float):
        return [str(int(value))]
    if isinstance(value, OptionValue):
        return [value.name]
    if isinstance(value, DateValue):
        return [value.start]
    if isinstance(value, tuple) and old == "multi_select":
        return [option.name for option in value if isinstance(option, OptionValue)]
    return [str(value)]


def _classify_from_computed(new: str) -> Conversion:
    if new in DERIVED_TYPES | (_PLAIN - {"status", "people"}):
        return Conversion("safe", "its values were computed, so nothing is lost")
    return _block("Notion does not convert it")


def _classify_between_plain(old: str, new: str) -> Conversion:
    if old == "rich_text" and new in _URLS:
        return Conversion(
            "lossy", "formatting and links in the text are lost, and texts that are too long"
        )
    if old in _TEXTS and new in _TEXTS:
        return Conversion("safe", "texts are kept")
    if (old, new) == ("people", "people"):
        return Conversion("safe", "it stays as it is")
    # Only `url` was measured of the three types of plain text.
    kept = _KEPT.get((old, "url" if new in _URLS else new))
    if kept:
        return Conversion("safe", kept)
    if (old, new) == ("select", "multi_select"):
        return Conversion("safe", "options are kept")
    if old == "status" and new in _TEXTS:
        # Notion shows the default status on pages without one, and drops it when converting.
        return Conversion(
            "lossy", "a status that was never set, but shows its default, becomes empty"
        )
    if old == "people":
        return Conversion("lossy", "Notion keeps people in a text only")
    if old == "date" and new in OPTION_TYPES:
        return Conversion("lossy", "Notion keeps no date, even if an option has its text")
    if (old, new) == ("multi_select", "select"):
        return Conversion(
            "lossy", "of several options on a page the first is kept, if the new property has it"
        )
    return Conversion("lossy", _LOST_TO.get(new, "values that do not fit are lost"))


def _block(reason: str) -> Conversion:
    way_out = (
        "Give the template's property a new key and move the values, or change it back in Notion."
    )
    return Conversion("blocked", reason, way_out)


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def _is_number(text: str) -> bool:
    """Return whether a text is a number and nothing else.

    Of `42 text` Notion keeps 42, but the rest is lost.
    """
    return _NUMBER.fullmatch(text) is not None


def _is_date(text: str, *, is_day_first: bool) -> bool:
    """Return whether Notion reads a text as a date: ISO 8601, and in a rich text also
    31/12/2026."""
    found = _DAY_FIRST.fullmatch(text) if is_day_first else None
    try:
        if found:
            date(int(found[3]), int(found[2]), int(found[1]))
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
