"""Notion's ids, and the addresses that templates use."""

from __future__ import annotations

import re
from typing import NewType
from urllib.parse import parse_qs, urlsplit

from notion_pm.errors import InvalidNotionId

NotionId = NewType("NotionId", str)
"""A Notion id as the API returns it: a UUID in lower case with dashes."""

Address = NewType("Address", str)
"""A template's stable name, such as ``features``, ``features.status`` or ``features.rows.adopt``.
"""

_HEX = r"[0-9a-f]"
_DASHED = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_CANONICAL = re.compile(rf"{_DASHED}\Z")
DATA_SOURCE_URL = "collection://"
"""The scheme of data source URLs in Notion's Markdown; the id follows."""
# At the end only: in a URL the title comes before the id, as in `Roadmap-<id>`.
_ID = re.compile(rf"(?:{_DASHED}|{_HEX}{{32}})$", re.IGNORECASE)


def parse_notion_id(text: str) -> NotionId:
    """Return the id in a text: an id with or without dashes, or a Notion URL.

    Takes URLs of www.notion.so, app.notion.com (``/p/...``), published notion.site pages and data
    sources. If a page is open in a side peek, the URL's ``p`` parameter names it, and is returned.

    Raises InvalidNotionId when there is no id in the text.
    """
    candidate = text.strip().removeprefix(DATA_SOURCE_URL)
    try:
        url = urlsplit(candidate)
    except ValueError:  # `http://[x`
        raise InvalidNotionId(text) from None
    if url.scheme and url.netloc:
        peeked = parse_qs(url.query).get("p", [""])[0]
        candidate = peeked or url.path.rstrip("/")
    found = _ID.search(candidate)
    # A bare word must be an id as a whole. Only in a URL something may precede it.
    if found is None or (url.scheme == "" and found.start() != 0):
        raise InvalidNotionId(text)
    return with_dashes(found.group())


def is_id(text: str) -> bool:
    """Whether a word is a Notion id or URL, not a name."""
    try:
        parse_notion_id(text)
    except InvalidNotionId:
        return False
    return True


def with_dashes(notion_id: str) -> NotionId:
    """Return an id in the form of the API: lower case, with dashes. `notion_id` must be an id."""
    digits = compact(notion_id)
    return NotionId(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")


def is_canonical(text: str) -> bool:
    """Whether a text is exactly an id as the API returns it."""
    return _CANONICAL.match(text) is not None


def compact(notion_id: str) -> str:
    """Return the 32 hexadecimal digits of an id, as in Notion's URLs."""
    return notion_id.replace("-", "").lower()


def page_url(page_id: str) -> str:
    """Return the link of a page, for people."""
    # The form of the `url` field of pages and databases (notion-api.md 2.1).
    return f"https://app.notion.com/p/{compact(page_id)}"


def address(*parts: str) -> Address:
    """Join the parts of an address."""
    return Address(".".join(parts))
