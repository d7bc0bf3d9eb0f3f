"""`notion-pm undo`: take back the last apply, sync or import."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.confirm_undo import confirm_undo
from notion_pm.console.context import Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, end_with, json_option, note, progress
from notion_pm.errors import PlanKeepsChanging, UnsafeChange
from notion_pm.importing.commands.undo_import import take_back_import
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.undo import UndoChanged, Undoing, look_back, undo
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.commands.undo_sync import run_undo_sync

_MARKS = {"create": "+", "update": "~", "delete": "-"}


@click.command(short_help="Take back the last apply, sync or import.")
@click.argument("what", type=click.Choice(["apply", "sync", "import"]), default="apply")
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=complete_template,
    help="Whose, where several templates were applied.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be taken back.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
@locks_workspace
def command(
    context: Context, *, what: str, template: str | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Take back the last apply, sync or import: show what comes of it, ask, and do it.

    Of an apply: databases, views and rows that it made go to the trash; properties and options that it made are removed
    where nobody filled them in; what it changed becomes as it was. What people have changed or filled in since is
    theirs: it stays, and is told. Afterwards  notion-pm plan  shows what apply would do again.

    Of a sync: each value that it wrote becomes what it was, where nobody has changed it since. The next sync leaves it
    so, and tells it as a conflict, until what the rules say moves on.

    Of an import: pages that it made go to the trash, also customers that nothing else links to; values that it updated
    become what they were. What people edited since stays. Interrupted runs of the same import are undone with it.

    After the yes everything is read again, and once more right before it is taken away. If it is another plan by then,
    it is shown and asked about again; with --yes it is shown, and if it changes once more the exit code is 5. What
    people change after that stays and is listed as left after all; the exit code is 3.

    The journal of an apply is kept on the machine where it ran. After an interruption run the same command again.
    """
    if what == "sync":
        run_undo_sync(context, template, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    if what == "import":
        take_back_import(context, template, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    with hold_run_lock(context.state_home):
        undoing = _look(context, template)
        if not as_json:
            _show(undoing)
        if dry_run or not undoing.plan.acts:
            if as_json:
                echo_json(_data(undoing) | {"done": False})
            return
        undoing, left = _undo_when_agreed(context, undoing, yes=yes, as_json=as_json)
    if undoing.plan.acts:
        _end(undoing, left, as_json=as_json)
    elif as_json:
        echo_json(_data(undoing) | {"done": False})


def _look(context: Context, template: str | None) -> Undoing:
    with progress(context):
        return look_back(
            context.gateway,
            context.parent_page,
            context.state_directory,
            template,
            jobs=context.jobs,
            home=context.state_home,
        )


def _undo_when_agreed(
    context: Context, undoing: Undoing, *, yes: bool, as_json: bool
) -> tuple[Undoing, tuple[Change, ...]]:
    """Ask, and take back what was agreed to; where people changed something by then, show it and ask again.

    Where the new plan has nothing to take back, return it without asking or writing.

    Raises PlanKeepsChanging where nobody is asked and the plan changes again and again.
    """
    for attempt in count():
        confirm_undo(len(undoing.plan.changes), "", yes=yes, as_json=as_json)
        try:
            with progress(context) as shown:
                left = undo(
                    context.gateway,
                    undoing,
                    context.state_home,
                    now=context.now(),
                    jobs=context.jobs,
                    progress=shown,
                    claimant=context.claimant("undo"),
                )
                return undoing, left
        except UndoChanged as changed:
            if yes and attempt:
                raise PlanKeepsChanging from None
            undoing = changed.undoing
        note("The workspace changed while you were deciding. The new plan:")
        if not as_json:
            _show(undoing)
        if not undoing.plan.acts:
            return undoing, ()
    raise AssertionError("the loop ends by returning or raising")


def _show(undoing: Undoing) -> None:
    plan = undoing.plan
    echo(f"Taking back the apply of {plan.template} of {plan.started:%Y-%m-%d %H:%M}:")
    _show_changes(plan.changes)
    if plan.left:
        echo("This stays as it is:")
        _show_changes(plan.left)
    echo()
    if plan.acts:
        left = f", {len(plan.left)} left" if plan.left else ""
        reads = undoing.requests - len(plan.acts)
        echo(
            f"{len(plan.changes)} to take back{left}. {undoing.requests} requests at most, {reads} of them to read "
            "again what people may have changed, plus the lock and the record."
        )
    else:
        echo("Nothing of it can be taken back.")


def _show_changes(changes: Iterable[Change]) -> None:
    for each in changes:
        details = "; ".join(each.details)
        flag = "[blocked] " if each.change_class == "blocked" else ""
        echo(
            f"  {_MARKS[each.action]} {each.address:32} {flag}{each.reason}{': ' if details else ''}{details}"
        )


def _data(undoing: Undoing) -> dict[str, Any]:
    return undoing.plan.as_data() | {"requests": undoing.requests}


def _end(undoing: Undoing, left_after_all: tuple[Change, ...], *, as_json: bool) -> None:
    if as_json:
        left = [change.as_data() for change in left_after_all]
        echo_json(_data(undoing) | {"done": True, "left_after_all": left})
    else:
        if left_after_all:
            echo("Left after all, because people changed it while this command was running:")
            _show_changes(left_after_all)
        echo("Done.  notion-pm plan  shows what apply would do again.")
    if left_after_all:
        end_with(UnsafeChange.exit_code)
