"""How long a request is repeated: how many attempts make sense, and how long to wait between them.

notion-client's own retry is off: it gives up too early, does not know 529, and waits at most a
minute (notion-api.md 1.3).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from notion_pm.errors import NotionError, RateLimited
from notion_pm.notion.failures import Failure, Server

_MOST_DOUBLINGS = 10
"""Pauses double from attempt to attempt. More doublings than this exceed every sensible limit."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When to give up.

    `attempts`: in all, for failures of Notion. `max_wait`: seconds, the longest wait that Notion
    may ask for. `first_pause` and `longest_pause`: seconds between attempts when Notion asks for
    none.
    """

    attempts: int = 7
    max_wait: float = 900.0
    first_pause: float = 0.5
    longest_pause: float = 30.0


class Tries:
    """What one request has been through so far."""

    def __init__(self) -> None:
        self.sent = 0
        """How often it was sent."""
        self.pauses = 0
        """How often Notion asked to wait."""
        self.paused_seconds = 0.0
        self.postponed_by_checks = 0
        """How often a write was postponed because the check before it had to wait."""


class RetryPolicy:
    """Decides whether a failed request is sent again, and after how long."""

    def __init__(self, patience: Patience, server: Server) -> None:
        self._patience = patience
        self._server = server

    def is_exhausted(self, failure: Failure, tries: Tries) -> bool:
        """Whether a request has failed too often to be sent again."""
        if failure.error.status == 429:
            return False  # a wish to wait is not a failure: `pause_for_all` limits it
        attempts = self._patience.attempts
        if failure.attempts is not None:
            attempts = min(attempts, failure.attempts)
        return tries.sent >= attempts

    def backoff(self, tries: Tries) -> float:
        """Return the seconds before the next attempt, where Notion does not ask for any.

        Random, so that several workers do not return at the same moment.
        """
        return random.uniform(0, self._doubled_pause(tries.sent - 1))  # noqa: S311 - no secret

    def pause_for_all(self, asked: float, error: NotionError, tries: Tries) -> float:
        """Return the seconds that all requests pause: as Notion asks, and more each time.

        A server that asks for no wait and refuses anyway would otherwise be asked again at once,
        without end.

        Raises RateLimited when this request would wait longer than allowed, or too often in vain.
        """
        patience = self._patience
        pause = max(asked, self._doubled_pause(tries.pauses))
        tries.pauses += 1
        facts = replace(error.facts, request_id="")
        if asked > patience.max_wait:
            message = f"Notion asks to wait {_in_words(asked)}: {error}"
            raise RateLimited(message, facts, retry_after=asked)

        is_pointless = asked < patience.first_pause and tries.pauses >= patience.attempts
        if is_pointless or tries.paused_seconds + pause > patience.max_wait:
            message = (
                f"{self._server} refused {facts.request} {tries.pauses} times in a row "
                f"({_in_words(tries.paused_seconds)} of waiting): {error}"
            )
            raise RateLimited(message, facts, retry_after=pause)
        tries.paused_seconds += pause
        return pause

    def _doubled_pause(self, times: int) -> float:
        doubled: float = self._patience.first_pause * 2.0 ** min(times, _MOST_DOUBLINGS)
        return min(doubled, self._patience.longest_pause)


def _in_words(seconds: float) -> str:
    return "more than a day" if seconds > 86_400 else f"{seconds:.0f} seconds"
