"""`notion-pm undo`: take back the last apply."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, json_option, progress
from notion_pm.errors import UsageError
from notion_pm.planning.change import Change
from notion_pm.planning.undo import UndoPlan
from notion_pm.storage.lock import exclusive
from notion_pm.workflows.undo import look_back, undo

_MARKS = {"create": "+", "update": "~", "delete": "-"}


@click.command()
@click.argument("what", type=click.Choice(["apply"]), default="apply")
@click.option("--template", metavar="NAME", help="Whose apply, where several templates were applied.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be taken back.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
def command(context: Context, *, what: str, template: str | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take back the last apply: show what comes of it, ask, and do it.

    Databases, views and rows that it made go to the trash; properties and options that it made are removed where nobody
    filled them in; what it changed becomes as it was. What people have changed or filled in since is theirs: it stays,
    and is told. Afterwards  notion-pm plan  shows what apply would do again.

    The journal of an apply is kept on the machine where it ran. After an interruption run the same command again.
    """
    with exclusive(context.state_home):
        undoing = look_back(context.gateway, context.parent_page, context.state_directory, template, jobs=context.jobs)
        plan = undoing.plan
        if not as_json:
            _show(plan)
        if dry_run or not plan.acts:
            _end(plan, as_json=as_json, done=False)
            return
        _ask(plan, yes=yes, as_json=as_json)
        with progress() as shown:
            undo(
                context.gateway,
                undoing,
                context.state_home,
                now=context.now(),
                jobs=context.jobs,
                progress=shown,
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


def _ask(plan: UndoPlan, *, yes: bool, as_json: bool) -> None:
    """Get a person's word.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"{len(plan.changes)} steps back wait for a yes, and there is no terminal to ask on.",
            "Nothing was changed. Look at them with  notion-pm undo --dry-run, then run  notion-pm undo --yes.",
        )
    click.confirm("Take this back?", abort=True)


def _end(plan: UndoPlan, *, as_json: bool, done: bool) -> None:
    if as_json:
        echo_json(plan.as_data() | {"done": done})
    elif done:
        echo("Done.  notion-pm plan  shows what apply would do again.")
