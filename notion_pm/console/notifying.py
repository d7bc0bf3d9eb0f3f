"""Post a message to a webhook; a message that cannot be delivered does not stop the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.console.output import note
from notion_pm.console.signals import sleep
from notion_pm.errors import LeftForNextRun, NotificationFailed


def post(url: str, text: str, facts: Mapping[str, Any]) -> None:
    """Post a message. A failure is only noted: the work that it reports is done."""
    # The HTTP library of notifications is loaded only when one is sent.
    from notion_pm import notify

    try:
        notify.post(url, text, facts, sleep=sleep)
    except NotificationFailed as error:
        note(f"{error} {error.advice}")
    # Waiting before another attempt raises this when the time limit is reached or a stop is
    # requested.
    except LeftForNextRun:
        note("There was no time left to send the notification.")
