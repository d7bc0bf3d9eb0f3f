"""What is left of a value when its property changes type (pure; lossy, as in Notion: notion-api.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import options
from .records import Property
from .richtext import plain, plain_text

_NAMED = ("select", "status")
_TEXTS = ("url", "email", "phone_number")


def converted(value: Any, former_type: str, changed: Property) -> Any:
    """Returns the value in the changed property's type, or None where nothing of it fits."""
    kind = changed.type
    if value is None or kind == former_type:
        return value
    text = as_text(value, former_type)
    if kind == "rich_text":
        return [plain(text)] if text else None
    if kind == "number":
        return _number(text)
    if kind == "checkbox":
        return text.casefold() in ("yes", "true", "1")
    if kind in _TEXTS:
        return text or None
    if kind in (*_NAMED, "multi_select"):
        return _chosen(text.split(", "), changed)
    return None


def as_text(value: Any, kind: str) -> str:
    """Returns a value as Notion would print it into a text."""
    if kind == "rich_text":
        return plain_text(value)
    if kind in _NAMED:
        return str(value["name"])
    if kind == "multi_select":
        return ", ".join(option["name"] for option in value)
    if kind == "checkbox":
        return "Yes" if value else "No"
    if kind == "date":
        return " → ".join(filter(None, (value["start"], value["end"])))
    return f"{value:g}" if kind == "number" else value if isinstance(value, str) else ""


def surviving_status(value: Mapping[str, Any], config: options.Config) -> Any:
    """Returns a status value after its options changed: itself, the option of its former name, or the default."""
    former_name = value.get("was") or value["name"]
    found = next((each for each in config["options"] if each["name"] == former_name), None)
    if found:
        return options.as_value(found)
    default = options.default_status(config)
    return {**default, "was": former_name} if default else None


def _number(text: str) -> float | int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _chosen(names: list[str], changed: Property) -> Any:
    found = [each for name in names if (each := options.find(changed.config["options"], {"name": name}))]
    chosen = [options.as_value(each) for each in found]
    return chosen if changed.type == "multi_select" else next(iter(chosen), None)
