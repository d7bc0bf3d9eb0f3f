"""Telling others how a run went: one message to a Slack-compatible webhook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from notion_pm.errors import NotificationFailed, UsageError
from notion_pm.network import ca_bundle, connection_trouble, proxy_for, shown_proxy

TIMEOUT = 10.0
"""Seconds: nobody waits longer for a message than for the work."""

_WHOLE_TIMEOUT = 15.0
"""Seconds for an attempt as a whole. `TIMEOUT` is for one read: a server that drips would never end."""

ATTEMPTS = 3
_PASSING = {408, 425, 429}
"""Refusals that a later attempt may not meet, as any status from 500 up."""


class _Passing(NotificationFailed):
    """A failure that may be gone in a moment."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a webhook is reached. Messages name `shown`: host and proxy without path, user or password."""

    shown: str
    proxy: str | None
    certificates: str | bool


def post(url: str, text: str, facts: Mapping[str, Any], *, sleep: Callable[[float], None]) -> None:
    """Post a message: `text` is what Slack, Mattermost and others show; `facts` are for programs.

    Raises NotificationFailed, which names the host alone: such URLs are secrets.
    """
    persist = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_Passing),
        wait=tenacity.wait_exponential(multiplier=0.5),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        sleep=sleep,
        reraise=True,
    )
    persist(_post_once, url, _way_to(url), {"text": text, **facts})


def _way_to(url: str) -> _Way:
    try:
        host = urlsplit(url).hostname or "(no host)"
    except ValueError:
        raise NotificationFailed("(no host)", "its URL is not valid") from None
    try:
        proxy, bundle = proxy_for(url), ca_bundle()
    except UsageError as error:
        raise NotificationFailed(host, str(error).rstrip(".")) from None
    shown = f"{host} (through the proxy {shown_proxy(proxy)})" if proxy else host
    return _Way(shown, proxy, str(bundle) if bundle else True)


def _post_once(url: str, way: _Way, message: Mapping[str, Any]) -> None:
    outcome: list[int | Exception] = []
    thread = threading.Thread(target=_attempt, args=(url, way, message, outcome), daemon=True)
    thread.start()
    thread.join(_WHOLE_TIMEOUT)
    result = outcome[0] if outcome else TimeoutError()
    if isinstance(result, int):
        if 200 <= result < 300:
            return
        passing = result in _PASSING or result >= 500
        raise (_Passing if passing else NotificationFailed)(way.shown, f"status {result}")
    passing = isinstance(result, requests.ConnectionError | requests.Timeout | TimeoutError)
    reason = connection_trouble(result) if passing else type(result).__name__
    raise (_Passing if passing else NotificationFailed)(way.shown, reason)


def _attempt(
    url: str, way: _Way, message: Mapping[str, Any], outcome: list[int | Exception]
) -> None:
    """Put the status of the answer, or what went wrong, into `outcome`."""
    try:
        with requests.Session() as session:
            session.trust_env = (
                False  # `way` has what the environment says; no credentials from ~/.netrc
            )
            session.proxies = {"http": way.proxy, "https": way.proxy} if way.proxy else {}
            answer = session.post(
                url,
                json=message,
                timeout=TIMEOUT,
                allow_redirects=False,
                verify=way.certificates,
                stream=True,  # the body says nothing, and may have no end
            )
            answer.close()
            outcome.append(answer.status_code)
    except Exception as error:
        outcome.append(error)
