"""What the commands that take the lock of a workspace have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from notion_pm.console.context import DEFAULT_TEMPLATE, Context
from notion_pm.console.output import echo, note
from notion_pm.console.signals import treat_sigterm_as_ctrl_c
from notion_pm.errors import (
    FileMissing,
    RecordCopied,
    RecordLost,
    RecordUnreadable,
    UsageError,
    ValuesMissing,
)
from notion_pm.importing.files.records_file import STDIN, ReadOptions, read_records
from notion_pm.model.ids import NotionId
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import break_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import find_record

P = ParamSpec("P")
R = TypeVar("R")

_HELP = "Remove the claims of other runs first, after asking. Only when you are sure that they are dead."


def locks_workspace(
    command: Callable[Concatenate[Context, P], R],
) -> Callable[Concatenate[Context, P], R]:
    """Add `--break-lock` to a command, and let SIGTERM end it like Ctrl-C, so that its claim is
    removed.
    """

    @click.option("--break-lock", "breaks", is_flag=True, help=_HELP)
    @wraps(command)
    def wrapper(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        treat_sigterm_as_ctrl_c(click.get_current_context().call_on_close)
        if kwargs.pop("breaks", False):
            _raise_if_unfit(kwargs)
            _read_files(context, kwargs)
            _break(context, kwargs)
        return command(context, *args, **kwargs)

    return wrapper


def _raise_if_unfit(options: Mapping[str, object]) -> None:
    """Raise UsageError for a run that does not write as it is called, or not for one client."""
    if options.get("everyone"):
        raise UsageError(
            "--break-lock is for one client.", "Leave out --all, and name the client with -w."
        )
    if options.get("dry_run"):
        raise UsageError(
            "--break-lock changes the workspace, and a dry run does not.", "Leave one of them out."
        )
    if "file" in options and options["file"] is None:
        raise UsageError("Which file?", "For one:  notion-pm import feedback.csv")
    file = options.get("file")
    if isinstance(file, str) and file != "-" and not Path(file).exists():
        raise FileMissing(Path(file))
    if click.get_current_context().info_name == "adopt" and not (
        options.get("template") or options.get("mapping")
    ):
        raise UsageError("Which template?", "For one:  notion-pm adopt product")


def _read_files(context: Context, options: Mapping[str, Any]) -> None:
    """Read the files that a command names, so that one that it would refuse costs nobody a lock.

    Raises what the command would raise.
    """
    # YAML and Jinja: only where somebody breaks a lock.
    from notion_pm.importing.mapping import map_files
    from notion_pm.template import templates

    if click.get_current_context().info_name == "import":
        if options["file"] != STDIN:  # what comes through a pipe is read once
            names = ("encoding", "separator", "header_line", "sheet", "json_path")
            form = ReadOptions(*(options[name] for name in names))
            read_records(options["file"], options["format_"], form)
        if options["map_path"] is not None and options["map_path"].exists():
            map_files.read_map(options["map_path"])
        if options["preset"] is not None:
            map_files.load_preset(options["preset"])

    reference, values = _template_file(context, options)
    if reference is not None:
        with suppress(ValuesMissing):  # the record may have them
            templates.load(reference, values)


def _template_file(
    context: Context, options: Mapping[str, Any]
) -> tuple[str | None, Mapping[str, str]]:
    """Return the template that a command reads, by its shipped name or path, and the values that
    were given.
    """
    from notion_pm.provision import plan_file
    from notion_pm.provision.adopt import mapping_file

    given, command = options.get("template"), click.get_current_context().info_name
    apply_options: ApplyOptions | None = options.get("apply_options")
    values = apply_options.values if apply_options is not None else {}
    if command in {"destroy", "undo"}:  # they take the name of a template
        return None, values
    if options.get("mapping") is not None:
        return mapping_file.read(options["mapping"]).model.adopt, values
    reference = given if command == "import" else context.template(given)
    if reference is not None and reference.endswith(plan_file.SUFFIX):
        planned = plan_file.read_plan_file(Path(reference))
        return planned.reference, planned.variables
    return reference, values


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
    from notion_pm.template.templates import (
        name_of,  # YAML and Jinja: only where somebody breaks a lock
    )

    command = click.get_current_context().info_name
    if command in {"destroy", "undo"}:
        given: str | None = options.get("template")
        return given
    if options.get("mapping") is not None and options.get("template") is not None:
        raise UsageError(
            "--apply takes everything from the mapping.",
            "Leave out the template and the databases.",
        )
    reference, _ = _template_file(context, options)
    if reference is None:
        return DEFAULT_TEMPLATE if command == "repair" else None
    return name_of(reference)


def _find_claims(context: Context, template: str | None) -> tuple[str | None, tuple[Claim, ...]]:
    """Return the template of the record that the command opens, where it can be read, and the
    claims on its page.
    """
    gateway, parent_id = context.gateway, context.parent_page
    children = list_parent_page(gateway, parent_id)
    try:
        page = find_record(gateway, parent_id, children, template, context.state_home)
    except RecordLost:  # in the trash, and its claims with it
        return template, ()
    except (RecordUnreadable, RecordCopied) as error:
        return template, read_claims(gateway.list_children(NotionId(error.page_id)))
    return (page.manifest.template, page.claims) if page is not None else (template, ())


def _ask(claims: tuple[Claim, ...], *, yes: bool, as_json: bool) -> None:
    """Get a person's word.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"Confirmation needed to remove the lock of {claims[0]}, but there is no terminal to "
            "ask on.",
            "Nothing was changed. If you are sure that the run is dead, add --yes (for destroy: "
            "--confirm NAME).",
        )
    click.confirm(
        "Are they dead for sure? Two runs at once can make everything twice. Remove the lock?",
        abort=True,
    )
