"""`notion-pm destroy`: put what a template made in the trash."""

from __future__ import annotations

import sys

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.errors import UsageError
from notion_pm.provision.destroy import Destruction, destroy, destruction
from notion_pm.state.lock import hold_run_lock
from notion_pm.workspace.claims import LOCK_REQUESTS

_LOCK_REQUESTS = LOCK_REQUESTS - 1  # the claim goes to the trash with the record page


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.option(
    "--confirm", metavar="NAME", help="The template's name, instead of typing it when asked."
)
@json_option
@pass_context
@locks_workspace
def command(context: Context, *, template: str | None, confirm: str | None, as_json: bool) -> None:
    """Move everything that a template created to the trash: its databases with all their pages, and the record page.

    Nothing else is touched, and Notion keeps the trash for 30 days. TEMPLATE is needed where several were applied.
    """
    with hold_run_lock(context.state_home):
        with progress(context):
            doomed = destruction(context.gateway, context.parent_page, template, context.state_home)
        if not as_json:
            _show(doomed)
        _ask(doomed.template, confirm, as_json=as_json)
        with progress(context) as shown:
            destroy(context.gateway, doomed, shown, context.state_home, context.claimant("destroy"))
    if as_json:
        echo_json(doomed.as_data())
    else:
        echo("Done: it is in the trash.")


def _show(doomed: Destruction) -> None:
    echo(f"To the trash goes what the template {doomed.template} made here:")
    for each in doomed.databases:
        echo(
            f"  - {each.title} ({each.key}): {each.pages} pages, {each.theirs} of them not from the template"
        )
    echo("  - the page that keeps the record")
    for title in doomed.adopted:
        echo(f"{title} was there before the template: it stays, with all that is in it.")
    writes = len(doomed.databases) + 1
    echo(
        f"{writes} requests for that, plus reading the pages again, and {_LOCK_REQUESTS} for the lock."
    )


def _ask(name: str, confirm: str | None, *, as_json: bool) -> None:
    """Get the template's name from a person, as their word.

    Raises UsageError where it is another one, or nobody is there to type it.
    """
    if confirm is None and (as_json or not sys.stdin.isatty()):
        raise UsageError(
            "Destroying needs the template's name typed, and there is no terminal to type it on.",
            f"Nothing was changed. If it is to be, run it again with --confirm {name}",
        )
    typed = (
        confirm
        if confirm is not None
        else click.prompt(f"Type {name} to go on", default="", show_default=False)
    )
    if typed != name:
        raise UsageError(f"{typed!r} is not {name!r}.", "Nothing was changed.")
