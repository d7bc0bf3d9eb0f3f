"""`notion-pm destroy`: move what a template made to the trash."""

from __future__ import annotations

import sys

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.links import where_to_look
from notion_pm.console.locking import locks_workspace, use_template_name
from notion_pm.console.output import echo_json, echo_lines, json_option, progress
from notion_pm.errors import UsageError
from notion_pm.provision.destroy import DestroyPlan, destroy, plan_destroy
from notion_pm.state.lock import hold_run_lock
from notion_pm.text import quantity
from notion_pm.workspace.claims import LOCK_REQUESTS

_LOCK_REQUESTS = LOCK_REQUESTS - 1  # the lock is trashed with the record page


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.option(
    "--confirm", metavar="NAME", help="The template's name, instead of typing it when asked."
)
@json_option
@pass_context
@locks_workspace(use_template_name)
def command(context: Context, *, template: str | None, confirm: str | None, as_json: bool) -> None:
    """Move everything that a template made to the trash.

    That is its databases with all their pages, and the page with the record. Nothing else is
    changed, and Notion keeps the trash for 30 days. TEMPLATE is only needed if several templates
    were applied.
    """
    with hold_run_lock(context.state_home):
        with progress(context):
            plan = plan_destroy(context.notion, context.parent_page, template, context.state_home)
        if not as_json:
            _show(plan)
        _confirm_name(plan.template, confirm, as_json=as_json)
        with progress(context) as shown:
            destroy(context.notion, plan, shown, context.state_home, context.claimant("destroy"))
    if as_json:
        echo_json(plan.as_data())
    else:
        echo_lines(
            [
                f"Done: everything listed is in the trash. {where_to_look(context)}",
                "To undo this, restore the databases and the record page from Notion's trash.",
            ]
        )


def _show(plan: DestroyPlan) -> None:
    lines = [f"These parts of the template {plan.template} will be moved to the trash:"]
    for database in plan.databases:
        pages = quantity(database.page_count, "page")
        people = f"{database.pages_of_people} of them not from the template"
        lines.append(f"  - {database.title} ({database.key}): {pages}, {people}")
    lines.append("  - the page with the record")
    if plan.adopted:
        lines.append("These databases existed before the template and are kept:")
        lines += [f"  - {title}" for title in plan.adopted]
    writes = len(plan.databases) + 1
    lines.append(
        f"{quantity(writes, 'request')}, plus reading the pages again and {_LOCK_REQUESTS} for "
        "the lock."
    )
    echo_lines(lines)


def _confirm_name(name: str, confirm: str | None, *, as_json: bool) -> None:
    """Ask a person to type the template's name, unless --confirm has it.

    Raises UsageError when it is another name, or there is no terminal to ask on.
    """
    if confirm is None:
        if as_json or not sys.stdin.isatty():
            raise UsageError(
                "The template's name must be typed to confirm, but there is no terminal.",
                f"Nothing was changed. To destroy it, add --confirm {name}",
            )
        confirm = click.prompt(f"Type {name} to continue", default="", show_default=False)
    if confirm != name:
        raise UsageError(f"{confirm!r} is not {name!r}.", "Nothing was changed.")
