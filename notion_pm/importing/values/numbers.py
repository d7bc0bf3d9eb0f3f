"""Numbers as people write them: one decimal sign for a whole column, found out from all that is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_AROUND = re.compile(
    r"^[A-Za-z]{2,4}(?=[\s\d-])|(?<=[\s\d])[A-Za-z]{2,4}\.?$|[\s'’\u00a0\u202f$€£¥₹%]"
)
"""What is around a number or groups its digits: currencies, blanks, per cent."""
_IN_PARENTHESES = re.compile(r"\((.+)\)")
_GROUPED = {sign: re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+") for sign in ".,"}


def detect_decimal_sign(texts: Iterable[str]) -> str:
    """Return the decimal sign of a column, `.` or `,`.

    `1.234,56` and `0,5` show it; `12.500` alone does not, and is read as the others are.
    """
    shown = {".": 0, ",": 0}
    grouped = {".": 0, ",": 0}
    for text in texts:
        plain = strip_number(text)
        last = max(".,", key=plain.rfind)
        other = "," if last == "." else "."
        if last not in plain:
            continue
        if other in plain:
            shown[last] += 1
        elif plain.count(last) > 1:
            shown[other] += 1
        elif _GROUPED[last].fullmatch(plain):
            grouped[last] += 1
        else:
            shown[last] += 1
    if shown["."] != shown[","]:
        return max(".,", key=lambda sign: shown[sign])
    # Several numbers that all have three digits behind a dot are thousands: nobody writes money with three decimals.
    return "," if grouped["."] > 1 and not grouped[","] else "."


def strip_number(text: str) -> str:
    """Return a number without what is around it."""
    plain = text.strip()
    negative = _IN_PARENTHESES.fullmatch(plain)
    return f"-{_AROUND.sub('', negative[1].strip())}" if negative else _AROUND.sub("", plain)


def parse_number(text: str, sign: str) -> float:
    """Return the number that a text says. Raises ValueError when it says none."""
    other = "," if sign == "." else "."
    plain = strip_number(text)
    if plain.count(sign) > 1 and _GROUPED[sign].fullmatch(plain):
        plain = plain.replace(sign, "")
    elif other in plain and (_GROUPED[other].fullmatch(plain.partition(sign)[0]) is None):
        if plain.count(other) > 1 or sign in plain:
            raise ValueError(text)
        plain = plain.replace(other, ".")
        return float(plain)
    number = float(plain.replace(other, "").replace(sign, "."))
    return number / 100 if text.rstrip().endswith("%") else number
