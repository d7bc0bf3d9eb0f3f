"""Keys from titles: ASCII, readable, and each used once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from anyascii import anyascii

_PICTURE = re.compile(r":[a-z0-9_+-]+:")
"""How an emoji is spelled in ASCII."""
_LONGEST = 40


def key_of(title: str, otherwise: str) -> str:
    """Return the key that a person would give: `Größe (m²)` becomes `grosse_m2`, and `🧩 Ideas` `ideas`.

    A title of nothing but pictures is spelled out; one of nothing at all takes the other word.
    """
    spelled = anyascii(title).lower()
    for text in (_PICTURE.sub(" ", spelled), spelled):
        words = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
        if words:
            return words[:_LONGEST].strip("_")
    return otherwise


class Keys:
    """Hands out each key once; a second one gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, title: str, otherwise: str) -> str:
        """Return a key for a title that no other thing has."""
        key = first = key_of(title, otherwise)
        number = 1
        while key in self._taken:
            number += 1
            key = f"{first}_{number}"
        self._taken.add(key)
        return key


class Titles:
    """Hands out titles that a template takes: none is empty, and none is there twice."""

    def __init__(self, *, folded: bool = False) -> None:
        self._taken: set[str] = set()
        self._folded = folded

    def new(self, title: str, otherwise: str) -> str:
        """Return a title, with a number where an earlier thing has it."""
        first = found = title if title.strip() else otherwise
        number = 1
        while self._seen(found) in self._taken:
            number += 1
            found = f"{first} ({number})"
        self._taken.add(self._seen(found))
        return found

    def _seen(self, title: str) -> str:
        return title.lower() if self._folded else title
