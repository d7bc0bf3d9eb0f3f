"""Ask for a confirmation before a command writes."""

from __future__ import annotations

import sys

import click

from notion_pm.errors import UsageError


def confirm(
    question: str,
    *,
    yes: bool,
    as_json: bool,
    problem: str = "Confirmation needed but no terminal: add --yes.",
    advice: str = "Nothing was changed. Check what was found first.",
) -> None:
    """Ask a question, unless --yes was given.

    Raises UsageError with `problem` and `advice` when there is no terminal to ask on, Abort when
    the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(problem, advice)
    click.confirm(question, abort=True)


def confirm_undo(steps: int, what: str, *, yes: bool, as_json: bool) -> None:
    """Ask whether to undo. `what`: the argument of `undo`, for example `sync`.

    Raises what `confirm` raises.
    """
    command = f"notion-pm undo {what}".strip()
    confirm(
        "Undo these changes?",
        yes=yes,
        as_json=as_json,
        problem=f"Confirmation needed for {steps} changes to undo, but there is no terminal.",
        advice=f"Nothing was changed. Review them with  {command} --dry-run, "
        f"then run  {command} --yes.",
    )
