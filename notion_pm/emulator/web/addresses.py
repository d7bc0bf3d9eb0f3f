"""Where things are found on the site, and which addresses in people's content may be links at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from notion_pm.emulator.http import links
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.session import Settings
from notion_pm.emulator.values.file_uploads import FILES_URL
from notion_pm.emulator.values.signed_files import Signer

_SCHEMES = ("http", "https", "mailto")
_ID_AT_END = re.compile(
    r"(?:^|-)([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.IGNORECASE
)
_OF_NOTION = f"https://{urlsplit(links.object_url('')).hostname}/p/"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one request; files are signed for where the site is seen."""

    signer: Signer

    @classmethod
    def of(cls, settings: Settings, origin: str, now: datetime) -> Addresses:
        """Make the addresses for a workspace seen at an origin."""
        return cls(Signer(settings.token, origin, now))

    def link(self, url: str | None) -> str | None:
        """Return where a link in somebody's content may lead: the web, mail, this site; None for anything else."""
        if not url:
            return None
        if url.startswith(_OF_NOTION):
            return f"/p/{url.removeprefix(_OF_NOTION)}"
        if url.startswith(FILES_URL):
            return str(self.signer.sign_all(url))
        try:
            return url if urlsplit(url.strip()).scheme.lower() in _SCHEMES else None
        except ValueError:
            return None

    def image(self, url: str | None) -> str | None:
        """Return where an image may be loaded from: this workspace's own files alone."""
        return self.link(url) if url and url.startswith(FILES_URL) else None


def page_path(page_id: str, title: str) -> str:
    """Return the path of a page: that of its address at Notion."""
    return urlsplit(links.page_url(page_id, title)).path


def database_path(database_id: str, *, view_id: str | None = None, **more: object) -> str:
    """Return the path of a database, in one of its views."""
    parts = ({"v": ids.remove_dashes(view_id)} if view_id else {}) | {
        k: v for k, v in more.items() if v is not None
    }
    query = urlencode(parts)
    path = urlsplit(links.object_url(database_id)).path
    return f"{path}?{query}" if query else path


def id_in(slug: str) -> str | None:
    """Return the id at the end of a path, with or without dashes, behind whatever title."""
    found = _ID_AT_END.search(slug)
    return ids.canonical(found[1]) if found else None


def is_own_path(path: str) -> bool:
    """Return whether a path to go back to stays on this site."""
    return path.startswith("/p/") and "\\" not in path and not any(ord(sign) < 32 for sign in path)
