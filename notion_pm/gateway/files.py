"""Attached files: fetched from where Notion stores them, never with the token (their addresses are signed)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from notion_pm.errors import FileNotFetched, LinkExpired

_TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two parts."""
_PART = 2**16
_EXPIRED = frozenset({400, 401, 403})
"""What storages answer to a signature whose time is over."""
_RETRY = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)


def new_session() -> requests.Session:
    """Return a session that tries again what may work the next time."""
    session = requests.Session()
    session.trust_env = False  # no credentials from ~/.netrc
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
    return session


def fetch(session: requests.Session, url: str, path: Path) -> None:
    """Download a file.

    Raises LinkExpired when a fresh address is needed, FileNotFetched when it cannot be had.
    """
    name = Path(urlsplit(url).path).name
    try:
        with session.get(url, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code in _EXPIRED:
                raise LinkExpired(f"The address of {name!r} has expired.")
            if not answer.ok:
                raise FileNotFetched(name, f"status {answer.status_code}")
            with path.open("wb") as file:
                for part in answer.iter_content(_PART):
                    file.write(part)
    except requests.RequestException as error:
        raise FileNotFetched(name, type(error).__name__) from None
