"""`notion-pm sync`: carry status and evidence along the relations."""

from __future__ import annotations

import click

from notion_pm.cli import render_sync
from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.notifying import tell, told
from notion_pm.cli.output import echo_json, json_option, progress
from notion_pm.errors import ConflictsFound
from notion_pm.model.rule import OnConflict
from notion_pm.workflows.sync import Options, sync
from notion_pm.workflows.sync_place import Place
from notion_pm.workflows.sync_report import Report


@click.command(short_help="Carry status and evidence along the relations.")
@click.option(
    "--template", metavar="NAME|FILE", help="The template whose rules count. Default: the one that was applied."
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option("--explain", is_flag=True, help="Say for each change which rule made it, and because of which pages.")
@click.option("--full", is_flag=True, help="Read everything anew, not only what was edited since the last sync.")
@click.option("--force", is_flag=True, help="Accept changes to more than 30 % of a database.")
@click.option(
    "--on-conflict",
    type=click.Choice(["keep", "rule", "newest"]),
    help="Settle all conflicts this way, once: keep what people set, take what rules say, or what is newest.",
)
@click.option("--fail-on-conflict", is_flag=True, help="Exit with 4 when people and rules disagree.")
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Tell a Slack-compatible webhook when something changed, people and rules disagree, or the run fails.",
)
@json_option
@pass_context
def command(
    context: Context,
    *,
    template: str | None,
    dry_run: bool,
    explain: bool,
    full: bool,
    force: bool,
    on_conflict: OnConflict | None,
    fail_on_conflict: bool,
    notify: str | None,
    as_json: bool,
) -> None:
    """Carry status and evidence along the relations, by the rules of the template.

    What people set by hand stays: where a rule disagrees, both values are reported as a conflict. Run it as often as
    you like: a second run right after changes nothing.

    Exit codes: 0 done, 1 error, 3 too much would change, 4 conflicts (with --fail-on-conflict).
    """
    options = Options(template=template, dry_run=dry_run, full=full, force=force, policy=on_conflict)
    with progress() as drawn:
        place = Place(
            gateway=context.gateway,
            parent_id=context.parent_page,
            state_directory=context.state_directory,
            shared_state=context.shared_state,
            now=context.now(),
            jobs=context.jobs,
            progress=drawn,
        )
        with told(notify):
            result = sync(place, options)
    if notify:
        tell(notify, result)
    if as_json:
        echo_json(Report(result).as_data())
    else:
        render_sync.show(result, explain=explain)
    if fail_on_conflict and result.evaluation.conflicts:
        raise ConflictsFound(f"{len(result.evaluation.conflicts)} conflicts between people and rules.")
