"""Show numbers in Notion's number formats (notion-api.md 3.4), for people and for Excel."""

from __future__ import annotations

_SYMBOLS = {
    "dollar": "$", "australian_dollar": "A$", "canadian_dollar": "CA$",
    "singapore_dollar": "S$", "hong_kong_dollar": "HK$", "new_zealand_dollar": "NZ$",
    "new_taiwan_dollar": "NT$", "euro": "€", "pound": "£", "yen": "¥", "yuan": "CN¥",
    "won": "₩", "ruble": "₽", "rupee": "₹", "rupiah": "Rp", "real": "R$", "lira": "₺",
    "franc": "CHF ", "krona": "SEK ", "koruna": "Kč ", "norwegian_krone": "NOK ",
    "danish_krone": "DKK ", "mexican_peso": "MX$", "chilean_peso": "CLP ",
    "colombian_peso": "COP ", "argentine_peso": "ARS ", "uruguayan_peso": "UYU ",
    "philippine_peso": "₱", "peruvian_sol": "PEN ", "rand": "R ", "zloty": "zł ", "baht": "฿",
    "forint": "Ft ", "shekel": "₪", "dirham": "AED ", "riyal": "SAR ", "ringgit": "RM ",
    "leu": "RON ", "vietnamese_dong": "₫", "pakistani_rupee": "PKR ", "nigerian_naira": "₦",
    "bitcoin": "₿",
}  # fmt: skip

NUMBER_FORMATS = frozenset({"number", "number_with_commas", "percent", *_SYMBOLS})
"""The formats of number properties (notion-api.md 3.4)."""


_READABLE_DECIMALS = 4


def excel_format(notion_format: str, value: float) -> str:
    """Return Excel's format for a number.

    Whole numbers get no decimals, others a few. The cell keeps all of them.
    """
    is_whole = float(value).is_integer()
    if notion_format == "percent":
        # Rounded, because 0.29 * 100 is 28.999999999999996.
        is_whole_percent = float(round(value * 100, 6)).is_integer()
        return "0%" if is_whole_percent else "0.0#%"
    if notion_format == "number_with_commas":
        return "#,##0" if is_whole else "#,##0.00##"
    if notion_format in _SYMBOLS:
        digits = "#,##0" if is_whole else "#,##0.00"
        # In quotes: letters such as the E and D of SEK and AED are codes in Excel's formats.
        return f'"{_SYMBOLS[notion_format]}"{digits}'
    has_few_decimals = value == round(value, _READABLE_DECIMALS)
    return "General" if has_few_decimals else "0.00"


def format_number(notion_format: str, value: float) -> str:
    """Return a number as Notion shows it: with currency or percent sign, commas and few
    decimals.
    """
    if notion_format == "percent":
        return f"{_without_zeros(f'{value * 100:.2f}')}%"
    if notion_format in _SYMBOLS:
        decimals = 0 if float(value).is_integer() else 2
        return f"{_SYMBOLS[notion_format]}{value:,.{decimals}f}"
    if notion_format == "number_with_commas":
        return _without_zeros(f"{value:,.{_READABLE_DECIMALS}f}")
    return _without_zeros(f"{value:.{_READABLE_DECIMALS}f}")


def _without_zeros(number: str) -> str:
    """Return a number with decimals without the zeros at its end."""
    return number.rstrip("0").rstrip(".")
