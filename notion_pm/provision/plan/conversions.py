"""What becomes of the values when a property gets another type.

All pairs of ten types were measured on filled rows of the real service (notion-seed, September 2026). A conversion is
safe where every value is kept; lossy where some or all are lost or changed, which the plan counts; blocked where Notion
refuses, or where nobody knows what it does.

Options are made from no value: a value becomes an option only where the new property has one of exactly that text.
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
"""Types of one plain text. Only `url` was measured; nothing says that the others differ."""
_TEXTS = _URLS | {"rich_text"}
_PLAIN = _TEXTS | OPTION_TYPES | {"number", "date", "checkbox", "people"}
_MOST_IN_URL = 2000

_KEPT = {
    ("number", "rich_text"): "numbers become text, without their format",
    ("number", "url"): "numbers become text, without their format",
    ("select", "rich_text"): "options become text",
    ("multi_select", "rich_text"): "options become text, with commas between",
    ("date", "rich_text"): "dates become text",
    ("checkbox", "rich_text"): "ticks become `Yes` and `No`",
    ("people", "rich_text"): "people become mentions in a text",
    ("select", "url"): "options become text",
    ("multi_select", "url"): "options become text, with commas between",
    ("checkbox", "url"): "ticks become `Yes` and `No`",
}
_LOST_TO = {
    "number": "only a number at the beginning of a value is kept",
    "date": "only dates such as 2026-01-15 are kept",
    "checkbox": "Notion unticks every page, whatever it holds",
    "people": "Notion keeps nothing: names and e-mail addresses are not looked up",
    "select": "only values are kept that are exactly an option of the new property",
    "multi_select": "only values are kept that are exactly an option of the new property",
    "status": "values that are no option of the new property become another status, and so do empty ones",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a change of type is judged, and why; `way_out` where it cannot be made."""

    change_class: ChangeClass
    reason: str
    way_out: str = ""


def classify_conversion(old: str, new: str) -> Conversion:
    """Judge the change from one type of property to another."""
    if old in DERIVED_TYPES:
        return _from_computed(new)
    if new in DERIVED_TYPES:
        return Conversion(
            "lossy", "what people wrote is lost: Notion computes the value from now on"
        )
    if {old, new} <= _PLAIN:
        return _between_plain(old, new)
    if "relation" in {old, new}:
        return _blocked("A relation cannot be converted to or from another type.")
    return _blocked("Notion does not convert it")


def loses_in_conversion(
    old: str, new: str, value: Value, options: Collection[str] = (), *, may_be_unset: bool = False
) -> bool:
    """Return whether a value that is not empty is lost or changed, or a part of it.

    `options` are the names of the new property's options. `may_be_unset`: the value is a status that Notion also shows
    where nobody has set one. All that is not known to be kept counts as lost.
    """
    if may_be_unset:
        return True
    if classify_conversion(old, new).change_class == "safe":
        return False
    if (
        old in DERIVED_TYPES
        or new in DERIVED_TYPES
        or old == "people"
        or new in {"checkbox", "people"}
    ):
        return True
    if old == "status" and new in _TEXTS:
        return False  # measured: what somebody has set is kept
    if (old, new) == ("rich_text", "url"):
        return len(str(value)) > _MOST_IN_URL
    if new in OPTION_TYPES:
        return not _becomes_options(old, new, value, options)
    texts = _texts(old, value)
    if (
        len(texts) != 1
        or old in {"date", "checkbox"}
        or (old == "status" and new in {"number", "date"})
    ):
        return True
    if new == "number":
        return not _is_number(texts[0])
    if new == "date":
        return not _is_date(texts[0], days_first=old == "rich_text")
    return True


def _becomes_options(old: str, new: str, value: Value, options: Collection[str]) -> bool:
    """Return whether a value becomes the options of its own text, all of them."""
    if old == "date":
        return False
    texts = _texts(old, value)
    if old == "rich_text" and new == "multi_select":
        texts = [part.strip() for text in texts for part in text.split(",")]
    if new != "multi_select" and len(texts) > 1:
        return False
    return all(text in options for text in texts)


def _texts(old: str, value: Value) -> list[str]:
    """Return a value as the texts that Notion takes it for."""
    match value:
        case bool():
            return ["Yes" if value else "No"]
        case int() | float():
            return [
                f"{value:.17g}"
                if isinstance(value, float) and not value.is_integer()
                else str(int(value))
            ]
        case OptionValue(name=name):
            return [name]
        case DateValue(start=start):
            return [start]
        case tuple() if old == "multi_select":
            return [each.name for each in value if isinstance(each, OptionValue)]
        case _:
            return [str(value)]


def _from_computed(new: str) -> Conversion:
    if new in DERIVED_TYPES | (_PLAIN - {"status", "people"}):
        return Conversion("safe", "its values were computed: nobody's are lost")
    return _blocked("Notion does not convert it")


def _between_plain(old: str, new: str) -> Conversion:
    if old == "rich_text" and new in _URLS:
        return Conversion(
            "lossy", "formatting and links in the text are lost, and texts that are too long"
        )
    if old in _TEXTS and new in _TEXTS:
        return Conversion("safe", "texts are kept")
    if (old, new) == ("people", "people"):
        return Conversion("safe", "it stays as it is")
    kept = _KEPT.get((old, "url" if new in _URLS else new))
    if kept:
        return Conversion("safe", kept)
    if (old, new) == ("select", "multi_select"):
        return Conversion("safe", "options are kept")
    if old == "status" and new in _TEXTS:
        return Conversion(
            "lossy", "a status that was never set, but shows its default, becomes empty"
        )
    if old == "people":
        return Conversion("lossy", "Notion keeps people in a text only")
    if old == "date" and new in OPTION_TYPES:
        return Conversion("lossy", "Notion keeps no date, not even where an option has its text")
    if (old, new) == ("multi_select", "select"):
        return Conversion(
            "lossy", "of several options on a page the first is kept, if the new property has it"
        )
    return Conversion("lossy", _LOST_TO.get(new, "values that do not fit are lost"))


def _blocked(reason: str) -> Conversion:
    way_out = (
        "Give the template's property a new key and move the values, or change it back in Notion."
    )
    return Conversion("blocked", reason, way_out)


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def _is_number(text: str) -> bool:
    """Return whether a text is a number and nothing else: of `42 text` Notion keeps 42, and the rest is lost."""
    return _NUMBER.fullmatch(text) is not None


def _is_date(text: str, *, days_first: bool) -> bool:
    found = _DAY_FIRST.fullmatch(text) if days_first else None
    try:
        if found:
            date(int(found[3]), int(found[2]), int(found[1]))
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
