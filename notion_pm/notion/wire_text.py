"""Rich text: text <-> the API's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

CHUNK = 2000
"""Characters of text.content (notion-api.md 4.2).

Counted in UTF-16 units, where an emoji is two: the documentation does not say which count applies,
and this is the stricter one.
"""


def plain(rich_text: Sequence[Any]) -> str:
    """Return the text without its styling."""
    return repair_surrogates("".join(item.get("plain_text", "") for item in rich_text))


def repair_surrogates(text: str) -> str:
    """Return a text that can be written to a file.

    Notion cuts by UTF-16 length, so its texts may contain halves of emoji. Two halves that meet
    become one emoji again, others become �.
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def rich_text(text: str) -> list[dict[str, Any]]:
    """Return the rich text for a text, cut into items that the API accepts."""
    return [{"type": "text", "text": {"content": chunk}} for chunk in _chunks(text)]


def _chunks(text: str) -> Iterator[str]:
    """Yield the pieces of a text, cut by UTF-16 length and never inside a character."""
    start = length = 0
    for position, character in enumerate(text):
        units = 2 if ord(character) > 0xFFFF else 1
        if length + units > CHUNK:
            yield text[start:position]
            start, length = position, 0
        length += units
    if start < len(text):
        yield text[start:]
