"""How commands show things: text for people on stdout, JSON for programs on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from notion_pm.workflows.progress import Progress, silent

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json`: the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(command)


def echo_json(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def echo(text: str = "") -> None:
    """Print a line for people."""
    click.echo(text)


def note(text: str) -> None:
    """Tell something that is not the result: on stderr."""
    click.echo(text, err=True)


def end_with(code: int) -> None:
    """End the command with an exit code; 0 lets it end by itself."""
    if code:
        click.get_current_context().exit(code)


@contextmanager
def progress() -> Iterator[Progress]:
    """Give a Progress that draws bars on stderr, or nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def draw(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield draw


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Mapping[int, str] | None = None) -> None:
    """Print a table that fits the terminal; in a pipe, as wide as its text and without colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for place, header in enumerate(headers):
        drawn.add_column(header, style=(styles or {}).get(place), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(width=None if terminal else 200, highlight=False, soft_wrap=False).print(drawn)
