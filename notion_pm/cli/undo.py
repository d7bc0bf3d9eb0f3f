"""`notion-pm undo`: take back the last apply, or the last sync."""

from __future__ import annotations

from collections.abc import Iterable

import click

from notion_pm.cli.applying import ask_to_take_back
from notion_pm.cli.completing import complete_template
from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.locking import locks_workspace
from notion_pm.cli.output import echo, echo_json, json_option, progress
from notion_pm.cli.undo_sync import take_back_sync
from notion_pm.planning.change import Change
from notion_pm.planning.undo import UndoPlan
from notion_pm.storage.lock import exclusive
from notion_pm.workflows.undo import look_back, undo

_MARKS = {"create": "+", "update": "~", "delete": "-"}


@click.command(short_help="Take back the last apply, or the last sync.")
@click.argument("what", type=click.Choice(["apply", "sync"]), default="apply")
@click.option(
    "--template", metavar="NAME", shell_complete=complete_template, help="Whose, where several templates were applied."
)
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be taken back.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
@locks_workspace
def command(context: Context, *, what: str, template: str | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take back the last apply, or the last sync: show what comes of it, ask, and do it.

    Of an apply: databases, views and rows that it made go to the trash; properties and options that it made are removed
    where nobody filled them in; what it changed becomes as it was. What people have changed or filled in since is
    theirs: it stays, and is told. Afterwards  notion-pm plan  shows what apply would do again.

    Of a sync: each value that it wrote becomes what it was, where nobody has changed it since. The next sync leaves it
    so, and tells it as a conflict, until what the rules say moves on.

    The journal of an apply is kept on the machine where it ran. After an interruption run the same command again.
    """
    if what == "sync":
        take_back_sync(context, template, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    with exclusive(context.state_home):
        with progress(context):
            undoing = look_back(
                context.gateway,
                context.parent_page,
                context.state_directory,
                template,
                jobs=context.jobs,
                home=context.state_home,
            )
        plan = undoing.plan
        if not as_json:
            _show(plan)
        if dry_run or not plan.acts:
            _end(plan, as_json=as_json, done=False)
            return
        ask_to_take_back(len(plan.changes), "", yes=yes, as_json=as_json)
        with progress(context) as shown:
            undo(
                context.gateway,
                undoing,
                context.state_home,
                now=context.now(),
                jobs=context.jobs,
                progress=shown,
                claimant=context.claimant("undo"),
            )
    _end(plan, as_json=as_json, done=True)


def _show(plan: UndoPlan) -> None:
    echo(f"Taking back the apply of {plan.template} of {plan.started:%Y-%m-%d %H:%M}:")
    _show_changes(plan.changes)
    if plan.left:
        echo("This stays as it is:")
        _show_changes(plan.left)
    echo()
    if plan.acts:
        left = f", {len(plan.left)} left" if plan.left else ""
        echo(f"{len(plan.changes)} to take back{left}. {len(plan.acts)} requests, and the record.")
    else:
        echo("Nothing of it can be taken back.")


def _show_changes(changes: Iterable[Change]) -> None:
    for each in changes:
        details = "; ".join(each.details)
        flag = "[blocked] " if each.change_class == "blocked" else ""
        echo(f"  {_MARKS[each.action]} {each.address:32} {flag}{each.reason}{': ' if details else ''}{details}")


def _end(plan: UndoPlan, *, as_json: bool, done: bool) -> None:
    if as_json:
        echo_json(plan.as_data() | {"done": done})
    elif done:
        echo("Done.  notion-pm plan  shows what apply would do again.")
