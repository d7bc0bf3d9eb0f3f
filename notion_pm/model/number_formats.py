"""Notion's number formats (notion-api.md 3.4) in Excel's words."""

from __future__ import annotations

_SYMBOLS = {
    "dollar": "$", "australian_dollar": "A$", "canadian_dollar": "CA$", "singapore_dollar": "S$",
    "hong_kong_dollar": "HK$", "new_zealand_dollar": "NZ$", "new_taiwan_dollar": "NT$", "euro": "€", "pound": "£",
    "yen": "¥", "yuan": "CN¥", "won": "₩", "ruble": "₽", "rupee": "₹", "rupiah": "Rp", "real": "R$", "lira": "₺",
    "franc": "CHF ", "krona": "SEK ", "koruna": "Kč ", "norwegian_krone": "NOK ", "danish_krone": "DKK ",
    "mexican_peso": "MX$", "chilean_peso": "CLP ", "colombian_peso": "COP ", "argentine_peso": "ARS ",
    "uruguayan_peso": "UYU ", "philippine_peso": "₱", "peruvian_sol": "PEN ", "rand": "R ", "zloty": "zł ",
    "baht": "฿", "forint": "Ft ", "shekel": "₪", "dirham": "AED ", "riyal": "SAR ", "ringgit": "RM ", "leu": "RON ",
    "vietnamese_dong": "₫", "pakistani_rupee": "PKR ", "nigerian_naira": "₦", "bitcoin": "₿",
}  # fmt: skip

NUMBER_FORMATS = frozenset({"number", "number_with_commas", "percent", *_SYMBOLS})
"""The formats of number properties (notion-api.md 3.4)."""


_READABLE_DECIMALS = 4


def excel_format(notion: str, value: float) -> str:
    """Return Excel's format for a number: no decimals on a whole number, few on others; the cell holds them all."""
    whole = float(value).is_integer()
    if notion == "percent":
        return "0%" if float(round(value * 100, 6)).is_integer() else "0.0#%"
    if notion == "number_with_commas":
        return "#,##0" if whole else "#,##0.00##"
    if notion in _SYMBOLS:
        return f'"{_SYMBOLS[notion]}"#,##0' if whole else f'"{_SYMBOLS[notion]}"#,##0.00'
    return "General" if value == round(value, _READABLE_DECIMALS) else "0.00"


def format_number(notion: str, value: float) -> str:
    """Return a number as Notion shows it: with its currency or percent sign, few decimals, and commas where set."""
    if notion == "percent":
        return f"{value * 100:.2f}".rstrip("0").rstrip(".") + "%"
    if notion in _SYMBOLS:
        return (
            f"{_SYMBOLS[notion]}{value:,.0f}"
            if float(value).is_integer()
            else f"{_SYMBOLS[notion]}{value:,.2f}"
        )
    rounded = (
        f"{value:,.{_READABLE_DECIMALS}f}"
        if notion == "number_with_commas"
        else f"{value:.{_READABLE_DECIMALS}f}"
    )
    return rounded.rstrip("0").rstrip(".")
