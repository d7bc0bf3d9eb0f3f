"""Ask before something is undone."""

from __future__ import annotations

import sys

import click

from notion_pm.errors import UsageError


def ask_to_take_back(steps: int, what: str, *, yes: bool, as_json: bool) -> None:
    """Get a person's word. `what` is what `undo` was told to take back.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        command = f"notion-pm undo {what}".strip()
        raise UsageError(
            f"{steps} steps back wait for a yes, and there is no terminal to ask on.",
            f"Nothing was changed. Look at them with  {command} --dry-run, then run  {command} --yes.",
        )
    click.confirm("Take this back?", abort=True)
