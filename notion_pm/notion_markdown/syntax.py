"""Escapes, attributes, tags, colours and addresses in Notion-flavoured Markdown."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

# "The following characters should be escaped outside of code blocks" (enhanced Markdown, section
# Escaping).
ESCAPED = "\\*~`$[]<>{}|^"
_ESCAPABLE = re.compile(r"[\\*~`$\[\]<>{}|^]")
ESCAPE_SEQUENCE = re.compile(r"\\([!-/:-@\[-`{-~])")

_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
ATTRIBUTES = r'(?:\s+[\w-]+="[^"]*")*'
_TRAILING_ATTRIBUTES = re.compile(r'(?<!\\)\{(\s*[\w-]+="[^"]*"(?:\s+[\w-]+="[^"]*")*\s*)\}$')

_BLOCK_TAGS = (
    "audio|callout|column|columns|database|details|empty-block|file|image|page|pdf|summary"
    "|synced_block|synced_block_reference|table|table_of_contents|unknown|video"
)
TAG = re.compile(rf"<({_BLOCK_TAGS})({ATTRIBUTES})\s*(/?)>(.*)$", re.DOTALL)
"""A line that begins with a tag: its name, attributes, "/" if it is empty, and the rest."""
CLOSING_TAG = re.compile(rf"</({_BLOCK_TAGS})>$")

_HEX_ID = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})", re.IGNORECASE
)
PAGE_URL = "https://app.notion.com/p/"

_MARKUP_CHARACTERS = {'"': "&quot;", "<": "&lt;", ">": "&gt;"}
_ENTITY = re.compile(r"&(quot|lt|gt|amp);")
_ENTITY_TEXT = {"quot": '"', "lt": "<", "gt": ">", "amp": "&"}

_COLOURS = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")


def escape(text: str) -> str:
    """Return the text with a backslash before each character that has a meaning."""
    return _ESCAPABLE.sub(r"\\\g<0>", text)


def unescape(text: str) -> str:
    """Return the text without the backslashes before punctuation."""
    return ESCAPE_SEQUENCE.sub(r"\1", text)


def attributes(text: str) -> dict[str, str]:
    """Return the ``name="value"`` pairs in a text."""
    pairs = {}
    for name, value in _ATTRIBUTE.findall(text):
        pairs[name] = _ENTITY.sub(lambda entity: _ENTITY_TEXT[entity[1]], value)
    return pairs


def tag_attributes(**values: str | None) -> str:
    """Return the values as attributes of a tag, each after a space; empty ones are left out.

    ``_`` in a name becomes ``-``.
    """
    written = ""
    for name, value in values.items():
        if value:
            written += f' {name.replace("_", "-")}="{_attribute_value(value)}"'
    return written


def _attribute_value(value: str) -> str:
    # An ampersand stays as it is in URLs; only one that reads like an entity is escaped.
    value = _ENTITY.sub(r"&amp;\1;", value)
    escaped = (_MARKUP_CHARACTERS.get(character, character) for character in value)
    return "".join(escaped).replace("\n", " ")


def split_trailing_attributes(line: str) -> tuple[str, dict[str, str]]:
    """Return the text and the attributes of a line such as ``Text {color="red"}``."""
    found = _TRAILING_ATTRIBUTES.search(line)
    if not found:
        return line, {}
    return line[: found.start()].rstrip(), attributes(found[1])


def colour_name(api_colour: str | None) -> str | None:
    """Return the Markdown name of an API colour: ``red_background`` is ``red_bg``.

    None for the default colour.
    """
    if api_colour in (None, "default"):
        return None
    if api_colour.endswith("_background"):
        return api_colour.removesuffix("_background") + "_bg"
    return api_colour


def _api_colours() -> dict[str, str]:
    names = {}
    for colour in _COLOURS:
        names[colour] = colour
        names[f"{colour}_bg"] = f"{colour}_background"
        names[f"{colour}_background"] = f"{colour}_background"
    return names


_API_COLOURS = _api_colours()


def api_colour(name: str | None) -> str:
    """Return the API colour of a Markdown colour, the default colour for an unknown name."""
    return _API_COLOURS.get(name or "", "default")


def notion_url(notion_id: str) -> str:
    """Return the address that Notion gives a page or database."""
    return PAGE_URL + notion_id.replace("-", "")


def id_of(url: str) -> str | None:
    """Return the last Notion id in a URL, with dashes.

    The URL may be ``user://...``, ``collection://...`` or a page's address.
    """
    found = _HEX_ID.findall(url.split("?")[0])
    return "-".join(found[-1]).lower() if found else None
