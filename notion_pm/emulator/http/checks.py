"""Checks of values in requests. Errors have Notion's wording (notion-api.md section 5).

A check returns the value that it accepts, and raises ApiError (400) for any other. `path` is the
place of the value in the request: `body.properties.Name`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from notion_pm.emulator.http.errors import body_error, quote_value, validation_error
from notion_pm.emulator.store import ids

Body = Mapping[str, Any]

# notion-api.md 4.2
MOST_IN_ARRAY = 100
MOST_PER_PAGE = 100
MOST_IN_URL = 2000


def path_id(name: str, value: str) -> str:
    """Return the canonical form of an id in a URL path.

    Raises 400 if it is not a UUID (recorded).
    """
    canonical = ids.canonical(value)
    if canonical is None:
        raise body_error(f"path.{name}", "a valid uuid", value)
    return canonical


def body_id(body: Body, key: str, path: str = "body") -> str:
    """Return the canonical id under a required key."""
    value = require(body, key, path)
    canonical = ids.canonical(value)
    if canonical is None:
        raise body_error(f"{path}.{key}", "a valid uuid", value)
    return canonical


def check_keys(body: Body, allowed: Collection[str], path: str = "body") -> None:
    """Refuse keys that the endpoint does not accept."""
    for key in body:
        if key not in allowed:
            raise body_error(f"{path}.{key}", "not present", body[key])


def require(body: Body, key: str, path: str = "body") -> Any:
    """Return the value under a required key."""
    if key not in body:
        raise body_error(f"{path}.{key}", "defined")
    return body[key]


def an_object(value: Any, path: str) -> dict[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise body_error(path, "an object", value)
    return value


def optional_object(body: Body, key: str, path: str = "body") -> dict[str, Any]:
    """Return the JSON object under a key, an empty one if it is absent or null."""
    if body.get(key) is None:
        return {}
    return an_object(body[key], f"{path}.{key}")


def read_type(sent: Body, types: Sequence[str], path: str) -> str:
    """Return the type of an object: its `type`, or else the key that is the name of a type.

    Example: `{"type": "page_id", "page_id": ...}` and `{"page_id": ...}` are both of type page_id.
    """
    if sent.get("type") is not None:
        return one_of(sent["type"], types, f"{path}.type")
    for candidate in types:
        if candidate in sent:
            return candidate
    raise body_error(f"{path}.{types[0]}", "defined")


def an_array(value: Any, path: str, *, most: int = MOST_IN_ARRAY) -> list[Any]:
    """Return a JSON array of at most `most` elements (4.2)."""
    if not isinstance(value, list):
        raise body_error(path, "an array", value)
    check_at_most(len(value), most, f"{path}.length")
    return value


def check_at_most(size: int, most: int, path: str) -> None:
    """Refuse a size above a limit of Notion (4.2)."""
    if size > most:
        raise body_error(path, f"≤ `{most}`", size)


def a_string(value: Any, path: str, *, most: int | None = None) -> str:
    """Return a string of at most `most` UTF-16 units."""
    if not isinstance(value, str):
        raise body_error(path, "a string", value)
    if most is not None:
        check_at_most(utf16_length(value), most, f"{path}.length")
    return value


def a_boolean(value: Any, path: str) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise body_error(path, "a boolean", value)
    return value


def a_number(value: Any, path: str) -> int | float:
    """Return a number. A boolean is not one, nor is a number that overflows (1e400)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise body_error(path, "a number", value)
    return value  # type: ignore[no-any-return]


def an_integer(value: Any, path: str) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise body_error(path, "an integer", value)
    return value


def one_of(value: Any, choices: Collection[str], path: str) -> str:
    """Return one of these words."""
    if isinstance(value, str) and value in choices:
        return value
    quoted = [f'`"{choice}"`' for choice in choices]
    # `"a"`, `"b"` or `"c"`
    expectation = quoted[-1]
    if len(quoted) > 1:
        expectation = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    raise body_error(path, expectation, value)


def flag(body: Body, key: str, *, default: bool) -> bool:
    """Return an optional boolean of the body."""
    if body.get(key) is None:
        return default
    return a_boolean(body[key], f"body.{key}")


def trash_flag(body: Body, *, default: bool) -> bool:
    """Return `in_trash`, which older versions call `archived`."""
    return flag(body, "in_trash", default=flag(body, "archived", default=default))


def page_size(value: Any, path: str = "body.page_size") -> int:
    """Return the number of results per page: 1 to 100. It is 100 if none, or 0, is asked for."""
    if value is None:
        return MOST_PER_PAGE
    # Parameters of the query string are texts, those of a body numbers.
    is_digits = isinstance(value, str) and value.isdecimal()  # from a query string
    size = int(value) if is_digits else value
    if isinstance(size, bool) or not isinstance(size, int):
        raise body_error(path, "a number", value)
    if size < 0:
        raise body_error(path, "≥ `1`", size)
    check_at_most(size, MOST_PER_PAGE, path)
    # 0 behaves like the default (notion-api.md 2).
    return size or MOST_PER_PAGE


def a_url(value: Any, path: str) -> str:
    """Return a string of a URL's length. Most properties accept any text (measured)."""
    return a_string(value, path, most=MOST_IN_URL)


def a_link(value: Any, path: str) -> str:
    """Return the target of a link: a URL, or a place in the workspace (`/...`, `#...`)."""
    url = a_url(value, path)
    if not is_link(url):
        raise validation_error("Invalid URL for link.")
    return url


def is_link(url: str) -> bool:
    """Return whether a text may link there."""
    return url.startswith(("/", "#")) or urlsplit_or_none(url) is not None


def an_address(value: Any, path: str) -> str:
    """Return the http or https URL of a file or picture."""
    url = a_url(value, path)
    parts = urlsplit_or_none(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise validation_error(
            f"body failed validation: {path} should be a valid URL, "
            f"instead was {quote_value(value)}."
        )
    return url


def urlsplit_or_none(url: str) -> SplitResult | None:
    """Return the parts of an absolute URL, None for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.scheme:
        return None
    if parts.scheme in ("http", "https") and not parts.netloc:
        return None
    return parts


def utf16_length(text: str) -> int:
    """Return the length as JavaScript counts it: an astral character has two units."""
    return len(text) + sum(character > "\uffff" for character in text)
