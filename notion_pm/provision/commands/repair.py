"""`notion-pm repair`: rebuild a lost or damaged record. `adopt` uses it for a duplicated page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.confirm import confirm
from notion_pm.console.context import DEFAULT_TEMPLATE, Context, pass_context
from notion_pm.console.links import where_to_look
from notion_pm.console.locking import check_template, locks_workspace
from notion_pm.console.output import echo_json, echo_lines, json_option, progress
from notion_pm.errors import RecordLost
from notion_pm.model.ids import NotionId, page_url
from notion_pm.provision.repair.repair import Repair, carry_out_repair, plan_repair, restore_record
from notion_pm.state.lock import hold_run_lock
from notion_pm.template.templates import name_of
from notion_pm.text import quantity


def _check_input(context: Context, options: Mapping[str, Any]) -> str:
    """Read the template, and return its name."""
    return check_template(context.template(options["template"]) or DEFAULT_TEMPLATE, {})


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
@locks_workspace(_check_input)
def command(context: Context, *, template: str | None, yes: bool, as_json: bool) -> None:
    """Rebuild the record of a template after its page was deleted or damaged.

    The record lists which databases, properties, views and rows belong to the template. A record
    page in the trash is restored. Otherwise the databases under the parent page are searched: by
    the ids that this machine remembers, then by titles and properties. The command shows what it
    found and what it did not find, asks, and writes only the record page. Afterwards,
    notion-pm plan  shows what an apply would change.

    TEMPLATE is the name of a shipped template, or the path of a template file. Default: the
    template in notion-pm.toml, or else product.
    """
    reference = context.template(template) or DEFAULT_TEMPLATE
    with hold_run_lock(context.state_home):
        try:
            with progress(context):
                repair = plan_repair(
                    context.notion,
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
    confirm("Write this record?", yes=yes, as_json=as_json)
    with progress(context):
        carry_out_repair(
            context.notion,
            context.parent_page,
            repair,
            context.state_home,
            context.claimant("repair"),
            jobs=context.jobs,
        )
    if as_json:
        echo_json({"repaired": True, **repair.as_data()})
    else:
        _show_done(context, "The record is written", reference)


def _confirm_and_restore(
    context: Context, lost: RecordLost, reference: str, *, yes: bool, as_json: bool
) -> None:
    page_id, template = NotionId(lost.page_id), name_of(reference)
    if not as_json:
        echo_lines([str(lost), f"It can be restored as it was: {page_url(page_id)}", ""])
    confirm("Restore it?", yes=yes, as_json=as_json)
    with progress(context):
        restore_record(
            context.notion,
            context.parent_page,
            page_id,
            template,
            context.state_home,
            context.claimant("repair"),
        )
    if as_json:
        echo_json({"repaired": True, "template": template, "restores": page_id})
    else:
        _show_done(context, "The record is restored", reference)


def _show_done(context: Context, what: str, reference: str) -> None:
    echo_lines(
        [
            f"{what}; the databases were not changed. {where_to_look(context)}",
            f"To see what an apply would change:  notion-pm plan {reference}",
        ]
    )


def _show_nothing_to_do(reference: str, *, as_json: bool) -> None:
    if as_json:
        echo_json({"repaired": False, "template": reference})
        return
    echo_lines(
        [
            "Nothing to repair: the record exists and can be read.",
            f"To see what an apply would change:  notion-pm plan {reference}",
        ]
    )


def _show(repair: Repair) -> None:
    lines = [f"Found of the template {repair.loaded.template.template}:"]
    for key, found in repair.found.items():
        entry = repair.manifest.databases[key]
        properties = quantity(len(entry.properties), "property", "properties")
        views = quantity(len(entry.views), "view")
        rows = quantity(len(entry.rows), "starter row")
        lines.append(
            f"  {key:16} {found.database.title!r}, by {found.how}: {properties}, {views}, {rows}"
        )
    if repair.missing:
        lines += [
            "",
            "Not found. An apply would create these. If people only renamed one of them, give it "
            "the template's name first, and run this again:",
        ]
        lines += [f"  {address}" for address in repair.missing]
    lines.append("")
    if repair.copy is not None:
        lines.append("The copied record page will be moved to the trash, and a new one created.")
    elif repair.damaged is not None:
        lines.append("The damaged record will be replaced.")
    else:
        lines.append("A new record page will be created.")
    echo_lines(lines)
