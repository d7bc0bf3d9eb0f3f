"""The operators that filters may use on each kind of value.

Sources: the filter reference of the API, and the official types.
"""

from __future__ import annotations

from typing import Literal

from notion_pm.emulator.query import dates

Kind = Literal[
    "text",
    "number",
    "checkbox",
    "option",
    "options",
    "date",
    "people",
    "relation",
    "files",
    "verification",
]

EMPTINESS = frozenset({"is_empty", "is_not_empty"})
_EQUALITY = frozenset({"equals", "does_not_equal"})
_MEMBERSHIP = frozenset({"contains", "does_not_contain"})
_ORDER = frozenset(
    {"greater_than", "less_than", "greater_than_or_equal_to", "less_than_or_equal_to"}
)

OPERATORS: dict[Kind, frozenset[str]] = {
    "text": _EQUALITY | _MEMBERSHIP | {"starts_with", "ends_with"} | EMPTINESS,
    "number": _EQUALITY | _ORDER | EMPTINESS,
    "checkbox": _EQUALITY,
    "option": _EQUALITY | EMPTINESS,
    "options": _MEMBERSHIP | EMPTINESS,
    "date": dates.COMPARISONS | dates.PERIODS | EMPTINESS,
    "people": _MEMBERSHIP | EMPTINESS,
    "relation": _MEMBERSHIP | EMPTINESS,
    "files": EMPTINESS,
    "verification": frozenset({"status", "does_not_equal"}),
}

# The keys of a filter that hold its operator. The error for a missing key lists them in this order.
KINDS: dict[str, Kind] = {
    "title": "text",
    "rich_text": "text",
    "number": "number",
    "checkbox": "checkbox",
    "select": "option",
    "multi_select": "options",
    "status": "option",
    "date": "date",
    "people": "people",
    "files": "files",
    "url": "text",
    "email": "text",
    "phone_number": "text",
    "relation": "relation",
    "created_by": "people",
    "created_time": "date",
    "last_edited_by": "people",
    "last_edited_time": "date",
    "unique_id": "number",
    "verification": "verification",
}
FILTER_KEYS = (*KINDS, "formula", "rollup")

FORMULA_KINDS: dict[str, Kind] = {
    "string": "text",
    "checkbox": "checkbox",
    "number": "number",
    "date": "date",
}
ROLLUP_KINDS: dict[str, Kind] = {"number": "number", "date": "date"}
Quantifier = Literal["any", "none", "every"]
QUANTIFIERS: tuple[Quantifier, ...] = ("any", "none", "every")
# What `any`, `none` and `every` of a rollup accept; a title is filtered as `rich_text`.
_ROLLUP_ITEM_KEYS = (
    "rich_text",
    "number",
    "checkbox",
    "select",
    "multi_select",
    "relation",
    "date",
    "people",
    "files",
    "status",
)
ROLLUP_ITEM_KINDS: dict[str, Kind] = {key: KINDS[key] for key in _ROLLUP_ITEM_KEYS}

_TEXTS = frozenset({"title", "rich_text", "url", "email", "phone_number"})
_PEOPLE = frozenset({"people", "created_by", "last_edited_by"})
_DATES = frozenset({"date", "created_time", "last_edited_time"})


def fits(filter_key: str, property_type: str) -> bool:
    """Return whether a filter of `filter_key` may be used on a property of `property_type`.

    The service accepts `rich_text` for every property with text (recorded). Its documentation uses
    `people` and `date` for the created and edited properties too.
    """
    if filter_key in _TEXTS:
        return property_type in _TEXTS
    if filter_key == "people":
        return property_type in _PEOPLE
    if filter_key == "date":
        return property_type in _DATES
    return filter_key == property_type
