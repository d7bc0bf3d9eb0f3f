"""Texts on their way through spreadsheets, which take some of them for formulas."""

from __future__ import annotations

import re

_FORMULA = re.compile(
    r"[\t\r\n]|\s*[-=+@＝＋－＠]"
)  # full width too: Excel takes them in some languages


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: what could start one gets an apostrophe in front.

    The list is that of OWASP's "CSV Injection" page; blanks before the sign do not hide it.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Return text without the apostrophe that `guarded` put in front."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
