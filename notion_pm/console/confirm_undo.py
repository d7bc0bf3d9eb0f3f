"""Ask before something is undone."""

from __future__ import annotations

import sys

import click

from notion_pm.errors import UsageError


def confirm_undo(steps: int, what: str, *, yes: bool, as_json: bool) -> None:
    """Ask whether to undo. `what`: the argument of `undo`, for example `sync`.

    Raises UsageError when there is no terminal to ask on, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        command = f"notion-pm undo {what}".strip()
        raise UsageError(
            f"Confirmation needed for {steps} changes to undo, but there is no terminal.",
            f"Nothing was changed. Review them with  {command} --dry-run, "
            f"then run  {command} --yes.",
        )
    click.confirm("Undo these changes?", abort=True)
