"""Do the same work for many clients in parallel. A failing client does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

import click

from notion_pm.concurrency import map_concurrently
from notion_pm.console.context import Context
from notion_pm.errors import FileUnusable, InternalError, NotionPmError

_ALONE = "Run the same command for this client alone (-w) to see the cause, and report it."

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
U = TypeVar("U")

# Each of them sends up to --jobs requests at once (4 by default), so 32 in all.
_PARALLEL_CLIENTS = 8
# Not the largest number: 2 only says that there are changes, and 1 is worse than 5, where the next
# run does the rest.
_SERIOUSNESS = (1, 3, 4, 5, 2, 0)
"""Exit codes, the most serious first: error, unsafe, conflicts, not now, changes, nothing to do."""

all_option = click.option(
    "--all",
    "everyone",
    is_flag=True,
    help="Run for every workspace of notion-pm.toml in parallel, with a table at the end.",
)
"""The option `--all`: the parameter `everyone`."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The outcome for one client: a result, or the error that ended the work."""

    client: Context
    result: T | None = None
    error: NotionPmError | None = None

    @property
    def value(self) -> T:
        """The result. Raises the error that ended the work."""
        if self.error is not None:
            raise self.error
        return cast("T", self.result)

    @property
    def problem(self) -> str:
        """The error and its advice in one line, empty without an error."""
        if self.error is None:
            return ""
        message = str(self.error)
        if not message.endswith((".", "!", "?", ":")):
            message += "."
        return " ".join(f"{message} {self.error.advice}".split())

    @property
    def exit_code(self) -> int:
        """The exit code of the same command for this client alone."""
        return self.error.exit_code if self.error else 0


def for_each_client(clients: Iterable[Context], work: Callable[[Context], T]) -> list[Outcome[T]]:
    """Do the work for all clients in parallel and return the outcomes in the clients' order.

    Clients of `Context.all_clients` share a request budget per token. Ctrl-C ends all of them.
    """
    # Each client is its own first result, so that the first step has the same form as later ones.
    outcomes = [Outcome(client, client) for client in clients]
    return continue_with(outcomes, lambda client, _: work(client))


def continue_with(
    outcomes: Sequence[Outcome[T]], work: Callable[[Context, T], U]
) -> list[Outcome[U]]:
    """Do the next step for each client that has no error yet; the others keep their error."""
    return list(map_concurrently(partial(attempt, work), outcomes, _PARALLEL_CLIENTS))


def attempt(work: Callable[[Context, T], U], outcome: Outcome[T]) -> Outcome[U]:
    """Do the next step for one client, unless an earlier step failed."""
    try:
        return Outcome(outcome.client, work(outcome.client, outcome.value))
    except NotionPmError as error:
        return Outcome(outcome.client, error=error)
    except OSError as error:
        return Outcome(outcome.client, error=FileUnusable.from_os(error))
    except Exception as error:
        # An error in notion-pm itself must not cost the other clients their results.
        return Outcome(outcome.client, error=InternalError(error, _ALONE))


def most_serious(codes: Iterable[int]) -> int:
    """Return the exit code of the command as a whole."""
    return min(codes, key=_SERIOUSNESS.index, default=0)
