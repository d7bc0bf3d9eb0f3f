"""Ids of properties in the form that this program stores and sends: exactly as Notion gives them.

Schemas and pages give ids percent-encoded (`hMa%7B`). Requests are known to work with that form,
but not with the decoded form (`hMa{`) (notion-measured.md 2). Decoded ids come from settings of
views, from rollups, and from records of earlier versions of notion-pm. These are read with
`as_received`.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

_UNESCAPED = "!~*'()"
"""Characters that Notion does not encode, besides letters, digits and `-_.`: the rule of
JavaScript's encodeURIComponent."""
_LENGTH = 4
"""The length of an id that Notion generates. Longer ids (`title`, ids of tasks) need no encoding.
"""


@lru_cache(maxsize=4096)
def as_received(property_id: str) -> str:
    """Return a property id as schemas give it, from either form."""
    return quote(unquote(property_id), safe=_UNESCAPED)


@lru_cache(maxsize=4096)
def for_query_string(property_id: str) -> str:
    """Return a property id decoded, for a query parameter: the HTTP client encodes it once."""
    return unquote(property_id)


def reference_as_received(reference: str) -> str:
    """Return the reference of a filter or sort to a property: an id as schemas give it, or a name.

    Views give ids decoded here too. A word with the length of an id is treated as an id.
    """
    # A name of four letters or digits ("Size") is taken for an id too, but comes out unchanged.
    is_id = len(reference) == _LENGTH and reference.isascii() and " " not in reference
    return as_received(reference) if is_id else reference
