"""Checks that protect the site, which has no token.

A foreign site may point its own host name at this machine (DNS rebinding). So the host name of a
request must be a loopback one. A foreign site may also send forms here. So a change must come from
this site, and carry a token that only this site shows.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

COOKIE = "notion_pm_local"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(name: str | None) -> bool:
    """Return whether a host name or address is a loopback one."""
    if name is None:
        return False
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def asks_locally(host_header: str) -> bool:
    """Return whether a Host header names this machine, on any port."""
    try:
        return is_loopback(urlsplit(f"//{host_header}").hostname)
    except ValueError:
        return False


def is_from_here(headers: Headers, origin: str) -> bool:
    """Return whether a request that changes something was sent by a page of this origin.

    Browsers say so by Sec-Fetch-Site; older ones by Origin, which is `null` for pages that send no
    referrer.
    """
    site, sender = headers.get("Sec-Fetch-Site"), headers.get("Origin", "null")
    # If a browser sends both headers, both must agree.
    if sender not in ("null", origin):
        return False
    return site == "same-origin" if site is not None else sender == origin


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Binds forms to a browser: the token of a form is a signature of the browser's cookie."""

    secret: str = field(repr=False)

    @staticmethod
    def new_cookie() -> str:
        """Return a cookie for a new browser."""
        return secrets.token_urlsafe(24)

    def token(self, cookie: str) -> str:
        """Return the token for the forms of the browser with this cookie."""
        return hmac.new(self.secret.encode(), f"form:{cookie}".encode(), hashlib.sha256).hexdigest()

    def is_valid(self, cookie: str | None, token: str) -> bool:
        """Return whether a form was shown to the browser that sends it."""
        return bool(cookie) and hmac.compare_digest(
            self.token(cookie or "").encode(), token.encode()
        )
