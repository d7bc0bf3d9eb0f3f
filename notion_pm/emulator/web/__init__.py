"""The workspace to look at: pages and databases as server-rendered HTML, for a browser on the same machine.

It needs no token, and so it answers loopback alone, and lets nothing be changed from another site
(guard.py). What is changed here is changed by the workspace's person, through the same laws as the
API's.
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
    """One WSGI application of two: the site's few paths go to the site, everything else to the API."""

    def __init__(self, site: WSGIApplication, api: WSGIApplication) -> None:
        self._site, self._api = site, api

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand a request to whom it is for."""
        path = environ["PATH_INFO"]
        app = self._site if path in ("", "/") or path.startswith(_PREFIXES) else self._api
        return app(environ, start_response)
