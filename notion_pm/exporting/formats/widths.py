"""How wide a column is, and how high a row: as a person would set them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

NARROW, WIDE, TITLE_WIDE = 10, 48, 64
_FILTER_BUTTON = 4  # and the indent
_MOST_LINES = 4
LINE_HEIGHT = 15.0
"""Points: Excel's default row at its default font."""


def display_width(text: str) -> int:
    """Return how many columns a text takes: wide characters of East Asia, and emoji, take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def column_width(header: str, texts: Sequence[str], *, widest: int = WIDE) -> int:
    """Return a width that shows nine of ten texts on one line, and all of the header, within reason."""
    lengths = sorted(max(map(display_width, text.splitlines() or [""])) for text in texts if text)
    typical = lengths[int(len(lengths) * 0.9)] if lengths else 0
    return min(max(typical + 3, display_width(header) + _FILTER_BUTTON, NARROW), widest)


def row_height(texts: Sequence[str], widths: Sequence[int]) -> float:
    """Return the height that shows wrapped texts, up to four lines: a table is for looking over."""
    lines = max((_lines(text, width) for text, width in zip(texts, widths, strict=True)), default=1)
    return LINE_HEIGHT * min(lines, _MOST_LINES)


def _lines(text: str, width: int) -> int:
    return sum(
        max(1, math.ceil(display_width(line) * 1.1 / width)) for line in text.splitlines() or [""]
    )
