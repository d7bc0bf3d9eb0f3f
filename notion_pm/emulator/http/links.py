"""Addresses of Notion objects, as responses give them."""

from __future__ import annotations

import re

from notion_pm.emulator.store.ids import undashed

HERE = "https://local.invalid"  # stands for wherever this workspace is served; responses show the real place
_ORIGIN = "https://app.notion.com/p"
_NOT_IN_SLUG = re.compile(r"[^A-Za-z0-9]+")


def object_url(notion_id: str) -> str:
    """Return the address of a database, or of whatever a mention points at."""
    return f"{_ORIGIN}/{undashed(notion_id)}"


def page_url(page_id: str, title: str) -> str:
    """Return a page's address, which begins with its title."""
    slug = _NOT_IN_SLUG.sub("-", title).strip("-")
    return f"{_ORIGIN}/{slug}-{undashed(page_id)}" if slug else object_url(page_id)
