"""What the commands that take the lock of a workspace have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from notion_pm.cli.context import DEFAULT_TEMPLATE, Context
from notion_pm.cli.interruption import heed_sigterm_as_ctrl_c
from notion_pm.cli.output import echo, note
from notion_pm.errors import FileMissing, ManifestUnreadable, RecordCopied, RecordLost, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import break_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import find_manifest

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
            _raise_if_unfit(kwargs)
            _break(context, kwargs)
        return command(context, *args, **kwargs)

    return wrapper


def _raise_if_unfit(options: Mapping[str, object]) -> None:
    """Raise UsageError for a run that does not write as it is called, or not for one client."""
    if options.get("everyone"):
        raise UsageError("--break-lock is for one client.", "Leave out --all, and name the client with -w.")
    if options.get("dry_run"):
        raise UsageError("--break-lock changes the workspace, and a dry run does not.", "Leave one of them out.")
    if "file" in options and options["file"] is None:
        raise UsageError("Which file?", "For one:  notion-pm import feedback.csv")
    file = options.get("file")
    if isinstance(file, str) and file != "-" and not Path(file).exists():
        raise FileMissing(Path(file))
    if click.get_current_context().info_name == "adopt" and not (options.get("template") or options.get("mapping")):
        raise UsageError("Which template?", "For one:  notion-pm adopt product")


def _break(context: Context, options: Mapping[str, Any]) -> None:
    as_json, confirm = bool(options.get("as_json")), options.get("confirm")
    template, claims = _find_claims(context, _template_of(context, options))
    if confirm is not None and template is not None and confirm != template:
        raise UsageError(f"{confirm!r} is not {template!r}.", "Nothing was changed.")
    if not claims:
        note("Nobody holds the lock.")
        return
    if not as_json:
        echo("These runs hold the lock or wait for it:")
        for claim in claims:
            echo(f"  - {claim}")
    _ask(claims, yes=bool(options.get("yes") or confirm), as_json=as_json)
    break_lock(context.gateway, claims)


def _template_of(context: Context, options: Mapping[str, Any]) -> str | None:
    """Return the name of the template that a command works on; None when its record is to say so.

    Raises what reading a mapping, a plan file or a template raises.
    """
    from notion_pm.storage import mapping_file, plan_file  # YAML and Jinja: only where somebody breaks a lock
    from notion_pm.storage.templates import name_of

    given, command = options.get("template"), click.get_current_context().info_name
    if command in {"destroy", "undo"}:  # they take the name of a template, the others a file as well
        return given
    mapping = options.get("mapping")
    if mapping is not None:
        if given is not None:
            raise UsageError("--apply takes everything from the mapping.", "Leave out the template and the databases.")
        return name_of(mapping_file.read(mapping).model.adopt)
    reference = given if command == "import" else context.template(given)
    if reference is None:
        return DEFAULT_TEMPLATE if command == "repair" else None
    if reference.endswith(plan_file.SUFFIX):
        reference = plan_file.read(Path(reference)).reference
    return name_of(reference)


def _find_claims(context: Context, template: str | None) -> tuple[str | None, tuple[Claim, ...]]:
    """Return the template of the record that the command opens, where it can be read, and the claims on its page."""
    gateway, parent_id = context.gateway, context.parent_page
    children = list_parent_page(gateway, parent_id)
    try:
        page = find_manifest(gateway, parent_id, children, template, context.state_home)
    except RecordLost:  # in the trash, and its claims with it
        return template, ()
    except (ManifestUnreadable, RecordCopied) as error:
        return template, read_claims(gateway.list_children(NotionId(error.page_id)))
    return (page.manifest.template, page.claims) if page is not None else (template, ())


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
