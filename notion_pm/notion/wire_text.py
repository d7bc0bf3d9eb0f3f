"""Rich text: text <-> the API's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

CHUNK = 2000
"""Characters of text.content (notion-api.md 4.2); counted in UTF-16 units, the stricter of the two readings."""


def plain(rich_text: Sequence[Any]) -> str:
    """Return the text without its styling."""
    return mended("".join(item.get("plain_text", "") for item in rich_text))


def mended(text: str) -> str:
    """Return a text that can be written to a file.

    Notion cuts by UTF-16 length, and so may give halves of emoji: two that meet are one again, others become �.
    """
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def rich_text(text: str) -> list[dict[str, Any]]:
    """Return the rich text for a text, cut into items of the length that the API takes."""
    return [{"type": "text", "text": {"content": chunk}} for chunk in _chunks(text)]


def _chunks(text: str) -> Iterator[str]:
    """Cut by UTF-16 length, never inside a character."""
    start = length = 0
    for place, character in enumerate(text):
        units = 2 if ord(character) > 0xFFFF else 1
        if length + units > CHUNK:
            yield text[start:place]
            start, length = place, 0
        length += units
    if start < len(text):
        yield text[start:]
