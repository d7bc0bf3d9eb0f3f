"""Output of commands: text or JSON on stdout, notes and progress on stderr."""

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
    from notion_pm.console.progress_bars import RequestFigures

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json`: the parameter `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
    )(command)


def echo_json(data: Any) -> None:
    """Print one JSON document."""
    # `default=str`: ids and moments in the data become text. Names in other scripts stay readable.
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def echo(text: str = "") -> None:
    """Print a line for people."""
    click.echo(text)


def echo_lines(lines: Iterable[str]) -> None:
    """Print lines for people. In a terminal, long lines break between words, but never in a
    link.
    """
    # In a pipe each line stays whole, so that grep finds the words of one line together.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        click.echo(line if width is None else wrap_line(line, width))


def wrap_line(line: str, width: int) -> str:
    """Return a line broken to a width, with a hanging indent below the start of its text."""
    if len(line) <= width or " " not in line.strip():
        return line
    margin = " " * (len(line) - len(line.lstrip(" -")))
    parts = textwrap.wrap(
        line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(parts)


def note(text: str) -> None:
    """Print a note for people on stderr: stdout is for results."""
    click.echo(text, err=True)


def end_with(code: int) -> None:
    """End the command with an exit code. 0 returns, and the command goes on."""
    if code:
        click.get_current_context().exit(code)


@contextmanager
def progress(*clients: RequestFigures) -> Iterator[Progress]:
    """Yield a Progress that draws bars on stderr, or draws nothing when stderr is not a terminal.

    `clients`: their requests are counted beside the bars. Do not print or prompt inside the block.
    """
    work_under_way.begin()
    if not sys.stderr.isatty():
        yield work_under_way.note
        work_under_way.end()
        return
    from rich.console import Console

    from notion_pm.console.progress_bars import Bars

    bars = Bars(Console(stderr=True), clients)

    def draw(what: str, done: int, total: int) -> None:
        work_under_way.note(what, done, total)
        bars.draw(what, done, total)

    with bars.display:
        yield draw
    # Not in a `finally`: after Ctrl-C the root command reports how far this work got.
    work_under_way.end()


def one_by_one(items: Iterable[T], *clients: RequestFigures) -> Iterator[T]:
    """Yield items that take long to produce.

    A bar shows while an item is produced and is removed while the caller works with it.
    """
    source = iter(items)
    while True:
        with progress(*clients):
            # The bar covers only the production of an item. While the caller works with it, it may
            # print or ask, and a bar would overwrite that.
            try:
                item = next(source)
            except StopIteration:
                return
        yield item


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    styles: Mapping[int, str] | None = None,
) -> None:
    """Print a table that fits the terminal. In a pipe it is as wide as its text, without
    colours.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column, header in enumerate(headers):
        grid.add_column(header, style=(styles or {}).get(column), overflow="fold")
    for row in rows:
        # As Text, so that rich does not read `[Beta]` in a title from Notion as markup.
        grid.add_row(*(Text(cell) for cell in row))
    Console(width=None if terminal else 200, highlight=False, soft_wrap=False).print(grid)
