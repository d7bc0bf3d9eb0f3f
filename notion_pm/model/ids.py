"""Names of things: Notion's ids, and a template's own addresses."""

from __future__ import annotations

import re
from typing import NewType
from urllib.parse import parse_qs, urlsplit

from notion_pm.errors import InvalidNotionId

NotionId = NewType("NotionId", str)
"""A Notion id as the API returns it: a UUID in lower case with dashes."""

Address = NewType("Address", str)
"""A template's stable name for a thing, such as ``features``, ``features.status`` or ``features.rows.adopt``."""

_HEX = r"[0-9a-f]"
_DASHED = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_CANONICAL = re.compile(rf"{_DASHED}\Z")
DATA_SOURCE_URL = "collection://"
"""How Notion's Markdown begins the URL of a data source, which ends with its id."""
_ID = re.compile(rf"(?:{_DASHED}|{_HEX}{{32}})$", re.IGNORECASE)


def parse_notion_id(text: str) -> NotionId:
    """Return the id that `text` names: an id with or without dashes, or the URL of a page, database, view or
    data source.

    Takes the URLs of www.notion.so, app.notion.com (``/p/...``) and published notion.site pages; a page that is opened
    in a side peek is named by the URL's ``p`` parameter, which wins.

    Raises InvalidNotionId when there is no id in it.
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
    if found is None or (url.scheme == "" and found.start() != 0):
        raise InvalidNotionId(text)
    return dashed(found.group())


def is_id(text: str) -> bool:
    """Whether a word is a Notion id or URL, rather than a name."""
    try:
        parse_notion_id(text)
    except InvalidNotionId:
        return False
    return True


def dashed(notion_id: str) -> NotionId:
    """Return the canonical form of an id that is known to be one."""
    digits = compact(notion_id)
    return NotionId(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")


def is_canonical(text: str) -> bool:
    """Whether a text is an id as the API returns it, and nothing else."""
    return _CANONICAL.match(text) is not None


def compact(notion_id: str) -> str:
    """Return the 32 hexadecimal digits of an id, as Notion's URLs spell it."""
    return notion_id.replace("-", "").lower()


def page_url(page_id: str) -> str:
    """Return the link of a page, for people."""
    return f"https://app.notion.com/p/{compact(page_id)}"


def address(*parts: str) -> Address:
    """Join the parts of an address."""
    return Address(".".join(parts))
