"""`notion-pm undo`: undo the last apply, sync or import."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count as count_up
from typing import Any

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.confirm import confirm_undo
from notion_pm.console.context import Context, pass_context
from notion_pm.console.links import where_to_look
from notion_pm.console.locking import locks_workspace, use_template_name
from notion_pm.console.output import echo_json, echo_lines, end_with, json_option, note, progress
from notion_pm.errors import PlanKeepsChanging, UnsafeChange
from notion_pm.importing.commands.undo_import import run_undo_import
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.undo import PreparedUndo, UndoChanged, prepare_undo, undo
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.commands.undo_sync import run_undo_sync
from notion_pm.text import quantity

_MARKS = {"create": "+", "update": "~", "delete": "-"}


@click.command(short_help="Undo the last apply, sync or import.")
@click.argument("what", type=click.Choice(["apply", "sync", "import"]), default="apply")
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=complete_template,
    help="The template, if several were applied.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be undone.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_context
@locks_workspace(use_template_name)
def command(
    context: Context, *, what: str, template: str | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Undo the last apply, sync or import. Shows what will change, asks, and does it.

    What people changed or filled in since then is always kept, and listed.

    \b
    apply   Databases and rows that it made go to the trash; views are deleted.
            Properties and options that it made are removed if they are empty.
            What it changed gets its old settings again.
    sync    Each value that it wrote gets its old value again. The next sync
            does not write these values, but reports them as conflicts until
            the result of their rules changes.
    import  Pages that it made go to the trash, also customers that nothing
            else links to. Values that it updated get their old values again.
            Interrupted runs of the same import are undone too.

    After you confirm, everything is read once more. If the plan has changed, it is shown and you
    are asked again. With --yes it is only shown; if it changes a second time, the exit code is 5.
    What people change even later is kept and listed; then the exit code is 3.

    The journal of an apply is on the machine where apply ran. After an interruption, run the same
    command again.
    """
    if what == "sync":
        run_undo_sync(context, template, dry_run=dry_run, yes=yes, as_json=as_json)
    elif what == "import":
        run_undo_import(context, template, dry_run=dry_run, yes=yes, as_json=as_json)
    else:
        _undo_apply(context, template, dry_run=dry_run, yes=yes, as_json=as_json)


def _undo_apply(
    context: Context, template: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    # Held from the first read to the last write: a sync in between would see pages that are half
    # restored.
    with hold_run_lock(context.state_home):
        prepared = _prepare(context, template)
        if not as_json:
            _show_plan(prepared)
        has_run = bool(prepared.plan.requests) and not dry_run
        kept_after_all: tuple[Change, ...] = ()
        if has_run:
            prepared, kept_after_all = _confirm_and_undo(
                context, prepared, yes=yes, as_json=as_json
            )
            # People may have changed everything while the question was open.
            has_run = bool(prepared.plan.requests)

    if as_json:
        data = _as_data(prepared) | {"done": has_run}
        if has_run:
            data["left_after_all"] = [change.as_data() for change in kept_after_all]
        echo_json(data)
    elif has_run:
        _show_result(context, kept_after_all)
    # After the output, so that the result is shown although the exit code says that something is
    # left.
    if kept_after_all:
        end_with(UnsafeChange.exit_code)


def _prepare(context: Context, template: str | None) -> PreparedUndo:
    with progress(context):
        return prepare_undo(
            context.notion,
            context.parent_page,
            context.state_directory,
            template,
            jobs=context.jobs,
            home=context.state_home,
        )


def _confirm_and_undo(
    context: Context, prepared: PreparedUndo, *, yes: bool, as_json: bool
) -> tuple[PreparedUndo, tuple[Change, ...]]:
    """Ask, and undo. If the plan has changed by then, show the new one and ask again.

    Return the plan that was carried out, and what was kept although it was in the plan. Nothing is
    written when the new plan has nothing to undo.

    Raises PlanKeepsChanging with --yes when the plan changes twice.
    """
    for attempt in count_up():
        confirm_undo(len(prepared.plan.changes), "", yes=yes, as_json=as_json)
        try:
            with progress(context) as shown:
                kept = undo(
                    context.notion,
                    prepared,
                    context.state_home,
                    now=context.now(),
                    jobs=context.jobs,
                    progress=shown,
                    claimant=context.claimant("undo"),
                )
                return prepared, kept
        except UndoChanged as changed:
            # One change is usually a person who has just saved. A second one means that people are
            # at work, and with --yes no question can slow the command down.
            if yes and attempt:
                raise PlanKeepsChanging from None
            prepared = changed.prepared
        note("The workspace has changed since the plan was made. The new plan:")
        if not as_json:
            _show_plan(prepared)
        if not prepared.plan.requests:
            return prepared, ()
    raise AssertionError("the loop ends by returning or raising")


def _show_plan(prepared: PreparedUndo) -> None:
    plan = prepared.plan
    echo_lines([f"Undo of the last apply of {plan.template} ({plan.started:%Y-%m-%d %H:%M})", ""])
    if plan.changes:
        echo_lines(["Will be undone:"])
        _show_changes(plan.changes)
        echo_lines([""])
    if plan.kept:
        echo_lines(["Will be kept:"])
        _show_changes(plan.kept)
        echo_lines([""])
    if not plan.requests:
        echo_lines(["There is nothing to undo."])
        return
    kept = f", {len(plan.kept)} will be kept" if plan.kept else ""
    reads = prepared.request_count - len(plan.requests)
    echo_lines(
        [
            f"{quantity(len(plan.changes), 'change')} will be undone{kept}. "
            f"At most {quantity(prepared.request_count, 'request')}, {reads} of them to read what "
            "people may have changed. The lock and the record need a few more."
        ]
    )


def _show_changes(changes: Iterable[Change]) -> None:
    lines = []
    for change in changes:
        mark = "!" if change.change_class == "blocked" else _MARKS[change.action]
        details = f": {'; '.join(change.details)}" if change.details else ""
        lines.append(f"  {mark} {change.address:32} {change.reason}{details}")
    echo_lines(lines)


def _as_data(prepared: PreparedUndo) -> dict[str, Any]:
    return prepared.plan.as_data() | {"requests": prepared.request_count}


def _show_result(context: Context, kept_after_all: tuple[Change, ...]) -> None:
    if kept_after_all:
        echo_lines(["Kept, because people changed it while this command was running:"])
        _show_changes(kept_after_all)
        echo_lines([""])
    echo_lines(
        [
            f"Done. {where_to_look(context)}",
            "To see what apply would do again:  notion-pm plan",
        ]
    )
