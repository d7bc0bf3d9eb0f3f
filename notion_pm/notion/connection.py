"""One connection to Notion: notion-client for the wire, one limiter, one retry policy.

notion-client's own retry is off: it gives up too early, does not know 529, and waits at most a minute
(notion-api.md 1.3). Here a request is sent again when that is safe:

- nothing happened (429, 529, 409, never connected): any request;
- it may have happened (5xx, a timeout, a lost connection): requests that are safe to repeat. One that creates something
  is looked up first; when it is there, it is the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
import tenacity
from notion_client import Client

from notion_pm.errors import (
    InvalidResponse,
    LeftForNextRun,
    NotionError,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
)
from notion_pm.network import proxy_for, shown_proxy
from notion_pm.notion.counting import RequestCounts
from notion_pm.notion.failures import Failure, Server, Verdict, not_an_object, understand
from notion_pm.notion.limiter import WindowLimiter
from notion_pm.notion.notes import Notes
from notion_pm.notion.server_clock import ServerClock
from notion_pm.notion.transport import BoundedClient, BoundedTransport, Deadline

NOTION_VERSION = "2026-03-11"

REQUEST_SECONDS = 90.0
"""The time of one attempt as a whole. Notion itself gives up after 60 seconds and answers 504
(notion-api.md 4.2); the rest is for a slow line."""

SILENCE = httpx.Timeout(65.0, connect=15.0)
"""Seconds without a sign of life. Longer than Notion's own 60, so that its 504 is heard."""

LARGEST_ANSWER = 32 * 2**20
"""Bytes, unpacked. 100 rows of a query are 2 MB where rows are rich, and parsed JSON takes ten times
its size in memory."""

_GRACE = 5.0
"""Seconds that a write which is under way gets when the run is to end: its outcome is then known."""

_LAST_SECONDS = 5.0
"""Seconds for the one request with which a run that was told to stop cleans up."""

_POSTPONED_BY_CHECKS = 3
"""How often a write is decided again because its check had to wait. With a budget of a few requests
per window every check may have to, and no write would ever be sent."""

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


class _Waits:
    """What one request was told to wait so far, over all its attempts."""

    def __init__(self) -> None:
        self.times = 0
        self.seconds = 0.0


class Tries:
    """How often a request was sent so far and was told to wait, where its sender is the one who repeats it."""

    def __init__(self) -> None:
        self.sent = 0
        self.checked = 0
        """How often the write was postponed because its check had to wait."""
        self.waits = _Waits()


