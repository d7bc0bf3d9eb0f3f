"""`notion-pm adopt`: use databases that a client already has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.confirm import confirm
from notion_pm.console.context import Context, pass_context
from notion_pm.console.links import where_to_look
from notion_pm.console.locking import check_template, locks_workspace
from notion_pm.console.output import echo_json, echo_lines, json_option, progress
from notion_pm.errors import RecordCopied, UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision.adopt import mapping_file
from notion_pm.provision.adopt.adopt import (
    Adoption,
    Proposal,
    adopt,
    plan_adoption,
    propose_mapping,
)
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.commands.repair import confirm_and_write
from notion_pm.provision.repair.repair import plan_repair
from notion_pm.state.lock import hold_run_lock

_MAPPING = Path("mapping.yaml")


def _check_input(context: Context, options: Mapping[str, Any]) -> str:
    """Read the template or the mapping, and return the template's name."""
    template, mapping = options["template"], options["mapping"]
    _require_template_or_mapping(template, mapping)
    if mapping is not None:
        return check_template(mapping_file.read(mapping).model.adopt, {})
    assert template is not None
    return check_template(template, {})


def _require_template_or_mapping(template: str | None, mapping: Path | None) -> None:
    if mapping is not None and template is not None:
        raise UsageError(
            "--apply reads the template and the databases from the mapping.",
            "Leave out the template and the databases.",
        )
    if mapping is None and template is None:
        raise UsageError("Which template?", "For example:  notion-pm adopt product")


@click.command()
@click.argument("template", required=False, shell_complete=complete_template)
@click.argument("databases", nargs=-1, metavar="[DATABASE]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=_MAPPING,
    show_default=True,
    help="Where to write the mapping for review.",
)
@click.option(
    "--apply",
    "mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Use this reviewed mapping instead of proposing one.",
)
@click.option(
    "-y", "--yes", is_flag=True, help="With --apply, or on a duplicated page: do not ask."
)
@json_option
@pass_context
@locks_workspace(_check_input)
def command(
    context: Context,
    *,
    template: str | None,
    databases: tuple[str, ...],
    output: Path,
    mapping: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Use databases that a client already has, so that the template works on them.

    First,  notion-pm adopt product  compares the databases under the parent page (or those given
    by link or id) with the template, and writes a mapping file: which database, property and
    option is which, and how sure that is. Check and correct the file, then run
    notion-pm adopt --apply mapping.yaml  and  notion-pm apply product.

    Nothing of the client's is ever renamed, converted or removed. What the template needs in
    addition is added.

    On a client's page that was duplicated in Notion for another client,  notion-pm adopt product
    shows the copied databases, asks, gives them a record of their own, and moves the copied record
    to the trash.
    """
    _require_template_or_mapping(template, mapping)
    if mapping is not None:
        _apply_mapping(context, mapping, yes=yes, as_json=as_json)
    elif template is not None:
        _propose_or_adopt_copy(context, template, databases, output, yes=yes, as_json=as_json)


def _propose_or_adopt_copy(
    context: Context,
    template: str,
    databases: tuple[str, ...],
    output: Path,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Propose a mapping. On a page that was duplicated with its record, adopt the copies.

    The copied databases have everything that the template made, so they need no mapping.
    """
    try:
        _propose(context, template, databases, output, as_json=as_json)
        return
    except RecordCopied as error:
        if databases:
            raise
        copied = error
    with hold_run_lock(context.state_home):
        with progress(context):
            repair = plan_repair(
                context.notion,
                context.parent_page,
                template,
                context.state_home,
                now=context.now(),
                of_copy=True,
                jobs=context.jobs,
            )
        if repair is None:
            raise copied
        if not as_json:
            echo_lines([str(copied), ""])
        confirm_and_write(context, repair, template, yes=yes, as_json=as_json)


def _propose(
    context: Context, template: str, databases: tuple[str, ...], output: Path, *, as_json: bool
) -> None:
    with progress(context):
        proposal = propose_mapping(
            context.notion,
            context.parent_page,
            template,
            databases,
            jobs=context.jobs,
            home=context.state_home,
        )
    content = mapping_file.text(
        output, template, proposal.loaded.template, proposal.wanted, proposal.matches
    )
    mapping_file.write(output, content)
    if as_json:
        echo_json(_as_data(proposal, output))
    else:
        _show_proposal(proposal, output)


def _show_proposal(proposal: Proposal, output: Path) -> None:
    lines = []
    for key, match in proposal.matches.items():
        found = sum(prop.match is not None for prop in match.properties.values())
        title = match.candidate.database.title
        lines.append(
            f"  {key:16} is {title!r} ({match.likeness:.0%} alike): "
            f"{found} of {len(match.properties)} properties found"
        )
    for key in proposal.wanted:
        if key not in proposal.matches:
            title = proposal.loaded.template.databases[key].title
            lines.append(f"  {key:16} no database like {title!r}: it will be created")
    lines += [f"  not used: {candidate.database.title!r}" for candidate in proposal.unmatched]
    lines += [
        "",
        f"Nothing was changed in Notion. Check {output}, then run:  "
        f"notion-pm adopt --apply {output}",
    ]
    echo_lines(lines)


def _as_data(proposal: Proposal, output: Path) -> dict[str, object]:
    databases = {}
    for key, match in proposal.matches.items():
        properties = {
            property_key: found.match.name if found.match else None
            for property_key, found in match.properties.items()
        }
        databases[key] = {
            "database": match.candidate.database.id,
            "title": match.candidate.database.title,
            "likeness": round(match.likeness, 2),
            "properties": properties,
        }
    return {
        "mapping": str(output),
        "databases": databases,
        "left_alone": [candidate.database.title for candidate in proposal.unmatched],
    }


def _apply_mapping(context: Context, path: Path, *, yes: bool, as_json: bool) -> None:
    file = mapping_file.read(path)
    with hold_run_lock(context.state_home):
        with progress(context):
            adoption = plan_adoption(
                context.notion,
                context.parent_page,
                file,
                now=context.now(),
                jobs=context.jobs,
                home=context.state_home,
            )
        if not as_json:
            _show_adoption(context, adoption)
        if adoption.new:
            confirm("Record this?", yes=yes, as_json=as_json)
            with progress(context):
                adopt(context.notion, context.parent_page, adoption, context.claimant("adopt"))
    if as_json:
        adopted = {key: entry.database_id for key, entry in adoption.new.items()}
        template = adoption.manifest.template
        echo_json({"template": template, "adopted": adopted, "plan": adoption.plan.as_data()})
    elif adoption.new:
        echo_lines(
            [
                f"The databases are adopted; nothing in them was changed. {where_to_look(context)}",
                f"To add what the template needs:  notion-pm apply {file.model.adopt}",
            ]
        )
    else:
        echo_lines(["No changes: these databases are already adopted."])


def _show_adoption(context: Context, adoption: Adoption) -> None:
    lines = []
    for key, entry in adoption.new.items():
        properties = f"{len(entry.properties)} of its properties are used as they are"
        lines.append(f"  {key:16} will be {entry.title!r}: {properties}")
    lines += ["", "An apply would then add:"]
    lines += plan_lines(adoption.plan, context.budget or NOTION_BUDGET)
    echo_lines(lines)
