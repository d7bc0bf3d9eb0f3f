"""When two rows are the same: what is compared of the property that tells."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from notion_pm.importing.target import Field

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def identity(field: Field, text: str) -> str:
    """Return what is compared: titles and mail addresses whatever their case, links without what varies in them."""
    plain = " ".join(text.split())
    match field.type:
        case "url":
            return site(plain)
        case "title" | "email":
            return plain.casefold()
        case _:
            return plain


def site(text: str) -> str:
    """Return a link or domain without scheme, `www.` and the slash at its end: `acme.com/team`."""
    try:
        url = urlsplit(text if _SCHEME.match(text) else f"//{text}")
    except ValueError:  # a bracket as in `[Beta] Export` begins an address that is none
        return text.casefold()
    host = url.netloc.casefold().removeprefix("www.")
    rest = f"{url.path.rstrip('/')}?{url.query}" if url.query else url.path.rstrip("/")
    return f"{host}{rest}"


def is_domain(text: str) -> bool:
    """Whether a text is a domain such as acme.com, with or without https:// before it."""
    return (
        re.fullmatch(r"(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}/?", text.strip(), re.IGNORECASE)
        is not None
    )


def as_link(text: str) -> str:
    """Return a domain as the link that a URL property takes."""
    return text if _SCHEME.match(text) else f"https://{text}"
