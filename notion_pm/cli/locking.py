"""What the commands that take the lock of a workspace have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import click

from notion_pm.cli.context import Context
from notion_pm.cli.interruption import heed_sigterm_as_ctrl_c
from notion_pm.cli.output import echo, note
from notion_pm.errors import UsageError
from notion_pm.workspace.claims import Claim
from notion_pm.workspace.lock import break_lock, find_claims

P = ParamSpec("P")
R = TypeVar("R")

_HELP = "Remove the claims of other runs first, after asking. Only when you are sure that they are dead."


def locks_workspace(command: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
    """Add `--break-lock` to a command, and let SIGTERM end it like Ctrl-C, so that its claim is removed."""

    @click.option("--break-lock", "breaks", is_flag=True, help=_HELP)
    @wraps(command)
    def wrapper(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        heed_sigterm_as_ctrl_c(click.get_current_context().call_on_close)
        if kwargs.pop("breaks", False):
            if kwargs.get("everyone"):
                raise UsageError("--break-lock is for one client.", "Leave out --all, and name the client with -w.")
            agreed = bool(kwargs.get("yes") or kwargs.get("confirm"))
            _break(context, yes=agreed, as_json=bool(kwargs.get("as_json")))
        return command(context, *args, **kwargs)

    return wrapper


def _break(context: Context, *, yes: bool, as_json: bool) -> None:
    claims = find_claims(context.gateway, context.parent_page)
    if not claims:
        note("Nobody holds the lock.")
        return
    if not as_json:
        echo("These runs hold the lock or wait for it:")
        for claim in claims:
            echo(f"  - {claim}")
    _ask(claims, yes=yes, as_json=as_json)
    break_lock(context.gateway, claims)


def _ask(claims: tuple[Claim, ...], *, yes: bool, as_json: bool) -> None:
    """Get a person's word. Raises UsageError where there is nobody to ask, Abort when the answer is no."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"Confirmation needed to remove the lock of {claims[0]}, but there is no terminal to ask on.",
            "Nothing was changed. If you are sure that the run is dead, add --yes (for destroy: --confirm NAME).",
        )
    click.confirm("Are they dead for sure? Two runs at once can make everything twice. Remove the lock?", abort=True)
