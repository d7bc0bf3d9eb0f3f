"""Ids as Notion makes them: UUIDs for objects, four characters for properties."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, unquote

from notion_pm.emulator.behaviour import behaviour

# The real service checks the variant bits of a UUID, but accepts the all-zero UUID (recorded).
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}")
_NIL = "0" * 32

# Notion makes property ids of printable ASCII. Characters that would have to be escaped in JSON
# paths (schema_migration.py) or URLs are left out, and so is ".", because clients refuse "..".
_PROPERTY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:;<=>@[]^_`{|}~"
_NAMED_IDS = ("title", "verification", "verification_owner")


def new_id() -> str:
    """Return a new object id."""
    return str(uuid.uuid4())


def canonical(text: object) -> str | None:
    """Return an id in Notion's form (lower case, dashes). Return None for anything but a UUID."""
    if not isinstance(text, str):
        return None
    lower = text.lower()
    if lower.replace("-", "") != _NIL and not _UUID.fullmatch(lower):
        return None
    return add_dashes(lower)


def add_dashes(text: str) -> str:
    """Return 32 hexadecimal digits with the dashes of a UUID."""
    digits = text.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def remove_dashes(notion_id: str) -> str:
    """Return an id as it appears in Notion's URLs."""
    return notion_id.replace("-", "")


def new_property_id(taken: Collection[str]) -> str:
    """Return a property id that is not yet in use in its data source."""
    while True:
        candidate = "".join(secrets.choice(_PROPERTY_ALPHABET) for _ in range(4))
        if candidate not in taken:
            return candidate


@lru_cache(maxsize=10_000)
def encode_property_id(property_id: str) -> str:
    """Return a property id as responses show it: encoded like JavaScript's encodeURIComponent."""
    return quote(property_id, safe="!~*'()")


def decode_property_id(property_id: str) -> str:
    """Return the stored form of a property id. It may be given encoded or already decoded."""
    return unquote(property_id)


def is_accepted(property_id: str, key: str, *, in_schema: bool = False) -> bool:
    """Return whether a request body may use a key for the property of this (decoded) id.

    See Behaviour.property_ids. `in_schema`: the key is in a change of the schema.
    """
    accepted_forms = behaviour().property_ids
    if accepted_forms == "names" and not in_schema:
        return key == property_id == "title"
    if accepted_forms == "any" and key == property_id:
        return True
    return key == encode_property_id(property_id)


def property_order(property_id: str) -> tuple[bool, str]:
    """Return the sort key for properties in responses: by decoded id, named ids last (recorded)."""
    return property_id in _NAMED_IDS, property_id
