"""Progress bars: how far the work is, how many requests were sent, and how long it waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

_BEFORE_FIRST = "Asking Notion"
_SHOWN_WAIT = 2.0
"""Waits longer than this many seconds are shown, so that the bar does not look stuck."""


class RequestFigures(Protocol):
    """The request figures of one client."""

    @property
    def requests_sent(self) -> int:
        """The number of requests sent so far."""

    @property
    def wait(self) -> float:
        """The seconds that the next request has to wait."""


class Bars:
    """One bar per kind of work, in the order in which they start.

    Before the first one starts, a bar without a count shows that the command is running.
    """

    def __init__(self, console: Console, clients: Sequence[RequestFigures]) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            _Amount(),
            TimeElapsedColumn(),
            _Requests(clients),
        )
        # rich would redirect stdout to the stream of the bars: results belong on stdout.
        self.display = Progress(*columns, console=console, transient=True, redirect_stdout=False)
        self._first: TaskID | None = self.display.add_task(_BEFORE_FIRST, total=None)
        self._tasks: dict[str, TaskID] = {}

    def draw(self, what: str, done: int, total: int) -> None:
        """Show how far a kind of work is. `total`: 0 when it is not known."""
        if self._first is not None:
            self.display.remove_task(self._first)
            self._first = None
        if what not in self._tasks:
            self._tasks[what] = self.display.add_task(what, total=total or None)
        self.display.update(self._tasks[what], completed=done, total=total or None)


class _Amount(ProgressColumn):
    """The amount done, and the total when it is known."""

    def render(self, task: Task) -> Text:
        done = f"{task.completed:,.0f}" if task.completed or task.total else ""
        return Text(f"{done}/{task.total:,.0f}" if task.total else done)


class _Requests(ProgressColumn):
    """The count of requests. It moves even while one large database takes long."""

    def __init__(self, clients: Sequence[RequestFigures]) -> None:
        super().__init__()
        self._clients = clients

    def render(self, task: Task) -> Text:
        # The shortest wait: with several clients, work goes on as long as one of them may send.
        wait = min((client.wait for client in self._clients), default=0.0)
        if wait > _SHOWN_WAIT:
            return Text(f"Notion's budget is spent: {wait:.0f} s to wait", style="yellow")
        sent = sum(client.requests_sent for client in self._clients)
        return Text(f"{sent:,} request{'' if sent == 1 else 's'}" if sent else "")
