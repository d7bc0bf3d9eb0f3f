"""One connection to Notion: notion-client for the wire, one limiter, one retry policy.

A request is sent again when that is safe:

- nothing happened (429, 529, 409, never connected): any request;
- it may have happened (5xx, a timeout, a lost connection): requests that are safe to repeat. A
  request that creates something first looks for what it may have created; if that exists, it is the
  answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import httpx
from notion_client import Client

from notion_pm.errors import (
    InvalidResponse,
    LeftForNextRun,
    OutcomeUnknown,
    RequestFacts,
    Unauthorized,
)
from notion_pm.network import proxy_for, shown_proxy
from notion_pm.notion.failures import Failure, Server, Verdict, not_an_object, understand
from notion_pm.notion.limiter import WindowLimiter
from notion_pm.notion.retry import Patience, RetryPolicy, Tries
from notion_pm.notion.transport import BoundedClient, BoundedTransport, Deadline, ServerClock

NOTION_VERSION = "2026-03-11"

REQUEST_SECONDS = 90.0
"""The time of one attempt as a whole. Notion itself gives up after 60 seconds and answers 504
(notion-api.md 4.2); the rest is for a slow line."""

SILENCE = httpx.Timeout(65.0, connect=15.0)
"""Seconds without a sign of life. Longer than Notion's own 60, so that its 504 arrives."""

LARGEST_ANSWER = 32 * 2**20
"""Bytes, unpacked. 100 rows of a query are 2 MB where rows are rich, and parsed JSON takes ten
times its size in memory."""

_GRACE = 5.0
"""Seconds that a write gets to finish when the run is to end: its outcome is then known."""

_LAST_SECONDS = 5.0
"""Seconds for the one request with which a stopped run cleans up."""

_POSTPONED_BY_CHECKS = 3
"""How often a write is decided again because its check had to wait. With a budget of a few requests
per window every check may have to, and no write would ever be sent."""

_log = logging.getLogger(__name__)

T = TypeVar("T")
Json = Mapping[str, Any]
LookUp = Callable[[], T | None]
"""Return what a create whose outcome is unknown has created, None when there is nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to Notion. `path`: below `/v1/`.

    `repeatable`: sending it twice does no more than sending it once. `raise_at_once`: statuses that
    are raised at the first occurrence; the caller knows a better answer than to repeat the request.
    """

    method: str
    path: str
    body: Json | None = None
    query: Json | None = None
    repeatable: bool = True
    raise_at_once: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.method} /v1/{self.path}"

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing; queries and searches are POSTs."""
        return self.method == "GET" or self.path.endswith(("/query", "search"))


class Postponed(Exception):
    """A write was not sent, or failed and may be sent again: decide again first.

    `may_have_happened`: it was sent, and the response does not say whether it was carried out.
    """

    def __init__(self, *, may_have_happened: bool = False) -> None:
        super().__init__()
        self.may_have_happened = may_have_happened


class RequestCounts:
    """How many requests were wanted (`logical`) and how many were sent (`attempts`).

    They differ by what was sent again: after a 429, a 5xx or a lost connection. Safe for threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.logical = 0
        self.attempts = 0

    def count_request(self) -> None:
        """Count one more request that is wanted."""
        with self._lock:
            self.logical += 1

    def count_attempt(self) -> None:
        """Count one more request that is sent."""
        with self._lock:
            self.attempts += 1


