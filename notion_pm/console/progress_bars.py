"""The bars of `output.progress`: how far the work is, how many requests it took, and what it waits for."""

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

_BEFORE_ANY = "Asking Notion"
_WORTH_TELLING = 2.0
"""Seconds of waiting that a person would wonder about."""


class Asking(Protocol):
    """Whoever sends requests."""

    @property
    def sent(self) -> int:
        """How many requests were sent."""

    @property
    def wait(self) -> float:
        """How many seconds the next one has to wait."""


class Bars:
    """Bars for the kinds of work that are told of, in their order; before the first, that something is going on."""

    def __init__(self, console: Console, asking: Sequence[Asking]) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            _Done(),
            TimeElapsedColumn(),
            _Requests(asking),
        )
        # stdout is left alone: rich would lead what is printed there to the bars' own stream
        self.drawn = Progress(*columns, console=console, transient=True, redirect_stdout=False)
        self._first: TaskID | None = self.drawn.add_task(_BEFORE_ANY, total=None)
        self._tasks: dict[str, TaskID] = {}

    def draw(self, what: str, done: int, total: int) -> None:
        """Show how far a kind of work is; 0 where nobody knows how much there is."""
        if self._first is not None:
            self.drawn.remove_task(self._first)
            self._first = None
        if what not in self._tasks:
            self._tasks[what] = self.drawn.add_task(what, total=total or None)
        self.drawn.update(self._tasks[what], completed=done, total=total or None)


class _Done(ProgressColumn):
    """How much is done, of how much where that is known."""

    def render(self, task: Task) -> Text:
        done = f"{task.completed:,.0f}" if task.completed or task.total else ""
        return Text(f"{done}/{task.total:,.0f}" if task.total else done)


class _Requests(ProgressColumn):
    """Requests as they are sent: they move where a single database takes its time."""

    def __init__(self, asking: Sequence[Asking]) -> None:
        super().__init__()
        self._asking = asking

    def render(self, task: Task) -> Text:
        wait = min((each.wait for each in self._asking), default=0.0)
        if wait > _WORTH_TELLING:
            return Text(f"Notion's budget is spent: {wait:.0f} s to wait", style="yellow")
        sent = sum(each.sent for each in self._asking)
        return Text(f"{sent:,} request{'' if sent == 1 else 's'}" if sent else "")
