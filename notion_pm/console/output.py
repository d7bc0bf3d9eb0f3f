"""How commands show things: text for people on stdout, JSON for programs on stdout, progress on stderr."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from notion_pm.console.signals import work_under_way
from notion_pm.workspace.progress import Progress

if TYPE_CHECKING:
    from notion_pm.console.progress_bars import Asking

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json`: the parameter `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
    )(command)


def echo_json(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def echo(text: str = "") -> None:
    """Print a line for people."""
    click.echo(text)


def echo_lines(lines: Iterable[str]) -> None:
    """Print lines for people; in a terminal those that are too long for it break between words, links never."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        click.echo(line if width is None else wrapped(line, width))


def wrapped(line: str, width: int) -> str:
    """Return a line as one or more of that width, which go on under where its text begins."""
    if len(line) <= width or " " not in line.strip():
        return line
    margin = " " * (len(line) - len(line.lstrip(" -")))
    parts = textwrap.wrap(
        line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(parts)


def note(text: str) -> None:
    """Tell something that is not the result: on stderr."""
    click.echo(text, err=True)


def end_with(code: int) -> None:
    """End the command with an exit code; 0 lets it end by itself."""
    if code:
        click.get_current_context().exit(code)


@contextmanager
def progress(*asking: Asking) -> Iterator[Progress]:
    """Give a Progress that draws bars on stderr, or nothing where stderr is not a terminal.

    `asking`: whose requests are counted beside them. Nothing is to be asked or printed while bars are drawn.
    """
    work_under_way.begin()
    if not sys.stderr.isatty():
        yield work_under_way.note
        work_under_way.end()
        return
    from rich.console import Console

    from notion_pm.console.progress_bars import Bars

    bars = Bars(Console(stderr=True), asking)

    def draw(what: str, done: int, total: int) -> None:
        work_under_way.note(what, done, total)
        bars.draw(what, done, total)

    with bars.drawn:
        yield draw
    # Not in a `finally`: after Ctrl-C the root says how far this work was.
    work_under_way.end()


def one_by_one(items: Iterable[T], *asking: Asking) -> Iterator[T]:
    """Yield items that take their time, with a bar while each is made and none while it is used."""
    made = iter(items)
    while True:
        with progress(*asking):
            try:
                item = next(made)
            except StopIteration:
                return
        yield item


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    styles: Mapping[int, str] | None = None,
) -> None:
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
