"""Rich text for templates: spans with the names of their HTML tags.

Nothing here is HTML: the templates escape all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.web import formats
from notion_pm.emulator.web.addresses import Addresses

_TAGS = {"bold": "strong", "italic": "em", "strikethrough": "s", "underline": "u", "code": "code"}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with one style."""

    text: str
    tags: tuple[str, ...] = ()
    color: str = "default"
    href: str | None = None
    kind: str = "text"


def spans(items: Iterable[Mapping[str, Any]], addresses: Addresses) -> tuple[Span, ...]:
    """Return rich text as spans."""
    return tuple(_span(item, addresses) for item in items)


def _span(item: Mapping[str, Any], addresses: Addresses) -> Span:
    style = item.get("annotations") or {}
    tags = tuple(tag for name, tag in _TAGS.items() if style.get(name))
    kind, text = _kind(item)
    return Span(text, tags, style.get("color") or "default", addresses.link(item.get("href")), kind)


def _kind(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a span is, and the text it shows."""
    text = str(item.get("plain_text") or "")
    if item.get("type") != "mention":
        return str(item.get("type") or "text"), text
    mention = item["mention"]
    if mention["type"] == "date":
        return "date", formats.date_text(mention["date"])
    return str(mention["type"]), text
