"""The option `--break-lock` of commands that take the lock of a workspace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from notion_pm.console.context import Context
from notion_pm.console.output import echo_lines, note
from notion_pm.console.signals import treat_sigterm_as_ctrl_c
from notion_pm.errors import (
    RecordCopied,
    RecordLost,
    RecordUnreadable,
    UsageError,
    ValuesMissing,
)
from notion_pm.model.ids import NotionId
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import break_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import find_record

P = ParamSpec("P")
R = TypeVar("R")

CheckInput = Callable[[Context, Mapping[str, Any]], str | None]
"""Check the options and files of a command as the command itself would.

Returns the name of the template that the command works on, None when the record shall show it.
Raises what the command would raise.
"""

_HELP = "First remove the claims of other runs, after asking. Only if you are sure they are dead."


def locks_workspace(
    check_input: CheckInput,
) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[Concatenate[Context, P], R]]:
    """Add `--break-lock` to a command, and let SIGTERM end it like Ctrl-C, so that its claim is
    removed.

    `check_input` is called before a lock is broken: a command that would refuse its input must not
    remove the claim of another run first.
    """

    def decorate(
        command: Callable[Concatenate[Context, P], R],
    ) -> Callable[Concatenate[Context, P], R]:
        @click.option("--break-lock", "breaks", is_flag=True, help=_HELP)
        @wraps(command)
        def wrapper(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            treat_sigterm_as_ctrl_c(click.get_current_context().call_on_close)
            # Removed from the options: the command itself does not know of --break-lock.
            if kwargs.pop("breaks", False):
                _refuse_if_not_writing(kwargs)
                template = check_input(context, kwargs)
                _break(context, kwargs, template)
            return command(context, *args, **kwargs)

        return wrapper

    return decorate


def use_template_name(context: Context, options: Mapping[str, Any]) -> str | None:
    """Check the input of a command whose argument is the name of a template, and no file."""
    name: str | None = options.get("template")
    return name


def check_template(reference: str, values: Mapping[str, str]) -> str:
    """Load a template, by its shipped name or path; return its name. Raises what loading raises."""
    # YAML and Jinja are loaded only when a lock is broken.
    from notion_pm.template import templates

    with suppress(ValuesMissing):  # the record may have them
        templates.load(reference, values)
    return templates.name_of(reference)


def _refuse_if_not_writing(options: Mapping[str, object]) -> None:
    """Raise UsageError for a run that writes nothing, or that is for several clients."""
    if options.get("everyone"):
        raise UsageError(
            "--break-lock is for one client.", "Leave out --all, and name the client with -w."
        )
    if options.get("dry_run"):
        raise UsageError(
            "--break-lock changes the workspace, and a dry run does not.", "Leave one of them out."
        )


def _break(context: Context, options: Mapping[str, Any], template: str | None) -> None:
    as_json = bool(options.get("as_json"))
    confirm = options.get("confirm")
    recorded_template, claims = _find_claims(context, template)
    # `destroy --confirm NAME`: a wrong name must be refused before the claim of another run is
    # removed, not after.
    if confirm is not None and recorded_template is not None and confirm != recorded_template:
        raise UsageError(f"{confirm!r} is not {recorded_template!r}.", "Nothing was changed.")
    if not claims:
        note("No other run holds the lock.")
        return
    if not as_json:
        echo_lines(_claim_lines(claims))
    _confirm(claims, yes=bool(options.get("yes") or confirm), as_json=as_json)
    break_lock(context.notion, claims)


def _claim_lines(claims: tuple[Claim, ...]) -> Iterator[str]:
    yield "These runs hold the lock or wait for it:"
    for claim in claims:
        yield f"  - {claim}"


def _find_claims(context: Context, template: str | None) -> tuple[str | None, tuple[Claim, ...]]:
    """Return the template of the record that the command opens, and the claims on its page."""
    notion, parent_id = context.notion, context.parent_page
    children = list_parent_page(notion, parent_id)
    try:
        page = find_record(notion, parent_id, children, template, context.state_home)
    except RecordLost:  # in the trash, and its claims with it
        return template, ()
    except (RecordUnreadable, RecordCopied) as error:
        return template, read_claims(notion.list_children(NotionId(error.page_id)))
    return (page.manifest.template, page.claims) if page is not None else (template, ())


def _confirm(claims: tuple[Claim, ...], *, yes: bool, as_json: bool) -> None:
    """Ask a person. Raises UsageError when there is no terminal, Abort when the answer is no."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"Confirmation needed to remove the lock of {claims[0]}, but there is no terminal.",
            "Nothing was changed. If you are sure that the run is dead, add --yes (for destroy: "
            "--confirm NAME).",
        )
    click.confirm(
        "Are you sure that they are dead? Two runs at once can create everything twice. "
        "Remove the lock?",
        abort=True,
    )
