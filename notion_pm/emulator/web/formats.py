"""Format numbers and dates for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

_SYMBOLS = {
    "dollar": "$",
    "euro": "€",
    "pound": "£",
    "yen": "¥",
    "yuan": "CN¥",
    "won": "₩",
    "rupee": "₹",
    "real": "R$",
    "shekel": "₪",
    "baht": "฿",
    "australian_dollar": "A$",
    "canadian_dollar": "CA$",
    "hong_kong_dollar": "HK$",
    "mexican_peso": "MX$",
    "new_taiwan_dollar": "NT$",
    "new_zealand_dollar": "NZ$",
}


def number_text(number: float, style: str = "number") -> str:
    """Return a number in the format of its property.

    A currency without a symbol is written after the number, by name.
    """
    if not math.isfinite(number):
        return str(number)
    if style == "number":
        return _with_commas(number).replace(",", "")
    if style == "percent":
        return f"{number * 100:.6g}%"
    if style == "number_with_commas":
        return _with_commas(number)
    sign = "-" if number < 0 else ""
    size = _with_commas(abs(number), money=True)
    if style in _SYMBOLS:
        return f"{sign}{_SYMBOLS[style]}{size}"
    return f"{sign}{size} {style.replace('_', ' ')}"


def _with_commas(number: float, *, money: bool = False) -> str:
    if number == int(number):
        return f"{int(number):,}"
    return f"{number:,.2f}" if money else f"{number:,.10g}"


def date_text(value: Mapping[str, Any]) -> str:
    """Return a date or a range of dates: `3 Jul 2026 → 9 Jul 2026`."""
    moments = [moment for moment in (value["start"], value.get("end")) if moment]
    return " → ".join(map(moment_text, moments))


def moment_text(text: str) -> str:
    """Return an ISO date or time as `3 Jul 2026` or `3 Jul 2026, 14:05`, other texts unchanged."""
    try:
        if len(text) <= len("2026-07-03"):
            return _day(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{_day(moment)}, {moment:%H:%M}"


def month_text(text: str) -> str:
    """Return the month of an ISO date: `July 2026`."""
    return f"{date.fromisoformat(text[:10]):%B %Y}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
