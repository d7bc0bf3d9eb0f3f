"""URLs of Notion objects, as in responses."""

from __future__ import annotations

import re

from notion_pm.emulator.store.ids import remove_dashes

# The origin of this workspace as it is stored. Responses replace it by where it is served.
HERE = "https://local.invalid"
_ORIGIN = "https://app.notion.com/p"
_NOT_IN_SLUG = re.compile(r"[^A-Za-z0-9]+")


def object_url(notion_id: str) -> str:
    """Return the URL of a database, or of the target of a mention."""
    return f"{_ORIGIN}/{remove_dashes(notion_id)}"


def page_url(page_id: str, title: str) -> str:
    """Return a page's URL, which contains its title."""
    slug = _NOT_IN_SLUG.sub("-", title).strip("-")
    return f"{_ORIGIN}/{slug}-{remove_dashes(page_id)}" if slug else object_url(page_id)
