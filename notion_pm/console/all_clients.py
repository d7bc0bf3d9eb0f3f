"""The same work for many clients: side by side, and one client's failure is nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

import click

from notion_pm.concurrency import map_concurrently
from notion_pm.console.context import Context
from notion_pm.errors import FileUnusable, InternalError, NotionPmError

_ALONE = (
    "Run the same command for this client alone (-w) to see where it comes from, and report it."
)

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
U = TypeVar("U")

_SIDE_BY_SIDE = 8
_SERIOUSNESS = (1, 3, 4, 5, 2, 0)
"""Exit codes, the most serious first: error, unsafe, conflicts, left for later, changes, nothing."""

all_option = click.option(
    "--all",
    "everyone",
    is_flag=True,
    help="Every workspace of notion-pm.toml, side by side, with a table at the end.",
)
"""The option `--all`: the parameter `everyone`."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one client: the work's result, or the error that ended it."""

    client: Context
    result: T | None = None
    error: NotionPmError | None = None

    @property
    def value(self) -> T:
        """The work's result. Raises the error that ended it."""
        if self.error is not None:
            raise self.error
        return cast("T", self.result)

    @property
    def problem(self) -> str:
        """The error and its next step in one line; empty where all went well."""
        if self.error is None:
            return ""
        happened = str(self.error)
        stop = "" if happened.endswith((".", "!", "?", ":")) else "."
        return " ".join(f"{happened}{stop} {self.error.advice}".split())

    @property
    def exit_code(self) -> int:
        """How a command for this client alone would have ended."""
        return self.error.exit_code if self.error else 0


def for_each_client(clients: Iterable[Context], work: Callable[[Context], T]) -> list[Outcome[T]]:
    """Do the work for every client, side by side, and return what became of each, in their order.

    The clients that `Context.all_clients` returns keep to one budget a token. An interruption ends them all.
    """
    outcomes = [Outcome(client, client) for client in clients]
    return go_on(outcomes, lambda client, _: work(client))


def go_on(outcomes: Sequence[Outcome[T]], work: Callable[[Context, T], U]) -> list[Outcome[U]]:
    """Do the next step for the clients that the last one did not stop; the others keep their error."""
    return list(map_concurrently(partial(attempt, work), outcomes, _SIDE_BY_SIDE))


def attempt(work: Callable[[Context, T], U], outcome: Outcome[T]) -> Outcome[U]:
    """Do the next step for one client, unless an earlier one has failed."""
    try:
        return Outcome(outcome.client, work(outcome.client, outcome.value))
    except NotionPmError as error:
        return Outcome(outcome.client, error=error)
    except OSError as error:
        return Outcome(outcome.client, error=FileUnusable.from_os(error))
    except (
        Exception
    ) as error:  # a fault of ours with one client must not cost the others their result
        return Outcome(outcome.client, error=InternalError(error, _ALONE))


def most_serious(codes: Iterable[int]) -> int:
    """Return the exit code of the command as a whole."""
    return min(codes, key=_SERIOUSNESS.index, default=0)
