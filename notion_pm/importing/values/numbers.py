"""Numbers as people write them, with one decimal sign for a whole column."""

from __future__ import annotations

import re
from collections.abc import Iterable

_AROUND = re.compile(
    r"^[A-Za-z]{2,4}(?=[\s\d-])|(?<=[\s\d])[A-Za-z]{2,4}\.?$|[\s'’\u00a0\u202f$€£¥₹%]"
)
"""The signs around a number or between its digits: currencies, blanks, percent signs."""
_IN_PARENTHESES = re.compile(r"\((.+)\)")
_GROUPED = {sign: re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+") for sign in ".,"}


def detect_decimal_sign(texts: Iterable[str]) -> str:
    """Return the decimal sign of a column, `.` or `,`, judged from all its numbers together.

    Examples of what a number shows:
      1.234,56  the last of two signs is the decimal sign: `,`
      1.234.567 a sign that is repeated groups digits: the other one is the decimal sign, `,`
      0,5       not a group of three digits: `,`
      12.500    could be either, and is read as the other numbers are
    """
    shown = {".": 0, ",": 0}
    groups_of_three = {".": 0, ",": 0}
    for text in texts:
        plain = strip_number(text)
        last = max(".,", key=plain.rfind)
        other = _other_sign(last)
        if last not in plain:
            continue
        if other in plain:
            shown[last] += 1
        elif plain.count(last) > 1:
            shown[other] += 1
        elif _GROUPED[last].fullmatch(plain):
            groups_of_three[last] += 1
        else:
            shown[last] += 1
    if shown["."] != shown[","]:
        return max(".,", key=lambda sign: shown[sign])
    # Several numbers such as 12.500, and nothing else: thousands, for three decimals are rare.
    return "," if groups_of_three["."] > 1 and not groups_of_three[","] else "."


def _other_sign(sign: str) -> str:
    return "," if sign == "." else "."


def strip_number(text: str) -> str:
    """Return a number without currency, blanks and percent sign. Accountants write (5) for -5."""
    plain = text.strip()
    negative = _IN_PARENTHESES.fullmatch(plain)
    if negative:
        return f"-{_AROUND.sub('', negative[1].strip())}"
    return _AROUND.sub("", plain)


def parse_number(text: str, sign: str) -> float:
    """Return the number of a text. `sign` is the decimal sign of its column.

    A single cell may be written in another way than its column, when that is clear: `1.234.567`
    in a column with decimal points, or `0,5`. Raises ValueError when it is not a number.
    """
    other = _other_sign(sign)
    plain = strip_number(text)
    if plain.count(sign) > 1 and _GROUPED[sign].fullmatch(plain):
        # The column's decimal sign groups digits here.
        plain = plain.replace(sign, "")
    elif other in plain and not _GROUPED[other].fullmatch(plain.partition(sign)[0]):
        # The other sign does not group digits, so it is the decimal sign here.
        if plain.count(other) > 1 or sign in plain:
            raise ValueError(text)
        return float(plain.replace(other, "."))
    number = float(plain.replace(other, "").replace(sign, "."))
    return number / 100 if text.rstrip().endswith("%") else number
