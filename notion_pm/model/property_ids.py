"""Ids of properties, in the one form that this program keeps and sends: exactly as Notion gives them.

Schemas and pages give ids percent-encoded (`hMa%7B`), and that form is proved for requests. The decoded form (`hMa{`)
is not. It comes from three places only, which are read with `as_received`: settings of views, rollups, and what earlier
versions of notion-pm recorded.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

_UNESCAPED = "!~*'()"
"""What Notion leaves as it is besides letters, digits and `-_.`: the rule of JavaScript's encodeURIComponent."""
_LENGTH = 4
"""Characters of an id that Notion made. Longer ones (`title`, ids of tasks) have nothing to encode."""


@lru_cache(maxsize=4096)
def as_received(property_id: str) -> str:
    """Return a property id as schemas give it; one that has that form already stays as it is."""
    return quote(unquote(property_id), safe=_UNESCAPED)


@lru_cache(maxsize=4096)
def for_query_string(property_id: str) -> str:
    """Return a property id to hand to an HTTP client as a query parameter: the client encodes it, and only once."""
    return unquote(property_id)


def reference_as_received(reference: str) -> str:
    """Return how a filter or a sort names a property, which may be a name: names stay as they are.

    Views give ids decoded there too. What has the length of an id is taken for one.
    """
    is_id = len(reference) == _LENGTH and reference.isascii() and " " not in reference
    return as_received(reference) if is_id else reference
