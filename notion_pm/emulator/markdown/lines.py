"""Recognise the kinds of lines of Notion-flavoured Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from notion_pm.notion_markdown.syntax import CLOSING_TAG, TAG

_TAB = 4

FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)$")
DIVIDER = re.compile(r"(?:-{3,}|\*{3,}|_{3,})$")
HEADING = re.compile(r"(#{1,6})(?:\s+(.*))?$")
TO_DO = re.compile(r"[-*+]\s+\[([ xX]?)\](?:\s+(.*))?$")
BULLET = re.compile(r"[-*+](?:\s+(.*))?$")
NUMBERED = re.compile(r"\d{1,9}[.)](?:\s+(.*))?$")
QUOTE = re.compile(r">\s?(.*)$")
IMAGE = re.compile(r"!\[")
EQUATION = re.compile(r"\$\$(.*)$")
PIPE_ROW = re.compile(r"\|.*\|$")
DIV = re.compile(r":{3,}\s*(?:callout)?\s*(\{.*\})?$")
# TO_DO is missing because every to-do is a BULLET as well.
_BLOCK_LINES = (
    FENCE,
    DIVIDER,
    HEADING,
    BULLET,
    NUMBERED,
    QUOTE,
    IMAGE,
    EQUATION,
    PIPE_ROW,
    DIV,
    TAG,
    CLOSING_TAG,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its indentation in columns, the text after it, and the line as it is."""

    indent: int
    text: str
    raw: str

    @classmethod
    def of(cls, raw: str) -> Line:
        text = raw.lstrip(" \t")
        return cls(_columns(raw[: len(raw) - len(text)]), text.rstrip(), raw)

    @property
    def is_blank(self) -> bool:
        return not self.text

    @property
    def margin(self) -> str:
        return self.raw[: len(self.raw) - len(self.raw.lstrip(" \t"))]


def _columns(margin: str) -> int:
    columns = 0
    for character in margin:
        columns += _TAB - columns % _TAB if character == "\t" else 1
    return columns


def starts_block(text: str) -> bool:
    """Whether a line reads as something other than a paragraph."""
    return any(kind.match(text) for kind in _BLOCK_LINES)


def escape_block_start(text: str) -> str:
    """Return `text` so that it is a paragraph: with a backslash if it would start another block."""
    text = text.strip()
    if not starts_block(text):
        return text
    # "1\. Text": a backslash escapes only punctuation, so before the digit it would stay visible.
    if NUMBERED.match(text):
        return re.sub(r"^(\d+)", r"\1\\", text)
    return "\\" + text
