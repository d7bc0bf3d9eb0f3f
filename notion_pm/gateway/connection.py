"""One connection to Notion: notion-client for the wire, one limiter, one retry policy.

notion-client's own retry is off: it gives up too early, does not know 529, and waits at most a minute
(notion-api.md 1.3). Here a request is sent again when that is safe:

- nothing happened (429, 529, 409, never connected): any request;
- it may have happened (5xx, a timeout, a lost connection): requests that are safe to repeat. One that creates something
  is looked up first; when it is there, it is the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import tenacity
from notion_client import Client

from notion_pm.errors import NotionError, OutcomeUnknown, RateLimited, Unauthorized
from notion_pm.gateway.counting import RequestCounts
from notion_pm.gateway.failures import Failure, Verdict, understand
from notion_pm.gateway.limiter import WindowLimiter

NOTION_VERSION = "2026-03-11"

_log = logging.getLogger(__name__)

T = TypeVar("T")
Json = Mapping[str, Any]
LookUp = Callable[[], T | None]
"""Returns what a create whose outcome is unknown has created, None when there is nothing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on: `attempts` in all for failures of Notion's, and the longest wait that Notion may ask for."""

    attempts: int = 7
    max_wait: float = 900.0
    first_pause: float = 0.5
    longest_pause: float = 30.0


class _AttemptFailed(Exception):
    """An attempt that failed and may be sent again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure.error))
        self.failure = failure


class Connection:
    """Sends requests with one token. Safe for threads."""

    def __init__(
        self,
        token: str,
        *,
        limiter: WindowLimiter,
        sleep: Callable[[float], None],
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        patience: Patience = Patience(),
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a connection; nothing is sent yet. `go_on` is asked before each attempt, and raises what ends the run.

        Raises Unauthorized for a token that no header can carry: libraries would show it in their complaint.
        """
        self.requests = RequestCounts()
        self._limiter = limiter
        self._sleep = sleep
        self._patience = patience
        self._go_on = go_on
        self._secret = token.strip()
        self._client = Client(
            auth=_checked(token),
            base_url=base_url.rstrip("/"),
            notion_version=NOTION_VERSION,
            retry=False,
            logger=_silent_logger(),
            client=httpx.Client(transport=transport),
        )

    def close(self) -> None:
        """Close the sockets."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Json | None = None,
        body: Json | None = None,
        repeatable: bool = True,
        surface: frozenset[int] = frozenset(),
    ) -> Any:
        """Send a request until it is answered, and return the answer's JSON.

        One that is not `repeatable` is given up with OutcomeUnknown where it may have been carried out. Statuses in
        `surface` are raised at the first occurrence: the caller knows better than to repeat the same request.

        Raises a NotionError.
        """
        self.requests.count_request()
        return self._persist(method, path, query, body, repeatable=repeatable, surface=surface)

    @property
    def wait(self) -> float:
        """How many seconds the next request has to wait for the budget."""
        return self._limiter.wait

    def create(self, path: str, body: Json, *, read: Callable[[Json], T], look_up: LookUp[T]) -> T:
        """Create something once: when the outcome is unknown, look before sending the request again.

        Raises a NotionError; OutcomeUnknown when the outcome stayed unknown.
        """
        self.requests.count_request()
        for _ in range(self._patience.attempts):
            try:
                return read(self._persist("POST", path, None, body, repeatable=False))
            except OutcomeUnknown as error:
                unknown = error
                found = look_up()
                if found is not None:
                    return found
        raise unknown

    def _persist(
        self,
        method: str,
        path: str,
        query: Json | None,
        body: Json | None,
        *,
        repeatable: bool,
        surface: frozenset[int] = frozenset(),
    ) -> Any:
        """Attempt until there is an answer, or no sense in going on."""
        policy = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AttemptFailed),
            wait=self._wait,
            stop=self._stop,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return policy(self._attempt, method, path, query, body, repeatable=repeatable, surface=surface)
        except _AttemptFailed as given_up:
            raise given_up.failure.error from None

    def _attempt(
        self,
        method: str,
        path: str,
        query: Json | None,
        body: Json | None,
        *,
        repeatable: bool,
        surface: frozenset[int],
    ) -> Any:
        self._go_on()
        self._limiter.acquire()
        self.requests.count_attempt()
        _log.debug("%s /v1/%s", method, path)
        try:
            return self._client.request(path, method, query=_dict(query), body=_dict(body))
        except Exception as error:
            failure = understand(error, f"{method} /v1/{path}", self._secret)
            if failure is None:
                raise
        _log.info("%s (%s)", failure.error, failure.error.request)
        self._consider(failure, repeatable=repeatable, surface=surface)
        raise _AttemptFailed(failure)  # without its cause: libraries quote what a server says, be it the token

    def _consider(self, failure: Failure, *, repeatable: bool, surface: frozenset[int]) -> None:
        """Raise what ends the request here and now; return when it may be sent again."""
        error = failure.error
        if failure.verdict is Verdict.REFUSED or error.status in surface:
            raise error
        if failure.verdict is Verdict.UNKNOWN and not repeatable:
            raise _as_unknown(error)
        if failure.retry_after is not None:
            if failure.retry_after > self._patience.max_wait:
                raise RateLimited(
                    f"Notion asks to wait {failure.retry_after:.0f} seconds: {error}",
                    retry_after=failure.retry_after,
                    status=error.status,
                    code=error.code,
                    request=error.request,
                )
            self._limiter.pause(failure.retry_after)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Wait as Notion asks (the limiter does that, for every worker), else longer from time to time."""
        if _failure(state).retry_after is not None:
            return 0.0
        patience = self._patience
        jittered = tenacity.wait_random_exponential(multiplier=patience.first_pause, max=patience.longest_pause)
        return jittered(state)

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        """Give up after so many failures; being told to wait is none."""
        return _failure(state).error.status != 429 and state.attempt_number >= self._patience.attempts


def _checked(token: str) -> str:
    token = token.strip()
    if not token:
        raise Unauthorized("The token is empty.")
    if not (token.isascii() and token.isprintable()):
        raise Unauthorized("The token has characters that no token has: a line break, or a letter beyond ASCII.")
    return token


def _failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _AttemptFailed)
    return error.failure


def _as_unknown(error: NotionError) -> OutcomeUnknown:
    return OutcomeUnknown(
        str(error), status=error.status, code=error.code, request=error.request, request_id=error.request_id
    )


def _dict(json: Json | None) -> dict[Any, Any] | None:
    return None if json is None else dict(json)


def _silent_logger() -> logging.Logger:
    """Errors are raised and told by the command line; notion-client's own lines would tell them twice."""
    logger = logging.getLogger("notion_pm.gateway.client")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
