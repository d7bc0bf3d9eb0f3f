"""How numbers and dates are written for people."""

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
    """Write a number in the format that its property asks for; a currency without a sign is named behind it."""
    if not math.isfinite(number):
        return str(number)
    if style == "number":
        return _with_commas(number).replace(",", "")
    if style == "percent":
        return f"{number * 100:.6g}%"
    if style == "number_with_commas":
        return _with_commas(number)
    sign, size = ("-" if number < 0 else ""), _with_commas(abs(number), money=True)
    symbol = _SYMBOLS.get(style)
    return f"{sign}{symbol}{size}" if symbol else f"{sign}{size} {style.replace('_', ' ')}"


def _with_commas(number: float, *, money: bool = False) -> str:
    if number == int(number):
        return f"{int(number):,}"
    return f"{number:,.2f}" if money else f"{number:,.10g}"


def date_text(value: Mapping[str, Any]) -> str:
    """Write a date or a range of dates: `3 Jul 2026 → 9 Jul 2026`."""
    return " → ".join(
        moment_text(moment) for moment in (value["start"], value.get("end")) if moment
    )


def moment_text(text: str) -> str:
    """Write an ISO date or time: `3 Jul 2026`, `3 Jul 2026, 14:05`; what is neither stays as it is."""
    try:
        if len(text) <= len("2026-07-03"):
            return _day(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{_day(moment)}, {moment:%H:%M}"


def month_text(text: str) -> str:
    """Write the month of an ISO date: `July 2026`."""
    return f"{date.fromisoformat(text[:10]):%B %Y}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
