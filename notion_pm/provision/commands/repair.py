"""`notion-pm repair`: build a lost or damaged record again. Its texts serve `adopt` on a duplicated page as well."""

from __future__ import annotations

import sys

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.errors import RecordLost, UsageError
from notion_pm.model.ids import NotionId, page_url
from notion_pm.provision.repair.repair import Repair, carry_out_repair, plan_repair, restore_record
from notion_pm.state.lock import hold_run_lock
from notion_pm.template.templates import name_of


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
@locks_workspace
def command(context: Context, *, template: str | None, yes: bool, as_json: bool) -> None:
    """Rebuild the record of a template after its page was deleted or damaged.

    The record says which databases, properties, views and rows belong to the template. A record page in the trash is
    restored. Otherwise this command finds the databases under the parent page: by the ids that this machine
    remembers, else by their titles and by what is in them. It shows what it found and what it did not find, asks, and
    writes the record page alone. Then see what is left to do with  notion-pm plan.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: the one that notion-pm.toml
    names, or else product.
    """
    reference = context.template(template) or DEFAULT_TEMPLATE
    with hold_run_lock(context.state_home):
        try:
            with progress(context):
                repair = plan_repair(
                    context.gateway,
                    context.parent_page,
                    reference,
                    context.state_home,
                    now=context.now(),
                    jobs=context.jobs,
                )
        except RecordLost as lost:
            _confirm_and_restore(context, lost, reference, yes=yes, as_json=as_json)
            return
        if repair is None:
            _show_nothing_to_do(reference, as_json=as_json)
            return
        confirm_and_write(context, repair, reference, yes=yes, as_json=as_json)


def confirm_and_write(
    context: Context, repair: Repair, reference: str, *, yes: bool, as_json: bool
) -> None:
    """Show what would be recorded, ask, and write the record."""
    if not as_json:
        _show(repair)
    _ask(yes=yes, as_json=as_json)
    with progress(context):
        claimant = context.claimant("repair")
        carry_out_repair(
            context.gateway,
            context.parent_page,
            repair,
            context.state_home,
            claimant,
            jobs=context.jobs,
        )
    if as_json:
        echo_json({"repaired": True, **repair.as_data()})
    else:
        echo(
            f"Recorded; the databases were not touched. See what is left to do:  notion-pm plan {reference}"
        )


def _confirm_and_restore(
    context: Context, lost: RecordLost, reference: str, *, yes: bool, as_json: bool
) -> None:
    page_id, template = NotionId(lost.page_id), name_of(reference)
    if not as_json:
        echo(f"{lost}\nIt can be restored as it was: {page_url(page_id)}\n")
    _ask(yes=yes, as_json=as_json, question="Restore it?")
    with progress(context):
        claimant = context.claimant("repair")
        restore_record(
            context.gateway, context.parent_page, page_id, template, context.state_home, claimant
        )
    if as_json:
        echo_json({"repaired": True, "template": template, "restores": page_id})
    else:
        echo(
            f"Restored; the databases were not touched. See what is left to do:  notion-pm plan {reference}"
        )


def _show_nothing_to_do(reference: str, *, as_json: bool) -> None:
    if as_json:
        echo_json({"repaired": False, "template": reference})
    else:
        echo(
            f"The record is there and can be read: nothing to repair. See  notion-pm plan {reference}"
        )


def _show(repair: Repair) -> None:
    template = repair.loaded.template
    echo(f"Found of the template {template.template}:")
    for key, found in repair.found.items():
        entry = repair.manifest.databases[key]
        counts = f"{len(entry.properties)} properties, {len(entry.views)} views, {len(entry.rows)} starter rows"
        echo(f"  {key:16} {found.database.title!r}, by {found.how}: {counts}")
    if repair.missing:
        echo(
            "\nNot found, so an apply would create them. If one was only renamed, give it the template's name first:"
        )
        for address in repair.missing:
            echo(f"  {address}")
    echo()
    if repair.copy is not None:
        echo("The copied record page goes to the trash, and this page gets a record of its own.")
    elif repair.damaged is not None:
        echo("The damaged record is replaced.")
    else:
        echo("A new record page is created.")


def _ask(*, yes: bool, as_json: bool, question: str = "Write this record?") -> None:
    """Get a person's confirmation.

    Raises UsageError where there is no terminal to ask on, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            "Confirmation needed but no terminal: add --yes.",
            "Nothing was changed. Look at what was found first.",
        )
    click.confirm(question, abort=True)
