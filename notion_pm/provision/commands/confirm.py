"""Ask for a confirmation before a command writes."""

from __future__ import annotations

import sys

import click

from notion_pm.errors import UsageError


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask a question, unless --yes was given.

    Raises UsageError when there is no terminal to ask on, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            "Confirmation needed but no terminal: add --yes.",
            "Nothing was changed. Check what was found first.",
        )
    click.confirm(question, abort=True)
