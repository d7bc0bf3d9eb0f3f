"""Texts on their way through spreadsheets, which take some of them for formulas."""

from __future__ import annotations

_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # full width too: Excel takes them in some languages
_FORMULA_CONTROLS = ("\t", "\r", "\n")


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: what could start one gets an apostrophe in front.

    The list is that of OWASP's "CSV Injection" page; blanks before the sign do not hide it.
    """
    return f"'{text}" if _is_risky(text) else text


def unguarded(text: str) -> str:
    """Return text without the apostrophe that `guarded` put in front."""
    return text[1:] if text.startswith("'") and _is_risky(text[1:]) else text


def _is_risky(text: str) -> bool:
    return text.startswith(_FORMULA_CONTROLS) or text.lstrip().startswith(_FORMULA_SIGNS)
