"""Post a message about a run to a Slack-compatible webhook."""

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
"""Seconds to connect, and for each read. Short, because a message must not delay the work."""

_WHOLE_TIMEOUT = 15.0
"""Seconds for a whole attempt. A server that sends a byte now and then never reaches TIMEOUT."""

ATTEMPTS = 3
_TEMPORARY_STATUS = {408, 425, 429}
"""Statuses after which a later attempt may succeed; so may one after any status from 500 up."""


class _TemporaryFailure(NotificationFailed):
    """A failure after which another attempt may succeed."""


@dataclass(frozen=True, slots=True)
class _Route:
    """How to reach a webhook.

    `shown`: host and proxy for messages, without path, user or password.
    """

    shown: str
    proxy: str | None
    certificates: str | bool


def post(url: str, text: str, facts: Mapping[str, Any], *, sleep: Callable[[float], None]) -> None:
    """Post a message. `text`: what Slack, Mattermost and others show. `facts`: for programs.

    Raises NotificationFailed, which contains only the host: the path of a webhook is a secret.
    """
    with_retries = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_TemporaryFailure),
        wait=tenacity.wait_exponential(multiplier=0.5),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        sleep=sleep,
        reraise=True,
    )
    with_retries(_post_once, url, _route_to(url), {"text": text, **facts})


def _route_to(url: str) -> _Route:
    try:
        host = urlsplit(url).hostname or "(no host)"
    except ValueError:
        raise NotificationFailed("(no host)", "its URL is not valid") from None
    try:
        proxy, bundle = proxy_for(url), ca_bundle()
    except UsageError as error:
        raise NotificationFailed(host, str(error).rstrip(".")) from None
    shown = f"{host} (through the proxy {shown_proxy(proxy)})" if proxy else host
    return _Route(shown, proxy, str(bundle) if bundle else True)


def _post_once(url: str, route: _Route, message: Mapping[str, Any]) -> None:
    # In a separate thread, because `requests` has no time limit for a whole request. The thread is
    # a daemon, so one that hangs does not keep the process alive.
    outcome: list[int | Exception] = []
    thread = threading.Thread(target=_attempt, args=(url, route, message, outcome), daemon=True)
    thread.start()
    thread.join(_WHOLE_TIMEOUT)
    result = outcome[0] if outcome else TimeoutError()

    if isinstance(result, int):
        # Redirects count as failures: they are not followed, so nothing was posted.
        if 200 <= result < 300:
            return
        is_temporary = result in _TEMPORARY_STATUS or result >= 500
        reason = f"status {result}"
    elif isinstance(result, requests.ConnectionError | requests.Timeout | TimeoutError):
        is_temporary = True
        reason = connection_trouble(result)
    else:
        is_temporary = False
        reason = type(result).__name__
    if is_temporary:
        raise _TemporaryFailure(route.shown, reason)
    raise NotificationFailed(route.shown, reason)


def _attempt(
    url: str, route: _Route, message: Mapping[str, Any], outcome: list[int | Exception]
) -> None:
    """Put the status of the response, or the error, into `outcome`."""
    try:
        with requests.Session() as session:
            # `route` has the proxy settings. With trust_env, `requests` would also send the
            # credentials of ~/.netrc.
            session.trust_env = False
            session.proxies = {"http": route.proxy, "https": route.proxy} if route.proxy else {}
            answer = session.post(
                url,
                json=message,
                timeout=TIMEOUT,
                allow_redirects=False,
                verify=route.certificates,
                stream=True,  # do not read the body: it does not matter and may be endless
            )
            answer.close()
            outcome.append(answer.status_code)
    # Any error: the waiting thread decides what it means.
    except Exception as error:
        outcome.append(error)
