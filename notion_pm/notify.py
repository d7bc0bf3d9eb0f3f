"""Telling others how a run went: one message to a Slack-compatible webhook, the only HTTP that is not Notion's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from notion_pm.errors import NotificationFailed

TIMEOUT = 10.0
"""Seconds: nobody waits longer for a message than for the work."""


def post(url: str, text: str, facts: Mapping[str, Any]) -> None:
    """Post a message: `text` is what Slack, Mattermost and others show; `facts` are for programs.

    Raises NotificationFailed, which names the host alone: such URLs are secrets.
    """
    host = urlsplit(url).hostname or "(no host)"
    try:
        answer = requests.post(url, json={"text": text, **facts}, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise NotificationFailed(host, type(error).__name__) from None
    if not answer.ok:
        raise NotificationFailed(host, f"status {answer.status_code}")
