"""Decide whether two keys mean the same row."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from notion_pm.importing.target import Field

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}/?", re.IGNORECASE)


def identity(field: Field, text: str) -> str:
    """Return the form in which two keys are compared.

    Titles and mail addresses are compared without case, links without scheme, `www.` and a slash
    at the end.
    """
    plain = " ".join(text.split())
    match field.type:
        case "url":
            return site(plain)
        case "title" | "email":
            return plain.casefold()
        case _:
            return plain


def site(text: str) -> str:
    """Return a link or domain without scheme, `www.` and a slash at the end: `acme.com/team`."""
    try:
        url = urlsplit(text if _SCHEME.match(text) else f"//{text}")
    except ValueError:  # text such as `[Beta] Export`: the bracket looks like an IPv6 address
        return text.casefold()
    host = url.netloc.casefold().removeprefix("www.")
    path = url.path.rstrip("/")
    return f"{host}{path}?{url.query}" if url.query else f"{host}{path}"


def is_domain(text: str) -> bool:
    """Whether a text is a domain such as acme.com, with or without https:// before it."""
    return _DOMAIN.fullmatch(text.strip()) is not None


def as_link(text: str) -> str:
    """Return a domain as the link that a URL property needs."""
    return text if _SCHEME.match(text) else f"https://{text}"
