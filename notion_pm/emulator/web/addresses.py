"""Paths on the site, and which URLs in people's content become links."""

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
_NOTION_PREFIX = f"https://{urlsplit(links.object_url('')).hostname}/p/"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the URLs of one request. URLs of files are signed for the origin of the site."""

    signer: Signer

    @classmethod
    def of(cls, settings: Settings, origin: str, now: datetime) -> Addresses:
        """Return the addresses for a workspace that is served at an origin."""
        return cls(Signer(settings.token, origin, now))

    def link(self, url: str | None) -> str | None:
        """Return the target of a link in people's content, None if it must not be a link.

        Only links to the web, to mail addresses and to this site are safe: `javascript:` is not.
        """
        if not url:
            return None
        if url.startswith(_NOTION_PREFIX):
            # Links to Notion pages stay on this site.
            return f"/p/{url.removeprefix(_NOTION_PREFIX)}"
        if url.startswith(FILES_URL):
            return str(self.signer.sign_all(url))
        try:
            return url if urlsplit(url.strip()).scheme.lower() in _SCHEMES else None
        except ValueError:
            return None

    def image(self, url: str | None) -> str | None:
        """Return the URL of an image, None unless it is a file of this workspace.

        Images from elsewhere would let their server see who reads the page.
        """
        return self.link(url) if url and url.startswith(FILES_URL) else None


def page_path(page_id: str, title: str) -> str:
    """Return the path of a page, the same as in its Notion URL."""
    return urlsplit(links.page_url(page_id, title)).path


def database_path(database_id: str, *, view_id: str | None = None, **more: object) -> str:
    """Return the path of a database, in one of its views."""
    parameters: dict[str, object] = {}
    if view_id:
        parameters["v"] = ids.remove_dashes(view_id)
    for key, value in more.items():
        if value is not None:
            parameters[key] = value
    query = urlencode(parameters)
    path = urlsplit(links.object_url(database_id)).path
    return f"{path}?{query}" if query else path


def id_in(slug: str) -> str | None:
    """Return the id at the end of a path, with or without dashes, after any title."""
    found = _ID_AT_END.search(slug)
    return ids.canonical(found[1]) if found else None


def is_own_path(path: str) -> bool:
    """Return whether a path to return to is on this site."""
    # Browsers treat a backslash like a slash, and ignore control characters: `/p/..\\\\evil.com`.
    has_control_characters = any(ord(character) < 32 for character in path)
    return path.startswith("/p/") and "\\" not in path and not has_control_characters
