"""The property types (notion-api.md 3.1): which there are, what their configs may say, and how a schema is read."""

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

TEXTS = ("url", "email", "phone_number")
STAMPS = ("created_time", "created_by", "last_edited_time", "last_edited_by")
COMPUTED = ("formula", "rollup", "unique_id", *STAMPS, "button")  # what no client can write
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


def _number(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    given = sent.get("format") or (existing or {}).get("format") or "number"
    return {"format": checks.one_of(given, NUMBER_FORMATS, f"{path}.format")}


def _unique_id(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    prefix = sent.get("prefix", (existing or {}).get("prefix"))
    return {
        "prefix": None
        if not prefix
        else checks.a_string(prefix, f"{path}.prefix", most=_MOST_IN_PREFIX)
    }


def _nothing(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    return {}


# Types whose config stands by itself; relation, rollup and formula look at other properties (schema.py).
SELF_CONTAINED: dict[str, Callable[[Mapping[str, Any], Config | None, str], Config]] = {
    **dict.fromkeys(
        ("title", "rich_text", "date", "people", "files", "checkbox", *TEXTS), _nothing
    ),
    **dict.fromkeys((*STAMPS, "place", "button", "verification"), _nothing),
    "number": _number,
    "select": select_config,
    "multi_select": select_config,
    "status": status_config,
    "unique_id": _unique_id,
}
TYPES = (*SELF_CONTAINED, "relation", "rollup", "formula")

Schema = dict[str, Property]


def as_json(schema: Mapping[str, Property]) -> dict[str, dict[str, Any]]:
    """Return a schema as the store keeps it."""
    bodies = {property_id: asdict(each) for property_id, each in schema.items()}
    return {
        property_id: {k: v for k, v in body.items() if k != "id"}
        for property_id, body in bodies.items()
    }


def find_property(
    schema: Mapping[str, Property], key: str, *, in_schema: bool = False
) -> Property | None:
    """Return the property that a key in a request's body means: its name, or its id as responses show it."""
    by_name = next((each for each in schema.values() if each.name == key), None)
    if by_name is not None:
        return by_name
    by_id = schema.get(key) or schema.get(ids.decoded(key))
    return by_id if by_id and ids.is_accepted(by_id.id, key, in_schema=in_schema) else None


def property_of(schema: Mapping[str, Property], key: str) -> Property | None:
    """Return the property of a name or of a decoded id: what the workspace keeps, and what arrives in a URL."""
    return schema.get(key) or next((each for each in schema.values() if each.name == key), None)


def unique_name(schema: Mapping[str, Property], wanted: str) -> str:
    """Return a name that no property has yet, numbered where the wanted one is taken."""
    taken = {each.name for each in schema.values()}
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted} {number}"
    return name
