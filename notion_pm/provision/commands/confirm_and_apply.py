"""Steps of `apply` that are the same for one client and for many: ask, apply, say what is next."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.console.confirm import confirm
from notion_pm.console.context import Context
from notion_pm.console.links import program_name, where_to_look
from notion_pm.model.ids import page_url
from notion_pm.provision import provision
from notion_pm.provision.apply.recording import apply_recorded
from notion_pm.provision.commands.template_options import ApplyOptions
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import ApplyResult, ApplySettings, Reading
from notion_pm.text import one_line, quantity
from notion_pm.workspace.progress import Progress


def apply_and_record(
    client: Context, plan: Plan, reading: Reading, apply_options: ApplyOptions, progress: Progress
) -> ApplyResult:
    """Plan again, apply the plan, and remember what sync and `undo` need to know about it.

    Raises PlanChanged if it is another plan by now: while a person reads a plan, others edit the
    workspace.
    """

    def plan_again() -> tuple[Reading, Plan]:
        new_reading, new_plan = provision.plan_workspace_again(
            client.notion, reading, plan, apply_options.values, jobs=client.jobs
        )
        new_plan.raise_if_unsafe(force=apply_options.force, allow_lossy=apply_options.allow_lossy)
        return new_reading, new_plan

    settings = ApplySettings(
        client.now(),
        jobs=client.jobs,
        progress=progress,
        force=apply_options.force,
        allow_lossy=apply_options.allow_lossy,
        claimant=client.claimant("apply"),
        plan_again=plan_again,
    )
    return apply_recorded(
        client.notion,
        plan,
        reading,
        settings,
        state_directory=client.state_directory,
        state_home=client.state_home,
    )


def confirm_changes(changes: int, *, yes: bool, as_json: bool, to_whom: str = "") -> None:
    """Ask a person to confirm changes. `to_whom` completes the question when it is about clients.

    Raises UsageError if there is no terminal to ask on, Abort if the answer is no.
    """
    if not changes:
        return
    confirm(
        f"Apply these changes{to_whom}?",
        yes=yes,
        as_json=as_json,
        problem=f"Confirmation needed for {quantity(changes, 'change')}, but there is no terminal.",
        advice="Look at them with  notion-pm plan, then run  notion-pm apply --yes.",
    )


def result_lines(context: Context, plan: Plan, result: ApplyResult) -> Iterator[str]:
    """Yield what an apply did, where to see it, and the next step."""
    sent = quantity(result.sent, "request")
    as_planned = "as planned" if result.sent == result.planned else f"{result.planned} planned"
    yield ""
    yield f"Done and verified ({sent}, {as_planned})."
    yield ""
    yield where_to_look(context)
    yield from _database_links(context, plan, result)
    yield ""
    yield f"Next:  {_next_command(plan)}"


def _database_links(context: Context, plan: Plan, result: ApplyResult) -> Iterator[str]:
    """Yield the titles of the changed databases with their links; none for a local workspace."""
    # Pages of a local workspace have no links on notion.com.
    if context.is_on_this_machine or result.manifest is None:
        return
    changed = {change.database for change in result.changes}
    entries = {key: entry for key, entry in result.manifest.databases.items() if key in changed}
    titles = {
        key: one_line(plan.database_titles.get(key, entry.title)) for key, entry in entries.items()
    }
    width = max((len(title) for title in titles.values()), default=0)
    for key, entry in entries.items():
        yield f"  {titles[key]:{width}}  {page_url(entry.database_id)}"


def _next_command(plan: Plan) -> str:
    """Return the command that people usually run after an apply, with the root options of this
    one."""
    if plan.recorded_version is None:
        return f"{program_name()} import FILE  to bring in your data"
    return f"{program_name()} sync  to update what the template computes"
