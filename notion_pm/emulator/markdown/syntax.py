"""The signs that the parser and the renderer of Notion-flavoured Markdown share."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

# "The following characters should be escaped outside of code blocks" (enhanced Markdown, section Escaping).
ESCAPED = "\\*~`$[]<>{}|^"
_ESCAPABLE = re.compile(r"[\\*~`$\[\]<>{}|^]")
ESCAPE_SEQUENCE = re.compile(r"\\([!-/:-@\[-`{-~])")

_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
ATTRIBUTES = r'(?:\s+[\w-]+="[^"]*")*'
_TRAILING_ATTRIBUTES = re.compile(r'(?<!\\)\{(\s*[\w-]+="[^"]*"(?:\s+[\w-]+="[^"]*")*\s*)\}$')

_HEX_ID = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})", re.IGNORECASE
)
PAGE_URL = "https://app.notion.com/p/"

_MARKUP_CHARACTERS = {'"': "&quot;", "<": "&lt;", ">": "&gt;"}
_ENTITY = re.compile(r"&(quot|lt|gt|amp);")
_ENTITY_TEXT = {"quot": '"', "lt": "<", "gt": ">", "amp": "&"}


def escape(text: str) -> str:
    """Puts a backslash before every character that would mean something."""
    return _ESCAPABLE.sub(r"\\\g<0>", text)


def unescape(text: str) -> str:
    """Takes away the backslashes that `escape`, or a person, has put before punctuation."""
    return ESCAPE_SEQUENCE.sub(r"\1", text)


def attributes(text: str) -> dict[str, str]:
    """Reads ``name="value"`` pairs."""
    return {
        name: _ENTITY.sub(lambda m: _ENTITY_TEXT[m[1]], value)
        for name, value in _ATTRIBUTE.findall(text)
    }


def tag_attributes(**values: str | None) -> str:
    """Writes the values that are set as attributes of a tag, with a leading space; ``_`` in a name stands for ``-``."""
    return "".join(
        f' {name.replace("_", "-")}="{_attribute_value(value)}"'
        for name, value in values.items()
        if value
    )


def _attribute_value(value: str) -> str:
    # An ampersand stays as it is in URLs; only one that reads like our own entities is written out.
    value = _ENTITY.sub(r"&amp;\1;", value)
    return "".join(_MARKUP_CHARACTERS.get(c, c) for c in value).replace("\n", " ")


def split_trailing_attributes(line: str) -> tuple[str, dict[str, str]]:
    """Splits ``Text {color="red"}`` into the text and its attributes."""
    found = _TRAILING_ATTRIBUTES.search(line)
    if not found:
        return line, {}
    return line[: found.start()].rstrip(), attributes(found[1])


def colour_name(api_colour: str | None) -> str | None:
    """Returns the Markdown name of an API colour: ``red_background`` is ``red_bg``, the default has none."""
    if api_colour in (None, "default"):
        return None
    return (
        api_colour.removesuffix("_background") + "_bg"
        if api_colour.endswith("_background")
        else api_colour
    )


_COLOURS = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_API_COLOURS = {name: name for name in _COLOURS} | {
    name + suffix: f"{name}_background" for name in _COLOURS for suffix in ("_bg", "_background")
}


def api_colour(name: str | None) -> str:
    """Returns the API colour that a Markdown colour stands for; an unknown name is the default colour."""
    return _API_COLOURS.get(name or "", "default")


def notion_url(notion_id: str) -> str:
    """Returns the address that Notion gives a page or database."""
    return PAGE_URL + notion_id.replace("-", "")


def id_of(url: str) -> str | None:
    """Returns the last Notion id in a URL (``user://``, ``collection://``, a page's address), with dashes."""
    found = _HEX_ID.findall(url.split("?")[0])
    return "-".join(found[-1]).lower() if found else None
