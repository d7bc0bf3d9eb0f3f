"""What becomes of the values when a property gets another type.

Notion documents little of this (notion-api.md 3.1, 3.2): what is not written there is our reading, and then it is the
cautious one. A conversion is safe where the new type can hold every value of the old one; lossy where some or all are
lost, which the plan counts; blocked where Notion refuses, or where nobody knows what it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.model.page import Value
from notion_pm.planning.change import ChangeClass

_COMPUTED = frozenset({"formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by"})
_TEXTS = frozenset({"rich_text", "url", "email", "phone_number"})
_PLAIN = _TEXTS | {"number", "select", "multi_select", "date", "checkbox"}
_REWRITTEN = {
    "number": "numbers become text, without their format",
    "select": "options become text",
    "multi_select": "options become text, with commas between",
    "date": "dates become text",
    "checkbox": "ticks become `Yes` and `No`",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a change of type is judged, and why; `way_out` where it cannot be made."""

    change_class: ChangeClass
    reason: str
    way_out: str = ""


def conversion(old: str, new: str) -> Conversion:
    """Judge the change from one type of property to another."""
    if old in _COMPUTED:
        return _from_computed(new)
    if new in _COMPUTED:
        return Conversion("lossy", "what people wrote is lost: Notion computes the value from now on")
    if {old, new} <= _PLAIN:
        return _between_plain(old, new)
    if "status" in {old, new}:
        return _blocked("whether Notion keeps the values of a status is not known")
    if "relation" in {old, new}:
        return _blocked("links cannot become other values, nor those links")
    return _blocked("Notion does not convert it")


def loses(old: str, new: str, value: Value) -> bool:
    """Whether a value that is not empty is lost, or a part of it; all that is not known to be kept counts."""
    if (old, new) == ("multi_select", "select"):
        return isinstance(value, tuple) and len(value) > 1
    if old in _TEXTS and new == "number":
        return not _is_number(value)
    return conversion(old, new).change_class == "lossy"


def _from_computed(new: str) -> Conversion:
    if new in _COMPUTED | _PLAIN:
        return Conversion("safe", "its values were computed: nobody's are lost")
    return _blocked("Notion does not convert it")


def _between_plain(old: str, new: str) -> Conversion:
    if old == "rich_text" and new in _TEXTS:
        return Conversion("lossy", "formatting and links in the text are lost, and texts that are too long")
    if old in _TEXTS and new in _TEXTS:
        return Conversion("safe", "texts are kept")
    if new == "rich_text":
        return Conversion("safe", _REWRITTEN[old])
    if (old, new) == ("select", "multi_select"):
        return Conversion("safe", "options are kept")
    if (old, new) == ("multi_select", "select"):
        return Conversion("lossy", "of several options on a page one is kept")
    if old in _TEXTS and new == "number":
        return Conversion("lossy", "texts that are no number are lost")
    return Conversion("lossy", "values that do not fit are lost")


def _blocked(reason: str) -> Conversion:
    way_out = "Give the template's property a new key and move the values, or change it back in Notion."
    return Conversion("blocked", reason, way_out)


def _is_number(value: Value) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
