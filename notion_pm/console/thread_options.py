"""The option and the context that commands on the thread share."""

from __future__ import annotations

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sync_context import SyncContext

template_option = click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template. Default: the one that was applied.",
)


def sync_context_of(context: Context, progress: Progress) -> SyncContext:
    """Return what a sync or a reading of the thread needs, from the context of a command."""
    return SyncContext(
        notion=context.notion,
        parent_id=context.parent_page,
        state_directory=context.state_directory,
        shared_state=context.shared_state,
        now=context.now(),
        jobs=context.jobs,
        progress=progress,
    )