class Postponed(Exception):
    """A write was not sent, or failed and may be sent again: decide again first.

    `may_have_happened`: it was sent, and the answer does not say whether it was carried out.
    """

    def __init__(self, *, may_have_happened: bool = False) -> None:
        super().__init__()
        self.may_have_happened = may_have_happened


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
        raise_if_stopping: Callable[[], None] = lambda: None,
        token_name: str = "",
        read_lag: float = 0.0,
    ) -> None:
        """Make a connection; nothing is sent yet.

        `raise_if_stopping` is called before each attempt, and raises the error that ends the run.

        `token_name`: what errors call the token, such as the variable that holds it. `read_lag`: seconds after which a
        read shows what another connection has written. Nothing public says how long that takes on Notion.

        Raises Unauthorized for a token that no header can carry: libraries would show it in their complaint.
        """
        self.requests = RequestCounts()
        self.before_write: Callable[[], None] | None = None
        """Called before each attempt at a write, in the thread that sends it."""
        self.before_read: Callable[[], None] | None = None
        """Called before each attempt at anything else, in the same way."""
        self.read_lag = read_lag
        self.notes = Notes()
        self._clock = ServerClock()
        self._is_at_the_end = False
        self._limiter = limiter
        self._sleep = sleep
        self._rested = 0.0
        self._patience = patience
        self._go_on = raise_if_stopping
        self._secret = token.strip()
        self._token_name = token_name
        proxy = proxy_for(base_url) if transport is None else None
        self._server = Server(
            httpx.URL(base_url).netloc.decode(), shown_proxy(proxy) if proxy else ""
        )
        self._client = Client(
            auth=_checked(token, token_name),
            base_url=base_url.rstrip("/"),
            notion_version=NOTION_VERSION,
            retry=False,
            logger=_silent_logger(),
            client=BoundedClient(
                transport or BoundedTransport(proxy, secure=base_url.startswith("https:")),
                deadline=self._deadline,
                largest_answer=LARGEST_ANSWER,
                clock=self._clock,
            ),
        )
        self._client.client.timeout = SILENCE

    def close(self) -> None:
        """Close the sockets."""
        self._client.close()

    def server_time(self, otherwise: datetime) -> datetime:
        """Return the time by the server's clock; `otherwise` while no answer has stated it."""
        return self._clock.now() or otherwise

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

    def fetch(
        self,
        method: str,
        path: str,
        read: Callable[[Json], T],
        *,
        query: Json | None = None,
        body: Json | None = None,
    ) -> T:
        """Send a repeatable request and return what `read` makes of its answer.

        Raises a NotionError; InvalidResponse when `read` cannot make anything of it.
        """
        answer = self.send(method, path, query=query, body=body)
        with self.reading(method, path):
            return read(answer)

    def fetch_without_waiting(
        self, method: str, path: str, read: Callable[[Json], T], *, body: Json, tries: Tries
    ) -> T:
        """Send a repeatable write now and once, and return what `read` makes of its answer.

        What the write was decided on may change while it waits. So this raises Postponed where
        `fetch` would wait for the budget or try again, and when the check before the write had to
        wait. After a failure it first sleeps as `fetch` would; Notion's own Retry-After delays the
        next request of this connection instead.

        Raises a NotionError where `fetch` would give up; `tries` holds the attempts so far.
        """
        self._go_on()
        waited = self._waited
        self._check_write(method, path)
        if self._waited != waited and tries.checked < _POSTPONED_BY_CHECKS:
            tries.checked += 1
            raise Postponed
        if not self._limiter.acquire_without_waiting():
            raise Postponed
        if self._waited != waited:  # with a budget of one request
            self._check_write(method, path)
        if tries.sent == 0:
            self.requests.count_request()
        tries.sent += 1
        try:
            answer = self._send_once(
                method, path, None, body, tries.waits, repeatable=True, surface=frozenset()
            )
        except _AttemptFailed as failed:
            failure, state = failed.failure, _state_after(failed, tries.sent)
        else:
            with self.reading(method, path):
                return read(answer)
        if self._stop(state):
            raise failure.error
        self._rest(self._wait(state))
        raise Postponed(may_have_happened=failure.verdict is Verdict.UNKNOWN)

    @contextmanager
    def reading(self, method: str, path: str) -> Iterator[None]:
        """Turn what goes wrong with an answer's content into InvalidResponse.

        The readers of answers take what Notion documents for granted. Something else that answers in
        its place, or a new kind of answer, must be an error in words.
        """
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, AssertionError) as error:
            request = f"{method} /v1/{path}"
            missing = f": {error} is missing" if isinstance(error, KeyError) else ""
            message = f"{self._server} answers {request} with something that Notion does not send there{missing}."
            raise InvalidResponse(message, request=request) from error

    @property
    def wait(self) -> float:
        """How many seconds the next request has to wait for the budget."""
        return self._limiter.wait

    def send_at_the_end(self, method: str, path: str) -> bool:
        """Try once to clean up, although the run is ending, and return whether it succeeded.

        `raise_if_stopping` is not called: it would refuse the request of a run that is stopping.
        A pause that Notion asks for is not waited for.
        """
        if self._limiter.wait > 0:
            return False
        self._limiter.acquire()
        self.requests.count_request()
        self.requests.count_attempt()
        self._is_at_the_end = True
        try:
            self._client.request(path, method)
        except Exception as error:
            _log.info("%s /v1/%s: %s", method, path, type(error).__name__)
            return False
        finally:
            self._is_at_the_end = False
        return True

    def create(
        self,
        path: str,
        body: Json,
        *,
        read: Callable[[Json], T],
        look_up: LookUp[T],
        method: str = "POST",
    ) -> T:
        """Create something once: when the outcome is unknown, look before sending the request again.

        Raises a NotionError; OutcomeUnknown when the outcome stayed unknown.
        """
        self.requests.count_request()
        for _ in range(self._patience.attempts):
            try:
                answer = self._persist(method, path, None, body, repeatable=False)
                with self.reading(method, path):
                    return read(answer)
            except (OutcomeUnknown, InvalidResponse) as error:
                unknown = error if isinstance(error, OutcomeUnknown) else _as_unknown(error)
                found = look_up()
                if found is not None:
                    return found
        raise unknown

    def _deadline(self, request: httpx.Request) -> Deadline:
        """Return when an attempt has to be complete, and what ends it before."""
        if self._is_at_the_end:
            return Deadline(_LAST_SECONDS, lambda: None)
        # What only reads may be given up at any moment.
        is_read = _only_reads(request.method, request.url.path)
        check = self._go_on if is_read else _with_grace(self._go_on)
        return Deadline(REQUEST_SECONDS, check)

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
        """Retry until the request succeeds or retrying is pointless."""
        waits = _Waits()
        policy = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AttemptFailed),
            wait=self._wait,
            stop=self._stop,
            sleep=self._rest,
            reraise=True,
        )
        try:
            return policy(
                self._attempt,
                method,
                path,
                query,
                body,
                waits,
                repeatable=repeatable,
                surface=surface,
            )
        except _AttemptFailed as given_up:
            raise given_up.failure.error from None

    def _attempt(
        self,
        method: str,
        path: str,
        query: Json | None,
        body: Json | None,
        waits: _Waits,
        *,
        repeatable: bool,
        surface: frozenset[int],
    ) -> Any:
        self._go_on()
        self._limiter.acquire()
        self._check_write(
            method, path
        )  # after the pause that Notion may have asked for, not before it
        return self._send_once(
            method, path, query, body, waits, repeatable=repeatable, surface=surface
        )

    def _send_once(
        self,
        method: str,
        path: str,
        query: Json | None,
        body: Json | None,
        waits: _Waits,
        *,
        repeatable: bool,
        surface: frozenset[int],
    ) -> Any:
        """Send a request that the limiter has let through. Raises _AttemptFailed when it may be sent again."""
        self.requests.count_attempt()
        _log.debug("%s /v1/%s", method, path)
        outcome = self._exchange(method, path, query, body)
        if not isinstance(outcome, Failure):
            return outcome
        _log.info("%s (%s)", outcome.error, outcome.error.request)
        self._consider(outcome, waits, repeatable=repeatable, surface=surface)
        raise _AttemptFailed(
            outcome
        )  # without its cause: libraries quote what a server says, be it the token

    def _check_write(self, method: str, path: str) -> None:
        """Let a request go on, or raise what ends the run. The check may send requests, and these may wait."""
        check = self.before_read if _only_reads(method, path) else self.before_write
        if check is not None:
            check()

    @property
    def _waited(self) -> float:
        """How many seconds all requests have waited so far: for the budget, for Notion, after failures."""
        return self._limiter.waited + self._rested

    def _rest(self, seconds: float) -> None:
        self._sleep(seconds)
        self._rested += seconds

    def _exchange(
        self, method: str, path: str, query: Json | None, body: Json | None
    ) -> dict[str, Any] | Failure:
        """Send a request once, and return the object it was answered with, or why it failed."""
        request = f"{method} /v1/{path}"
        try:
            answer = self._client.request(path, method, query=_dict(query), body=_dict(body))
        except Exception as error:
            failure = understand(error, request, self._server, self._secret)
            if failure is None:
                raise
            if isinstance(failure.error, Unauthorized):
                failure.error.token_name = self._token_name
            return failure
        return answer if isinstance(answer, dict) else not_an_object(answer, request, self._server)

    def _consider(
        self, failure: Failure, waits: _Waits, *, repeatable: bool, surface: frozenset[int]
    ) -> None:
        """Raise what ends the request here and now; return when it may be sent again."""
        error = failure.error
        if failure.verdict is Verdict.REFUSED or error.status in surface:
            raise error
        if failure.verdict is Verdict.UNKNOWN and not repeatable:
            raise _as_unknown(error)
        if failure.retry_after is not None:
            self._limiter.pause(self._pause(failure, waits, failure.retry_after))

    def _pause(self, failure: Failure, waits: _Waits, asked: float) -> float:
        """Return how long all requests pause: as Notion asks, and longer from time to time.

        A server that asks for no wait and refuses all the same would otherwise be asked again at
        once, for ever.

        Raises RateLimited when this request would wait longer than it may, or too often for nothing.
        """
        patience = self._patience
        backoff: float = min(
            patience.first_pause * 2.0 ** min(waits.times, 10), patience.longest_pause
        )
        pause = max(asked, backoff)
        waits.times += 1
        error = failure.error
        facts: dict[str, Any] = {
            "status": error.status,
            "code": error.code,
            "request": error.request,
        }
        if asked > patience.max_wait:
            message = f"Notion asks to wait {_seconds(asked)}: {error}"
            raise RateLimited(message, retry_after=asked, **facts)
        is_pointless = asked < patience.first_pause and waits.times >= patience.attempts
        if waits.seconds + pause > patience.max_wait or is_pointless:
            message = (
                f"{self._server} refused {error.request} {waits.times} times in a row "
                f"({_seconds(waits.seconds)} of waiting): {error}"
            )
            raise RateLimited(message, retry_after=pause, **facts)
        waits.seconds += pause
        return pause

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Wait as Notion asks (the limiter does that, for every worker), else longer from time to time."""
        if _failure(state).retry_after is not None:
            return 0.0
        patience = self._patience
        jittered = tenacity.wait_random_exponential(
            multiplier=patience.first_pause, max=patience.longest_pause
        )
        return jittered(state)

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        """Give up after so many failures. Being told to wait is none: `_pause` judges that."""
        failure = _failure(state)
        if failure.error.status == 429:
            return False
        attempts = self._patience.attempts
        if failure.attempts is not None:
            attempts = min(attempts, failure.attempts)
        return state.attempt_number >= attempts


def _only_reads(method: str, path: str) -> bool:
    """Whether a request changes nothing; queries and searches are POSTs."""
    return method == "GET" or path.endswith(("/query", "search"))


def _with_grace(raise_if_stopping: Callable[[], None]) -> Callable[[], None]:
    """Return a check that lets a write finish for a moment after the run was asked to end.

    Ctrl-C ends it at once.
    """
    asked_at: list[float] = []

    def check() -> None:
        try:
            raise_if_stopping()
        except LeftForNextRun:
            asked_at.append(time.monotonic())
            if asked_at[-1] - asked_at[0] >= _GRACE:
                raise

    return check


def _seconds(seconds: float) -> str:
    return "more than a day" if seconds > 86_400 else f"{seconds:.0f} seconds"


def _checked(token: str, token_name: str) -> str:
    token = token.strip()
    if not token:
        raise Unauthorized("The token is empty.", token_name=token_name)
    if not (token.isascii() and token.isprintable()):
        problem = (
            "The token has characters that no token has: a line break, or a letter beyond ASCII."
        )
        raise Unauthorized(problem, token_name=token_name)
    return token


def _failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _AttemptFailed)
    return error.failure


def _state_after(failed: _AttemptFailed, attempts: int) -> tenacity.RetryCallState:
    """Return what tenacity would know of a request that has failed for the last of so many attempts."""
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = attempts
    state.set_exception((type(failed), failed, None))
    return state


def _as_unknown(error: NotionError) -> OutcomeUnknown:
    return OutcomeUnknown(
        str(error),
        status=error.status,
        code=error.code,
        request=error.request,
        request_id=error.request_id,
    )


def _dict(json: Json | None) -> dict[Any, Any] | None:
    return None if json is None else dict(json)


def _silent_logger() -> logging.Logger:
    """Errors are raised and told by the command line; notion-client's own lines would tell them twice."""
    logger = logging.getLogger("notion_pm.notion.client")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
