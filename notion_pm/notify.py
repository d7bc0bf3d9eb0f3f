"""Telling others how a run went: one message to a Slack-compatible webhook, the only HTTP that is not Notion's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from notion_pm.errors import NotificationFailed

TIMEOUT = 10.0
"""Seconds: nobody waits longer for a message than for the work."""
ATTEMPTS = 3
_PASSING = {408, 425, 429}
"""Refusals that a later attempt may not meet, as any status from 500 up."""


class _Passing(NotificationFailed):
    """A failure that may be gone in a moment."""


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
    persist(_post_once, url, {"text": text, **facts})


def _post_once(url: str, message: Mapping[str, Any]) -> None:
    host = urlsplit(url).hostname or "(no host)"
    try:
        answer = requests.post(url, json=message, timeout=TIMEOUT, allow_redirects=False)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _Passing(host, type(error).__name__) from None
    except requests.RequestException as error:
        raise NotificationFailed(host, type(error).__name__) from None
    if not answer.ok:
        passing = answer.status_code in _PASSING or answer.status_code >= 500
        raise (_Passing if passing else NotificationFailed)(host, f"status {answer.status_code}")
