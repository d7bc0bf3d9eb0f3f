"""Writes docs/cli.md's body: the help page of every command, as the program prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.testing import CliRunner

from notion_pm.cli import main


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of a command and of all below it."""
    yield path
    if isinstance(command, click.Group):
        with click.Context(command) as ctx:
            for name in command.list_commands(ctx):
                child = command.get_command(ctx, name)
                if child is not None:
                    yield from commands(child, (*path, name))


def help_pages() -> Iterator[str]:
    """Yield the help pages as Markdown sections."""
    for path in commands(main):
        shown = CliRunner().invoke(
            main, [*path, "--help"], prog_name="notion-pm", terminal_width=100
        )
        title = " ".join(("notion-pm", *path))
        yield f"## {title}\n\n```text\n{shown.output.rstrip()}\n```\n"
