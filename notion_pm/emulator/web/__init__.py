"""The site: the workspace's pages and databases as HTML, for a browser on the same machine.

It needs no token. Therefore it answers only requests from this machine, and accepts changes only
from its own forms (guard.py). The workspace's person makes the changes, with the functions of the
API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from notion_pm.emulator.web.site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Site", "SiteBesideApi"]

_PREFIXES = ("/p/", "/assets/")


class SiteBesideApi:
    """Sends requests for the site's paths to the site, and all others to the API."""

    def __init__(self, site: WSGIApplication, api: WSGIApplication) -> None:
        self._site, self._api = site, api

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request to the site or the API."""
        path = environ["PATH_INFO"]
        is_for_site = path in ("", "/") or path.startswith(_PREFIXES)
        app = self._site if is_for_site else self._api
        return app(environ, start_response)