class Notes:
    """Prints notes about what notion-pm leaves out, each once, on stderr. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._printed: set[str] = set()

    def once(self, text: str) -> None:
        """Print a note, unless it was printed before."""
        with self._lock:
            if text in self._printed:
                return
            self._printed.add(text)
        _log.warning("%s", text)


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
        patience: Patience | None = None,
        raise_if_stopping: Callable[[], None] = lambda: None,
        token_name: str = "",
        read_lag: float = 0.0,
    ) -> None:
        """Make a connection; nothing is sent yet.

        `raise_if_stopping`: called before each attempt; raises what ends the run. `token_name`:
        what errors call the token, such as the variable that contains it. `read_lag`: seconds after
        which a read shows what another connection has written; Notion publishes no figure.

        Raises Unauthorized for a token that no header can contain: libraries would print it in
        their own error.
        """
        self.requests = RequestCounts()
        self.before_write: Callable[[], None] | None = None
        """Called before each attempt at a write, in the thread that sends it."""
        self.before_read: Callable[[], None] | None = None
        """Called before each attempt at anything else, in the same way."""
        self.read_lag = read_lag
        self.notes = Notes()
        self._clock = ServerClock()
        self._is_cleaning_up = False
        self._limiter = limiter
        self._sleep = sleep
        self._slept = 0.0
        self._raise_if_stopping = raise_if_stopping
        self._secret = token.strip()
        self._token_name = token_name
        _raise_if_not_a_token(self._secret, token_name)

        proxy = proxy_for(base_url) if transport is None else None
        host = httpx.URL(base_url).netloc.decode()
        self._server = Server(host, shown_proxy(proxy) if proxy else "")
        patience = patience or Patience()
        self._retry_policy = RetryPolicy(patience, self._server)
        self._attempts_of_create = patience.attempts
        self._client = Client(
            auth=self._secret,
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
        """Return the time by the server's clock; `otherwise` before the first response."""
        return self._clock.now() or otherwise

    @property
    def wait(self) -> float:
        """How many seconds the next request has to wait for the budget."""
        return self._limiter.wait

    # --- ways to send a request

    def send(self, request: Request) -> Any:
        """Send a request until it succeeds, and return the response's JSON.

        Raises a NotionError; OutcomeUnknown where a request that is not repeatable may have been
        carried out.
        """
        self.requests.count_request()
        return self._send_until_answered(request)

    def fetch(self, request: Request, read: Callable[[Json], T]) -> T:
        """Send a request and return what `read` makes of its response.

        Raises a NotionError; InvalidResponse when `read` cannot make anything of it.
        """
        answer = self.send(request)
        with self.reading(request):
            return read(answer)

    def create(self, request: Request, read: Callable[[Json], T], look_up: LookUp[T]) -> T:
        """Create something once: when the outcome is unknown, look for it before sending again.

        Raises a NotionError; OutcomeUnknown when the outcome stays unknown.
        """
        self.requests.count_request()
        request = replace(request, repeatable=False)
        for _ in range(self._attempts_of_create):
            try:
                answer = self._send_until_answered(request)
                with self.reading(request):
                    return read(answer)
            except (OutcomeUnknown, InvalidResponse) as error:
                # InvalidResponse: mostly with a status of 2xx, so it may have been created.
                unknown = OutcomeUnknown(str(error), error.facts)
                found = look_up()
                if found is not None:
                    return found
        raise unknown

    def fetch_without_waiting(self, request: Request, read: Callable[[Json], T], tries: Tries) -> T:
        """Send a repeatable write now and once, and return what `read` makes of its response.

        The facts that a write was decided on may change while it waits. So this raises Postponed
        where `fetch` would wait for the budget or try again, and when the check before the write
        had to wait. After a failure it first sleeps as `fetch` would; a Retry-After of Notion
        delays the next request of this connection instead.

        Raises a NotionError where `fetch` would give up; `tries` contains the attempts so far.
        """
        self._raise_if_stopping()
        waited_before = self._waited
        self._check(request)
        had_to_wait = self._waited != waited_before
        if had_to_wait and tries.postponed_by_checks < _POSTPONED_BY_CHECKS:
            tries.postponed_by_checks += 1
            raise Postponed
        if not self._limiter.acquire_without_waiting():
            raise Postponed
        if (
            self._waited != waited_before
        ):  # with a budget of one request the limiter waits after all
            self._check(request)

        if tries.sent == 0:  # the caller repeats the request: it counts once
            self.requests.count_request()
        outcome = self._attempt(request, tries)
        if isinstance(outcome, Failure):
            self._rest_before_retry(request, outcome, tries)
            raise Postponed(may_have_happened=outcome.verdict is Verdict.UNKNOWN)
        with self.reading(request):
            return read(outcome)

    def send_while_stopping(self, request: Request) -> bool:
        """Try once to clean up, although the run is ending, and return whether it succeeded.

        Does not call `raise_if_stopping`, which would refuse every request of a stopped run. Does
        not wait for a pause that Notion asks for.
        """
        if self._limiter.wait > 0:
            return False  # the run should end now, not in a minute
        self._limiter.acquire()
        self.requests.count_request()
        self.requests.count_attempt()
        self._is_cleaning_up = True
        try:
            self._client.request(request.path, request.method)
        except Exception as error:
            _log.info("%s: %s", request, type(error).__name__)
            return False
        finally:
            self._is_cleaning_up = False
        return True

    @contextmanager
    def reading(self, request: Request) -> Iterator[None]:
        """Turn what goes wrong with a response's content into InvalidResponse.

        The readers of responses rely on what Notion documents. When something else answers in
        Notion's place, or with a new kind of response, the user must get an error in words.
        """
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, AssertionError) as error:
            missing = f": {error} is missing" if isinstance(error, KeyError) else ""
            message = (
                f"{self._server} answers {request} with something that Notion does not send there"
                f"{missing}."
            )
            raise InvalidResponse(message, RequestFacts(request=str(request))) from error

    # --- attempts

    def _send_until_answered(self, request: Request) -> Any:
        """Retry until the request succeeds or retrying is pointless."""
        tries = Tries()
        while True:
            self._raise_if_stopping()
            self._limiter.acquire()
            # After the pause that Notion may have asked for, not before it: the pause can be long,
            # and the check would then be out of date.
            self._check(request)
            outcome = self._attempt(request, tries)
            if not isinstance(outcome, Failure):
                return outcome
            self._rest_before_retry(request, outcome, tries)

    def _attempt(self, request: Request, tries: Tries) -> dict[str, Any] | Failure:
        """Send a request once; return the object in its response, or why it failed."""
        tries.sent += 1
        self.requests.count_attempt()
        _log.debug("%s", request)
        query = None if request.query is None else dict(request.query)
        body = None if request.body is None else dict(request.body)
        try:
            answer = self._client.request(request.path, request.method, query=query, body=body)
        except Exception as error:
            # Callers raise the failure outside of this block, without its cause: libraries quote
            # what a server says, which may be the token.
            failure = understand(error, str(request), self._server, self._secret)
            if failure is None:
                raise
            if isinstance(failure.error, Unauthorized):
                failure.error.name_token(self._token_name)
        else:
            if isinstance(answer, dict):
                return answer
            failure = not_an_object(answer, str(request), self._server)
        _log.info("%s (%s)", failure.error, failure.error.facts.request)
        return failure

    def _rest_before_retry(self, request: Request, failure: Failure, tries: Tries) -> None:
        """Wait until the request may be sent again.

        Raises the failure's error when sending it again is unsafe or pointless.
        """
        error = failure.error
        if failure.verdict is Verdict.REFUSED or error.status in request.raise_at_once:
            raise error
        if failure.verdict is Verdict.UNKNOWN and not request.repeatable:
            raise OutcomeUnknown(str(error), error.facts)
        if failure.retry_after is not None:
            # The limiter lets all workers wait, and this request with its next `acquire`.
            pause = self._retry_policy.pause_for_all(failure.retry_after, error, tries)
            self._limiter.pause(pause)
        if self._retry_policy.is_exhausted(failure, tries):
            raise error
        if failure.retry_after is None:
            self._rest(self._retry_policy.backoff(tries))

    def _check(self, request: Request) -> None:
        """Let a request pass, or raise what ends the run.

        The check may send requests itself, and these may wait.
        """
        check = self.before_read if request.only_reads else self.before_write
        if check is not None:
            check()

    @property
    def _waited(self) -> float:
        """Seconds that all requests have waited so far: for the budget, and after failures."""
        return self._limiter.waited + self._slept

    def _rest(self, seconds: float) -> None:
        self._sleep(seconds)
        self._slept += seconds

    def _deadline(self, http_request: httpx.Request) -> Deadline:
        """Return when an attempt has to be complete, and what ends it before."""
        if self._is_cleaning_up:
            return Deadline(_LAST_SECONDS, lambda: None)
        # A read may be stopped at any moment. A write gets a few seconds to finish: the next run
        # then need not find out whether it was carried out.
        if Request(http_request.method, http_request.url.path).only_reads:
            return Deadline(REQUEST_SECONDS, self._raise_if_stopping)
        return Deadline(REQUEST_SECONDS, _with_grace(self._raise_if_stopping))


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


def _raise_if_not_a_token(token: str, token_name: str) -> None:
    if not token:
        error = Unauthorized("The token is empty.")
    elif not (token.isascii() and token.isprintable()):
        error = Unauthorized(
            "The token contains characters that no token has: a line break, or a letter beyond "
            "ASCII."
        )
    else:
        return
    error.name_token(token_name)
    raise error


def _silent_logger() -> logging.Logger:
    """Return a logger that prints nothing.

    The command line prints the errors; notion-client's own lines would repeat them.
    """
    logger = logging.getLogger("notion_pm.notion.client")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
