"""Protect texts from spreadsheets, which run some of them as formulas."""

from __future__ import annotations

import re

# Full-width signs too: Excel in some languages accepts them.
_FORMULA = re.compile(r"[\t\r\n]|\s*[-=+@＝＋－＠]")


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet runs as a formula: an apostrophe precedes a dangerous sign.

    The list of signs is that of OWASP's page "CSV Injection". Blanks before a sign do not help.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Return text without the apostrophe of `escape_formula`."""
    # Only an apostrophe that `escape_formula` adds: the one of "'tis" belongs to the text.
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
