"""`notion-pm adopt`: take over databases that a client already has."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.errors import RecordCopied, UsageError
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.provision.adopt import mapping_file
from notion_pm.provision.adopt.adopt import Adoption, Proposal, adopt, look_at_mapping, propose
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.commands.repair import confirm_and_write
from notion_pm.provision.repair.repair import plan_repair
from notion_pm.state.lock import hold_run_lock

_MAPPING = Path("mapping.yaml")


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
    help="Carry out a mapping that was looked at, instead of proposing one.",
)
@click.option(
    "-y", "--yes", is_flag=True, help="With --apply, or on a duplicated page: do not ask."
)
@json_option
@pass_context
@locks_workspace
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

    First  notion-pm adopt product  compares the databases under the parent page (or those named by link or id) with the
    template, and writes a mapping file: which database, property and option is which, and how sure that is. Look at it,
    correct it, then run  notion-pm adopt --apply mapping.yaml  and  notion-pm apply product.

    Nothing of the client's is renamed, converted or removed, then or later; what the template lacks there is added.

    On a client's page that was duplicated in Notion for another client,  notion-pm adopt product  shows the copied
    databases, asks, gives them a record of their own, and moves the copied record to the trash.
    """
    if mapping is not None and template is not None:
        raise UsageError(
            "--apply takes everything from the mapping.",
            "Leave out the template and the databases.",
        )
    if mapping is not None:
        _carry_out(context, mapping, yes=yes, as_json=as_json)
    elif template is not None:
        _adopt_copy_or_propose(context, template, databases, output, yes=yes, as_json=as_json)
    else:
        raise UsageError("Which template?", "For one:  notion-pm adopt product")


def _adopt_copy_or_propose(
    context: Context,
    template: str,
    databases: tuple[str, ...],
    output: Path,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Propose a mapping; on a page that was duplicated with its record, give the copies a record of their own.

    The copied databases are the template's as a whole, with formulas, rollups and views. So no mapping is needed.
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
                context.gateway,
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
            echo(f"{copied}\n")
        confirm_and_write(context, repair, template, yes=yes, as_json=as_json)


def _propose(
    context: Context, template: str, databases: tuple[str, ...], output: Path, *, as_json: bool
) -> None:
    with progress(context):
        proposal = propose(
            context.gateway,
            context.parent_page,
            template,
            databases,
            jobs=context.jobs,
            home=context.state_home,
        )
    desired = proposal.loaded.template
    mapping_file.write(
        output, mapping_file.text(output, template, desired, proposal.wanted, proposal.matches)
    )
    if as_json:
        echo_json(_as_data(proposal, output))
        return
    for key, match in proposal.matches.items():
        found = sum(each.match is not None for each in match.properties.values())
        what = f"{found} of {len(match.properties)} properties found"
        echo(
            f"  {key:16} is {match.candidate.database.title!r} ({match.likeness:.0%} alike): {what}"
        )
    for key in proposal.wanted:
        if key not in proposal.matches:
            echo(f"  {key:16} nothing like {desired.databases[key].title!r}: it will be made")
    for stranger in proposal.strangers:
        echo(f"  left alone: {stranger.database.title!r}")
    echo(f"\nNothing was changed. Look at {output}, then:  notion-pm adopt --apply {output}")


def _as_data(proposal: Proposal, output: Path) -> dict[str, object]:
    return {
        "mapping": str(output),
        "databases": {
            key: {
                "database": match.candidate.database.id,
                "title": match.candidate.database.title,
                "likeness": round(match.likeness, 2),
                "properties": {
                    each: found.match.name if found.match else None
                    for each, found in match.properties.items()
                },
            }
            for key, match in proposal.matches.items()
        },
        "left_alone": [each.database.title for each in proposal.strangers],
    }


def _carry_out(context: Context, path: Path, *, yes: bool, as_json: bool) -> None:
    file = mapping_file.read(path)
    with hold_run_lock(context.state_home):
        with progress(context):
            adoption = look_at_mapping(
                context.gateway,
                context.parent_page,
                file,
                now=context.now(),
                jobs=context.jobs,
                home=context.state_home,
            )
        if not as_json:
            _show(context, adoption)
        if adoption.new:
            _ask(yes=yes, as_json=as_json)
            with progress(context):
                adopt(context.gateway, context.parent_page, adoption, context.claimant("adopt"))
    if as_json:
        adopted = {key: entry.database_id for key, entry in adoption.new.items()}
        echo_json(
            {
                "template": adoption.manifest.template,
                "adopted": adopted,
                "plan": adoption.plan.as_data(),
            }
        )
    elif adoption.new:
        reference = file.model.adopt
        echo(f"Recorded; nothing of the client's was touched. Now:  notion-pm apply {reference}")
    else:
        echo("No changes: all of it was adopted before.")


def _show(context: Context, adoption: Adoption) -> None:
    for key, entry in adoption.new.items():
        count = len(entry.properties)
        echo(f"  {key:16} becomes {entry.title!r}, with {count} of its properties, as they are")
    echo("\nAn apply would then add:")
    for line in plan_lines(adoption.plan, context.budget or NOTION_BUDGET):
        echo(line)


def _ask(*, yes: bool, as_json: bool) -> None:
    """Get a person's word.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            "The mapping waits for a yes, and there is no terminal to ask on.",
            "Nothing was changed. Run it again with --yes.",
        )
    click.confirm("Record this?", abort=True)
