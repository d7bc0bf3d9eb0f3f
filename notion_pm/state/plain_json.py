"""Values as rules see them, as JSON for the state file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from notion_pm.model.snapshot import NoResult, RelatedPages, RuleValue, UnknownOption

# One encoder for all calls: json.dumps() with options creates a new one each time.
_text_of = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: RuleValue | NoResult) -> str:
    """Return a value as JSON text."""
    return _text_of(_encode(value))


# Cached: pages hold the same few options, numbers and empty values again and again.
@lru_cache(maxsize=4096)
def from_json(text: str) -> Any:
    """Return the value that `to_json` wrote."""
    return _decode(json.loads(text))


def values_to_json(values: Mapping[str, RuleValue]) -> str:
    """Return the values of a page as JSON text."""
    return _text_of({key: _encode(value) for key, value in values.items()})


def values_from_json(text: str) -> dict[str, RuleValue]:
    """Return the values that `values_to_json` wrote."""
    return {key: _decode(value) for key, value in object_from_json(text).items()}


def _encode(value: RuleValue | NoResult) -> Any:
    match value:
        case NoResult():
            return {"opinion": value.value}
        case RelatedPages():
            return {"links": value.ids, "complete": value.complete}
        case UnknownOption():
            return {"option": value.id, "name": value.name}
        case tuple():
            return [_encode(item) for item in value]
        case _:
            return value


def _decode(data: Any) -> Any:
    match data:
        case {"opinion": opinion}:
            return NoResult(opinion)
        case {"links": ids, "complete": complete}:
            return RelatedPages(tuple(ids), complete)
        case {"option": option_id, "name": name}:
            return UnknownOption(option_id, name)
        case list():
            return tuple(_decode(item) for item in data)
        case dict():
            raise ValueError("not a value")
        case _:
            return data


def moment_from(text: str) -> datetime:
    """Return a moment that was written with its time zone. Raises ValueError without one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment


def texts_from_json(text: str) -> tuple[str, ...]:
    """Return texts that were written as a JSON list. Raises ValueError."""
    data = json.loads(text)
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise ValueError("not a list of texts")
    return tuple(data)


def object_from_json(text: str) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data
