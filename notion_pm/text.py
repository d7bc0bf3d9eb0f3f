"""Wording that all parts of the program share: counts, titles, suggestions, text on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

UNTITLED = "Untitled"
"""The name that Notion shows for a page or database without a title."""

_MOST_SUGGESTIONS = 12
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>#&|~$])")


def quantity(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 page`, `2,000 pages`, `3 entries`.

    `plural` is needed where it is not the noun with an "s".
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + 's'}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question with the known word that is most like `word`; empty when none is."""
    nearest = get_close_matches(word, tuple(known), n=1)
    return f"Did you mean `{nearest[0]}`?" if nearest else ""


def suggest(word: str, known: Iterable[str]) -> str:
    """Return advice for an unknown word: the known word most like it, else the list of them."""
    known = tuple(known)
    question = did_you_mean(word, known)
    if question or not known:
        return question
    shown = ", ".join(known[:_MOST_SUGGESTIONS])
    hidden = len(known) - _MOST_SUGGESTIONS
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"Possible: {shown}{more}."


def one_line(text: str) -> str:
    """Return text from a workspace on one line, without control characters.

    A terminal would obey control characters, for example those that move the cursor.
    """
    shown = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    return " ".join(shown.split())


def markdown_text(text: str) -> str:
    """Return text on one line in which Markdown and HTML find no formatting."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", one_line(text))
