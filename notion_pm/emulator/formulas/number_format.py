"""The formats of `formatNumber`: commas, percent, currencies, and short forms.

Notion uses the conventions of the United States for all of them, whatever the currency.
"""

from __future__ import annotations

import math

from notion_pm.emulator.formulas.error import FormulaError

MOST_PLACES = 12
_MOST_PLACES_UNASKED = 3

_CURRENCIES = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "cny": "CN¥",
    "krw": "₩",
    "inr": "₹",
    "brl": "R$",
    "cad": "CA$",
    "aud": "A$",
    "nzd": "NZ$",
    "hkd": "HK$",
    "twd": "NT$",
    "mxn": "MX$",
    "ils": "₪",
    "vnd": "₫",
    "php": "₱",
    **{
        code: f"{code.upper()} "
        for code in ("chf", "sek", "nok", "dkk", "pln", "czk", "huf", "try", "zar", "sgd")
    },
}
_WITHOUT_CENTS = ("jpy", "krw", "vnd")
_SHORT = ("", "K", "M", "B", "T")
_BYTES = {
    "bytes_decimal": (1000, ("B", "KB", "MB", "GB", "TB", "PB")),
    "bytes_binary": (1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")),
}


def format_number(number: float, style: str, places: int | None) -> str:
    """Format a number in a style. `places` is the number of decimals, None for the default.

    Raises FormulaError for an unknown style.
    """
    if places is not None and not 0 <= places <= MOST_PLACES:
        raise FormulaError(
            f"formatNumber() takes a precision from 0 to {MOST_PLACES}, not {places}."
        )
    if not math.isfinite(number):
        return str(number)
    # The sign goes before the currency: "-$5.00".
    sign, size = ("-" if number < 0 else ""), abs(number)
    return sign + _format_size(size, style.lower(), places)


def _format_size(size: float, style: str, places: int | None) -> str:
    if style == "commas":
        return _decimal(size, places)
    if style == "percent":
        return f"{_decimal(size * 100, places)}%"
    if style in ("humanize", "compact"):
        short, unit = _scale(size, 1000, _SHORT)
        return f"{_decimal(short, places, unasked=1)}{unit}"
    if style in _BYTES:
        short, unit = _scale(size, *_BYTES[style])
        return f"{_decimal(short, places, unasked=2)} {unit}"
    if style in _CURRENCIES:
        cents = 0 if style in _WITHOUT_CENTS else 2
        return f"{_CURRENCIES[style]}{_decimal(size, cents if places is None else places)}"
    known = ", ".join(("commas", "percent", "humanize", "compact", *_BYTES, *_CURRENCIES))
    raise FormulaError(f"Unknown number format {style!r}. Use one of: {known}.")


def _decimal(size: float, places: int | None, *, unasked: int = _MOST_PLACES_UNASKED) -> str:
    """Format a number with `places` decimals, or without trailing zeros if that is None."""
    wanted = unasked if places is None else places
    # Halves are rounded up, as in JavaScript. Python's round() would round to even.
    rounded = math.floor(size * 10**wanted + 0.5) / 10**wanted
    text = f"{rounded:,.{wanted}f}"
    if places is None and "." in text:
        return text.rstrip("0").rstrip(".")
    return text


def _scale(size: float, base: int, units: tuple[str, ...]) -> tuple[float, str]:
    # The last unit has no limit: 5,000 trillions are "5,000T".
    step = 0
    while size >= base and step < len(units) - 1:
        size, step = size / base, step + 1
    return size, units[step]
