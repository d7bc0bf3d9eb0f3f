"""Convert property values of the API to what filters and sorts compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from notion_pm.emulator.query import dates
from notion_pm.emulator.query.operators import Kind

Value = Mapping[str, Any]
Comparable = str | float | bool | int | frozenset[str] | None


def comparable(kind: Kind, value: Value) -> Comparable:
    """Return what a test of `kind` compares in `{"type": t, t: ...}`.

    None and an empty set mean that the value is empty.
    """
    content = value.get(value["type"])
    if value["type"] in ("formula", "rollup"):
        return _computed_value(kind, content or {})
    return _READERS[kind](content)


def _computed_value(kind: Kind, content: Value) -> Comparable:
    """Return the result of a formula or rollup, None for a test of another kind."""
    result = content.get("type")
    if result is None or _RESULT_KINDS.get(result) != kind:
        return None
    return _READERS[kind](content[result])


def fold(text: str) -> str:
    """Return text as Notion compares it: ignoring case.

    NUL is replaced by another character, because SQLite's JSON functions end the text there.
    """
    return text.casefold().replace("\0", "\N{SYMBOL FOR NULL}")


def plain_text(content: Any) -> str:
    """Return the plain text of a rich text array, or of a plain string."""
    if isinstance(content, list):
        return "".join(_plain_text(item) for item in content)
    return content or ""


def _plain_text(item: Mapping[str, Any]) -> str:
    if "plain_text" in item:
        return str(item["plain_text"])
    return str(item.get("text", {}).get("content", ""))


def _text(content: Any) -> Comparable:
    return fold(plain_text(content)) or None


def _number(content: Any) -> Comparable:
    # The prefix of a unique id does not count in comparisons.
    if isinstance(content, Mapping):  # unique_id
        content = content.get("number")
    return None if content is None else float(content)


def _date(content: Any) -> Comparable:
    if isinstance(content, Mapping):
        content = content.get("start")
    return dates.milliseconds(content) if content else None


def _option(content: Any) -> Comparable:
    return frozenset() if content is None else _names(content)


def _options(content: Any) -> Comparable:
    return frozenset[str]().union(*(_names(option) for option in content or ()))


def _names(option: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(option[key] for key in ("id", "name") if option.get(key))


def _references(content: Any) -> Comparable:
    items = [content] if isinstance(content, Mapping) else content or ()
    return frozenset(item["id"] for item in items)


def _files(content: Any) -> Comparable:
    # Only emptiness of files can be tested, so the elements do not matter.
    return frozenset(str(place) for place, _ in enumerate(content or ()))


def _verification(content: Any) -> Comparable:
    state = (content or {}).get("state") or "unverified"
    return "none" if state == "unverified" else str(state)


_READERS: dict[Kind, Callable[[Any], Comparable]] = {
    "text": _text,
    "number": _number,
    "checkbox": bool,
    "option": _option,
    "options": _options,
    "date": _date,
    "people": _references,
    "relation": _references,
    "files": _files,
    "verification": _verification,
}
_RESULT_KINDS: dict[str, Kind] = {
    "string": "text",
    "number": "number",
    "boolean": "checkbox",
    "date": "date",
}
