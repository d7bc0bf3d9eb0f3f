"""The scratch page, and the requests that statements send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import (
    CapabilityMissing,
    NotionError,
    NotShared,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unreachable,
)
from notion_pm.model.ids import NotionId
from notion_pm.notion.connection import Connection, Request
from notion_pm.probe.statement import CannotTell

T = TypeVar("T")
Json = dict[str, Any]

# The usual number (`runner.USUAL_REQUESTS`), and some more for repeated reads where a query lags.
# Notion allows 180 a minute (notion-api.md 4.1).
MOST_REQUESTS = 200
"""The requests of a whole probe, over all its runs."""

_RESERVED_FOR_CLEANUP = 2
"""Requests reserved for moving the scratch page to the trash."""

# 4 x 6 seconds are more than the 20 seconds after which edits were seen (notion-measured.md 9).
_MOST_REPEATS = 4
_PAUSE = 6.0
"""Seconds between them. Users reported edits missing in queries after 4 seconds, but not after 20.
"""

_ENDS_THE_PROBE = (Unauthorized, RateLimited, Unreachable)
"""After these no other statement can be checked either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Notion's response: a status, an error's code and message, and the body of a success."""

    request: str
    status: int
    body: Json = field(default_factory=dict)
    code: str = ""
    message: str = ""

    @property
    def outcome(self) -> str:
        """The status and, after a refusal, the error's code: `200`, `400 validation_error`."""
        return f"{self.status} {self.code}".strip()

    def __getitem__(self, key: str) -> Any:
        """Return a value of the body.

        Raises CannotTell when the request was refused.
        """
        # A check may also index an answer and ignore the value, as in `lab.patch(...)["id"]`. That
        # ends it here as "cannot tell" if a step before the question itself was refused.
        if self.status >= 300:
            raise CannotTell(f"{self.request} was refused: {self.outcome}, {self.message}")
        return self.body[key]


class Lab:
    """Sends the requests of statements, and stores what several of them share.

    `spent`: how many requests earlier runs of this probe have sent. `second`: another connection to
    the same workspace, for statements that need two.
    """

    def __init__(
        self,
        connection: Connection,
        scratch: NotionId,
        *,
        sleep: Callable[[float], None],
        spent: int = 0,
        second: Connection | None = None,
    ) -> None:
        self.scratch = scratch
        self.sleep = sleep
        self._connection = connection
        self._all = [connection, second] if second else [connection]
        self._earlier = spent
        self._shared: dict[Callable[[Lab], Any], Any] = {}

    @property
    def spent(self) -> int:
        """How many requests were sent so far, repeated ones and those of earlier runs included."""
        return self._earlier + sum(connection.requests.attempts for connection in self._all)

    @property
    def second(self) -> Lab:
        """The same lab over the other connection. Raises CannotTell if there is only one."""
        if len(self._all) == 1:
            raise CannotTell(
                "it needs a second connection: name the variable of its token with "
                "--second-token-env",
                is_optional=True,
            )
        # A copy shares what was prepared, and counts the requests of both connections.
        other = copy(self)
        other._connection = self._all[1]
        return other

    def get(self, path: str, **query: Any) -> Answer:
        """Send a GET."""
        return self._send("GET", path, query=query or None)

    def post(self, path: str, **body: Any) -> Answer:
        """Send a POST."""
        return self._send("POST", path, body=body)

    def patch(self, path: str, **body: Any) -> Answer:
        """Send a PATCH."""
        return self._send("PATCH", path, body=body)

    def delete(self, path: str) -> Answer:
        """Send a DELETE."""
        return self._send("DELETE", path)

    def query(self, source: str, **body: Any) -> Answer:
        """Query a data source for pages, as notion-pm does: wikis contain data sources as well."""
        return self.post(f"data_sources/{source}/query", result_type="page", **body)

    def until(
        self, is_there: Callable[[Answer], bool], answer: Answer, ask_again: Callable[[], Answer]
    ) -> Answer:
        """Ask again, with pauses, until the answer shows a write: queries and search may lag.

        Return the last answer, whatever it is.
        """
        for _ in range(_MOST_REPEATS):
            if answer.status == 200 and is_there(answer):
                break
            self.sleep(_PAUSE)
            answer = ask_again()
        return answer

    def settle(self) -> None:
        """Wait as long as Notion may take until every connection sees a change."""
        self.sleep(self._connection.read_lag)

    def side_by_side(self, *actions: Callable[[], T]) -> list[T]:
        """Run actions at the same time."""
        # A worker for each action: with fewer they would run one after the other.
        return list(map_concurrently(lambda action: action(), actions, len(actions)))

    def shared(self, prepare: Callable[[Lab], T]) -> T:
        """Return the result of `prepare`, which is called once for all statements.

        Raises CannotTell, each time, if `prepare` raised it.
        """
        if prepare not in self._shared:
            try:
                self._shared[prepare] = prepare(self)
            # Stored like a result: a second attempt would spend requests and fail again.
            except CannotTell as error:
                self._shared[prepare] = error
        made = self._shared[prepare]
        if isinstance(made, CannotTell):
            raise made
        return made  # type: ignore[no-any-return]

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Json | None = None,
    ) -> Answer:
        # Stop before the limit: the user was promised a number of requests.
        if self.spent >= MOST_REQUESTS - _RESERVED_FOR_CLEANUP:
            raise CannotTell(f"the limit of {MOST_REQUESTS} requests is reached")
        request = Request(method, path, body, query)
        # Sending an append or a create again could create things twice, and falsify the counts.
        request = replace(request, repeatable=request.only_reads)
        try:
            answer = self._connection.send(request)
        except _ENDS_THE_PROBE:
            raise
        # A refusal is what many statements are about; trouble with the connection is no fact.
        except CapabilityMissing as error:
            raise CannotTell(f"the connection may not do {method} {_kind(path)}: {error}") from None
        except (RequestRefused, NotShared) as error:
            return Answer(
                f"{method} {_kind(path)}", error.status, code=error.code, message=str(error)
            )
        except NotionError as error:
            raise CannotTell(f"no usable answer to {method} {_kind(path)}: {error}") from None
        return Answer(f"{method} {_kind(path)}", 200, answer)


def experiment(prepare: Callable[[Lab], T]) -> Callable[[Lab], T]:
    """Let a function run once for all statements that need its result."""

    @wraps(prepare)
    def prepared(lab: Lab) -> T:
        return lab.shared(prepare)

    return prepared


def _kind(path: str) -> str:
    """Return a path without ids: `pages/ID/markdown`."""
    parts = path.split("/")
    # An id has 32 characters, or 36 with dashes. No other part of a path is that long.
    return "/".join("ID" if len(part) >= 32 else part for part in parts)
