"""Small words of the command line."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_\[\]<>#&|~$])")


def count(number: int, what: str) -> str:
    """Return a number with its noun: `1 page`, `2,000 pages`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """Return text from a workspace on one line, without what a terminal would obey."""
    return " ".join("".join(each for each in text if each.isprintable() or each.isspace()).split())


def markdown_text(text: str) -> str:
    """Return text on one line that Markdown, and the HTML in it, take for nothing but text."""
    return _SIGNS.sub(r"\\\1", one_line(text))
