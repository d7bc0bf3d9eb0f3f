"""Checks of what a request says, worded as Notion words its refusals (notion-api.md section 5)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from notion_pm.emulator.http.errors import body_error, shown, validation_error
from notion_pm.emulator.store import ids

Body = Mapping[str, Any]

MOST_IN_ARRAY = 100
MOST_PER_PAGE = 100
MOST_IN_URL = 2000


def path_id(name: str, value: str) -> str:
    """Return the canonical id from a path; raises 400 where it is no UUID (recorded)."""
    canonical = ids.canonical(value)
    if canonical is None:
        raise body_error(f"path.{name}", "a valid uuid", value)
    return canonical


def body_id(body: Body, key: str, path: str = "body") -> str:
    """Return the canonical id under a key that must be there."""
    value = required(body, key, path)
    canonical = ids.canonical(value)
    if canonical is None:
        raise body_error(f"{path}.{key}", "a valid uuid", value)
    return canonical


def known_keys(body: Body, allowed: Collection[str], path: str = "body") -> None:
    """Refuse keys that the endpoint does not take."""
    for key in body:
        if key not in allowed:
            raise body_error(f"{path}.{key}", "not present", body[key])


def required(body: Body, key: str, path: str = "body") -> Any:
    """Return what stands under a key that must be there."""
    if key not in body:
        raise body_error(f"{path}.{key}", "defined")
    return body[key]


def an_object(value: Any, path: str) -> dict[str, Any]:
    """Return a JSON object; raises 400 for anything else."""
    if not isinstance(value, dict):
        raise body_error(path, "an object", value)
    return value


def optional_object(body: Body, key: str, path: str = "body") -> dict[str, Any]:
    """Return the JSON object under a key; an empty one where there is none."""
    return {} if body.get(key) is None else an_object(body[key], f"{path}.{key}")


def tag(sent: Body, kinds: Sequence[str], path: str) -> str:
    """Return what an object says it is: by its `type`, or by the key of its content; raises 400 for neither."""
    kind = sent.get("type")
    if kind is not None:
        return one_of(kind, kinds, f"{path}.type")
    found = next((each for each in kinds if each in sent), None)
    if found is None:
        raise body_error(f"{path}.{kinds[0]}", "defined")
    return found


def an_array(value: Any, path: str, *, most: int = MOST_IN_ARRAY) -> list[Any]:
    """Return a JSON array of at most `most` elements (4.2)."""
    if not isinstance(value, list):
        raise body_error(path, "an array", value)
    at_most(len(value), most, f"{path}.length")
    return value


def at_most(size: int, most: int, path: str) -> None:
    """Refuse what is longer than Notion takes (4.2)."""
    if size > most:
        raise body_error(path, f"≤ `{most}`", size)


def a_string(value: Any, path: str, *, most: int | None = None) -> str:
    """Return a string of at most `most` UTF-16 units."""
    if not isinstance(value, str):
        raise body_error(path, "a string", value)
    if most is not None:
        at_most(utf16_length(value), most, f"{path}.length")
    return value


def a_boolean(value: Any, path: str) -> bool:
    """Return a boolean; raises 400 for anything else."""
    if not isinstance(value, bool):
        raise body_error(path, "a boolean", value)
    return value


def a_number(value: Any, path: str) -> int | float:
    """Return a number; a boolean is none, nor is what overflows (1e400)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise body_error(path, "a number", value)
    return value


def an_integer(value: Any, path: str) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise body_error(path, "an integer", value)
    return value


def one_of(value: Any, choices: Collection[str], path: str) -> str:
    """Return a word out of a closed vocabulary."""
    if not isinstance(value, str) or value not in choices:
        listed = [f'`"{choice}"`' for choice in choices]
        expectation = " or ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
        raise body_error(path, expectation, value)
    return value


def flag(body: Body, key: str, *, default: bool) -> bool:
    """Return an optional boolean of the body."""
    return default if body.get(key) is None else a_boolean(body[key], f"body.{key}")


def trash_flag(body: Body, *, default: bool) -> bool:
    """Return whether the body puts something into the trash: `in_trash`, or its older name `archived`."""
    return flag(body, "in_trash", default=flag(body, "archived", default=default))


def page_size(value: Any, path: str = "body.page_size") -> int:
    """Return how many results to give: 1 to 100, and 100 when nothing (or 0) is asked for."""
    if value is None:
        return MOST_PER_PAGE
    size = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(size, bool) or not isinstance(size, int):
        raise body_error(path, "a number", value)
    if size < 0:
        raise body_error(path, "≥ `1`", size)
    at_most(size, MOST_PER_PAGE, path)
    return size or MOST_PER_PAGE


def a_url(value: Any, path: str) -> str:
    """Return a URL within Notion's limit of length."""
    return a_string(value, path, most=MOST_IN_URL)


def a_link(value: Any, path: str) -> str:
    """Return what a text may link to: a URL, or a place in the workspace (`/...`, `#...`)."""
    url = a_url(value, path)
    if not is_link(url):
        raise validation_error("Invalid URL for link.")
    return url


def is_link(url: str) -> bool:
    """Return whether a text may link there."""
    return url.startswith(("/", "#")) or urlsplit_or_none(url) is not None


def an_address(value: Any, path: str) -> str:
    """Return the URL of a file or picture elsewhere."""
    url = a_url(value, path)
    parts = urlsplit_or_none(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise validation_error(
            f"body failed validation: {path} should be a valid URL, instead was {shown(value)}."
        )
    return url


def urlsplit_or_none(url: str) -> SplitResult | None:
    """Return the parts of an absolute URL, None for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    names_a_host = parts.scheme not in ("http", "https") or parts.netloc
    return parts if parts.scheme and names_a_host else None


def utf16_length(text: str) -> int:
    """Count as JavaScript does, where an astral character is two units."""
    return len(text) + sum(character > "\uffff" for character in text)
