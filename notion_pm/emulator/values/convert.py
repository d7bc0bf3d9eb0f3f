"""Convert a value when its property changes type (pure).

Measured on filled rows for all pairs of ten types (notion-seed, September 2026). Options come only
from the same request: a value survives if one of them has exactly its text. What happens to email,
phone_number and files was not measured; the first two are treated like url, and files are lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.schema import options
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.values.richtext import plain, plain_text

_OPTIONS = ("select", "status", "multi_select")
_TEXTS = ("url", "email", "phone_number")
_LEADING_NUMBER = re.compile(r"\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_INTEGERS_BELOW = 1e21  # JavaScript writes larger numbers with an exponent

Json = dict[str, Any]


def convert_value(value: Any, former_type: str, changed: Property, *, was_set: bool = True) -> Any:
    """Return the value in the type of the changed property, None if nothing of it is left.

    `was_set` is false for a status that was never set. It shows its default option, but a
    conversion treats it as empty (measured).
    """
    kind = changed.type
    # Any value becomes an unticked checkbox (measured).
    if kind == "checkbox":
        return False
    if value is None or not was_set:
        return None
    match former_type:
        case "rich_text":
            return _from_text(plain_text(value), changed, days_first=True)
        case "number":
            return _from_number(as_text(value, "number"), changed)
        case "url" | "email" | "phone_number":
            return _from_text(value, changed, days_first=False)
        case "select":
            return _from_option(value["name"], changed)
        case "status":
            if kind in ("number", "date"):
                return None
            return _from_option(value["name"], changed)
        # Several names become one text joined by commas, without a space (measured).
        case "multi_select":
            return _from_options([option["name"] for option in value], changed)
        case "date":
            return [plain(as_text(value, "date"))] if kind == "rich_text" else None
        case "checkbox":
            if kind in ("number", "date"):
                return None
            return _from_option(as_text(value, "checkbox"), changed)
        case _:
            return None


def _from_text(text: str, changed: Property, *, days_first: bool) -> Any:
    """Convert a text. `days_first` is true for rich text, false for URLs and the like."""
    kind = changed.type
    if not text:
        return None
    if kind == "rich_text":
        return [plain(text)]
    if kind in _TEXTS:
        return text
    if kind == "number":
        return _leading_number(text)
    if kind == "date":
        return _date(text, days_first=days_first)
    if kind not in _OPTIONS:
        return None
    if kind == "multi_select" and days_first:
        return _find_options([part.strip() for part in text.split(",")], changed)
    # Text is cut at its first comma before it is compared with the options. For URLs this was not
    # measured, so they are compared whole.
    name = text.split(",")[0] if days_first else text
    return _find_options([name], changed)


def _from_number(text: str, changed: Property) -> Any:
    kind = changed.type
    if kind == "rich_text":
        return [plain(text)]
    if kind in _TEXTS:
        return text
    return _find_options([text], changed) if kind in _OPTIONS else None


def _from_option(name: str, changed: Property) -> Any:
    kind = changed.type
    if kind == "rich_text":
        return [plain(name)]
    if kind in _TEXTS:
        return name
    if kind == "number":
        return _leading_number(name)
    if kind == "date":
        return _date(name, days_first=False)
    return _find_options([name], changed) if kind in _OPTIONS else None


def _from_options(names: list[str], changed: Property) -> Any:
    if not names:
        return None
    if changed.type in ("rich_text", *_TEXTS):
        joined = ",".join(names)
        return [plain(joined)] if changed.type == "rich_text" else joined
    if changed.type in ("number", "date") and len(names) > 1:
        return None
    return _from_option(names[0], changed)


def _find_options(names: list[str], changed: Property) -> Any:
    """Return the options of these names as a value, a single one for a select or status.

    Return None if none of them exists.
    """
    chosen = []
    for name in names:
        option = options.find(changed.config["options"], {"name": name})
        if option is not None:
            chosen.append(options.as_value(option))
    if not chosen:
        return None
    return chosen if changed.type == "multi_select" else chosen[0]


def as_text(value: Any, kind: str) -> str:
    """Return a value as Notion writes it when the property becomes a text."""
    if kind == "rich_text":
        return plain_text(value)
    if kind in ("select", "status"):
        return str(value["name"])
    if kind == "multi_select":
        return ",".join(option["name"] for option in value)
    if kind == "checkbox":
        return "Yes" if value else "No"
    if kind == "date":
        return " → ".join(filter(None, (value["start"], value["end"])))
    if kind == "number":
        return number_text(value)
    return value if isinstance(value, str) else ""


def number_text(number: float) -> str:
    """Return a number as JavaScript writes it: 1000000, 0.5, 123456789012345680."""
    value = float(number)
    if not value.is_integer() or abs(value) >= _INTEGERS_BELOW:
        if 1e-6 <= abs(value) < 1:
            # Python writes 0.00001 as 1e-05, JavaScript without an exponent.
            return f"{Decimal(repr(value)):f}"
        return repr(value).replace("e-0", "e-")
    # Python writes integers from 1e16 on with an exponent, JavaScript pads the digits with zeros.
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return str(int(value))
    sign = "-" if value < 0 else ""
    return sign + mantissa.lstrip("-").replace(".", "").ljust(int(exponent) + 1, "0")


def _leading_number(text: str) -> float | int | None:
    found = _LEADING_NUMBER.match(text)
    if found is None:
        return None
    number = float(found.group())
    return int(number) if number.is_integer() else number


def _date(text: str, *, days_first: bool) -> Json | None:
    found = _DAY_FIRST.fullmatch(text.strip()) if days_first else None
    try:
        if found:
            day, month, year = map(int, found.groups())
            start = date(year, month, day).isoformat()
        elif len(text) == len("2026-01-15"):
            start = date.fromisoformat(text).isoformat()
        else:
            start = datetime.fromisoformat(text).isoformat(timespec="milliseconds")
    except ValueError:
        return None
    return {"start": start, "end": None, "time_zone": None}


def surviving_status(value: Mapping[str, Any], config: options.Config) -> Any:
    """Return a status value after the options of its property changed.

    1. The option of the same name. A status remembers in `was` the name of an option that was
       removed, and gets it back when an option of that name returns (measured, notion-api.md 3.2).
    2. Another option. Which one was not documented; measured was one that is not the default
       (see Behaviour.removed_status).
    """
    former_name = value.get("was") or value["name"]
    same = options.find(config["options"], {"name": former_name})
    if same is not None:
        return options.as_value(same)

    replacement = options.default_status(config)
    if behaviour().removed_status == "last" and config["options"]:
        replacement = options.as_value(config["options"][-1])
    if replacement is None:
        return None
    return {**replacement, "was": former_name}
