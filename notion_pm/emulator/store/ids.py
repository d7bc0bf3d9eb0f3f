"""Ids as Notion makes them: UUIDs for objects, four characters for properties."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, unquote

from notion_pm.emulator.behaviour import behaviour

# The variant bits are checked by the real service, and the all-zero UUID passes (recorded).
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}")
_NIL = "0" * 32

# Notion draws property ids from printable ASCII. Left out: what JSON paths, URLs or a client's ".." check trip over.
_PROPERTY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:;<=>@[]^_`{|}~"
_NAMED = ("title", "verification", "verification_owner")


def new_id() -> str:
    """Return a fresh object id."""
    return str(uuid.uuid4())


def canonical(text: object) -> str | None:
    """Return an id in Notion's form (lower case, dashes), or None where the text is no valid UUID."""
    if not isinstance(text, str):
        return None
    lower = text.lower()
    if lower.replace("-", "") != _NIL and not _UUID.fullmatch(lower):
        return None
    return dashed(lower)


def dashed(text: str) -> str:
    """Put the dashes into 32 hexadecimal digits."""
    digits = text.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def undashed(notion_id: str) -> str:
    """Return an id as it appears in Notion's URLs."""
    return notion_id.replace("-", "")


def new_property_id(taken: Collection[str]) -> str:
    """Return a property id that is not yet in use in its data source."""
    while True:
        candidate = "".join(secrets.choice(_PROPERTY_ALPHABET) for _ in range(4))
        if candidate not in taken:
            return candidate


@lru_cache(maxsize=10_000)
def encoded(property_id: str) -> str:
    """Write a property id as responses show it (percent-encoded)."""
    return quote(property_id, safe="!~*'()")  # the rule of JavaScript's encodeURIComponent


def decoded(property_id: str) -> str:
    """Read a property id as responses show it, or as the store keeps it."""
    return unquote(property_id)


def is_accepted(property_id: str, key: str, *, in_schema: bool = False) -> bool:
    """Return whether a key in the body of a request may stand for a property of this (decoded) id."""
    forms = behaviour().property_ids
    if forms == "names" and not in_schema:
        return key == property_id == "title"
    return key == encoded(property_id) or (forms == "any" and key == property_id)


def property_order(property_id: str) -> tuple[bool, str]:
    """Sort properties as responses do: by decoded id, the named ids last (recorded)."""
    return property_id in _NAMED, property_id
