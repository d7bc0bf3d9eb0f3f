"""The property types and their configs, and how to find a property (notion-api.md 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.schema.options import Config, select_config, status_config
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import Property

NUMBER_FORMATS = [
    "number",
    "number_with_commas",
    "percent",
    "dollar",
    "australian_dollar",
    "canadian_dollar",
    "singapore_dollar",
    "hong_kong_dollar",
    "new_zealand_dollar",
    "new_taiwan_dollar",
    "euro",
    "pound",
    "yen",
    "yuan",
    "won",
    "ruble",
    "rupee",
    "rupiah",
    "real",
    "lira",
    "franc",
    "krona",
    "koruna",
    "norwegian_krone",
    "danish_krone",
    "mexican_peso",
    "chilean_peso",
    "colombian_peso",
    "argentine_peso",
    "uruguayan_peso",
    "philippine_peso",
    "peruvian_sol",
    "rand",
    "zloty",
    "baht",
    "forint",
    "shekel",
    "dirham",
    "riyal",
    "ringgit",
    "leu",
    "vietnamese_dong",
    "pakistani_rupee",
    "nigerian_naira",
    "bitcoin",
]

# Types that hold a plain text.
TEXTS = ("url", "email", "phone_number")
STAMPS = ("created_time", "created_by", "last_edited_time", "last_edited_by")
COMPUTED = ("formula", "rollup", "unique_id", *STAMPS, "button")  # cannot be written
# Between these types values may survive, see values/convert.py. `place` converts to nothing.
CONVERTIBLE = (
    "rich_text",
    "number",
    "select",
    "multi_select",
    "status",
    "date",
    "people",
    "files",
    "checkbox",
    *TEXTS,
)

_MOST_IN_PREFIX = 10


def _number_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    number_format = sent.get("format") or (existing or {}).get("format") or "number"
    return {"format": checks.one_of(number_format, NUMBER_FORMATS, f"{path}.format")}


def _unique_id_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    prefix = sent.get("prefix", (existing or {}).get("prefix"))
    if not prefix:
        return {"prefix": None}
    return {"prefix": checks.a_string(prefix, f"{path}.prefix", most=_MOST_IN_PREFIX)}


def _empty_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    return {}


# Types with a config that depends only on the request. For relation, rollup and formula, which also
# depend on other properties, see schema.py.
SELF_CONTAINED: dict[str, Callable[[Mapping[str, Any], Config | None, str], Config]] = {
    **dict.fromkeys(
        ("title", "rich_text", "date", "people", "files", "checkbox", *TEXTS), _empty_config
    ),
    **dict.fromkeys((*STAMPS, "place", "button", "verification"), _empty_config),
    "number": _number_config,
    "select": select_config,
    "multi_select": select_config,
    "status": status_config,
    "unique_id": _unique_id_config,
}
TYPES = (*SELF_CONTAINED, "relation", "rollup", "formula")

Schema = dict[str, Property]


def as_json(schema: Mapping[str, Property]) -> dict[str, dict[str, Any]]:
    """Return a schema as the store keeps it: by property id, without the id in each property."""
    bodies = {}
    for property_id, prop in schema.items():
        body = asdict(prop)
        del body["id"]
        bodies[property_id] = body
    return bodies


def find_property(
    schema: Mapping[str, Property], key: str, *, in_schema: bool = False
) -> Property | None:
    """Return the property of a key in a request's body: a name, or an id as responses show it."""
    by_name = _find_by_name(schema, key)
    if by_name is not None:
        return by_name
    by_id = schema.get(key) or schema.get(ids.decode_property_id(key))
    if by_id is None or not ids.is_accepted(by_id.id, key, in_schema=in_schema):
        return None
    return by_id


def property_of(schema: Mapping[str, Property], key: str) -> Property | None:
    """Return the property of a decoded id or a name, as in a URL or in stored data."""
    return schema.get(key) or _find_by_name(schema, key)


def _find_by_name(schema: Mapping[str, Property], name: str) -> Property | None:
    for prop in schema.values():
        if prop.name == name:
            return prop
    return None


def unique_name(schema: Mapping[str, Property], wanted: str) -> str:
    """Return a name that no property has yet: the wanted one, with a number if it is in use."""
    used = {prop.name for prop in schema.values()}
    name, number = wanted, 0
    while name in used:
        number += 1
        name = f"{wanted} {number}"
    return name
