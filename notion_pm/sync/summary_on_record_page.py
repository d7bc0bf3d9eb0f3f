"""Show on the record page, for people who work in the workspace, what the last sync did.

At most one write per run, and none when nothing changed. The block is remembered, so that it is
looked for only once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from notion_pm.errors import NotionPmError, NotShared, RequestRefused
from notion_pm.model.ids import NotionId
from notion_pm.notion.client import NotionClient
from notion_pm.state.last_run import LastRun, read_last_run, save_last_run
from notion_pm.text import quantity
from notion_pm.workspace.record import open_record_page
from notion_pm.workspace.record_text import sync_summary_text
from notion_pm.workspace.sync_context import LoadedWorkspace, SyncContext

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """How many pages a sync changed, and how many conflicts there are."""

    written: int
    conflicts: int

    @property
    def in_words(self) -> str:
        """What people read on the record page."""
        done = (
            f"It changed {quantity(self.written, 'page')}." if self.written else "It works again."
        )
        if not self.conflicts:
            return done
        conflicts = quantity(self.conflicts, "conflict")
        return f"{done} {conflicts} between people and rules: people's values stay."


def show_on_record_page(
    context: SyncContext, workspace: LoadedWorkspace, reference: str | None, summary: SyncSummary
) -> None:
    """Show a sync that wrote to pages, or that works again after it had failed.

    `reference`: the template as it was given. A failure here does not fail the sync.
    """
    last = read_last_run(context.state_directory, reference)
    if not summary.written and not last.problem:
        return
    block_id = last.told_in
    try:
        if block_id is None:
            block_id = _find_block(context, workspace)
        text = sync_summary_text(summary.in_words, context.now)
        if block_id is not None and not _write(context.notion, block_id, text):
            block_id = None
    except NotionPmError as error:
        _log.warning("The record page could not be updated after this sync: %s", error)
    save_last_run(context.state_directory, reference, LastRun(told_in=block_id))


def _find_block(context: SyncContext, workspace: LoadedWorkspace) -> NotionId | None:
    """Return the paragraph about sync on the record page, None where people removed it."""
    page = workspace.page or open_record_page(
        context.notion, context.parent_id, workspace.manifest.template, context.state_home
    )
    return page.sync_summary_id


def _write(notion: NotionClient, block_id: NotionId, text: str) -> bool:
    """Write the paragraph; return False when it is gone: people may have removed it."""
    try:
        notion.update_text_block(block_id, "paragraph", text)
    except (NotShared, RequestRefused):
        return False
    return True
