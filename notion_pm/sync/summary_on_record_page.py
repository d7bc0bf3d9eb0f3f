"""Showing on the manifest page, to those who work in the workspace, what the last sync did.

At most one write a run, and none when nothing changed. The block that is written to is remembered, so that it is looked
for only once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from notion_pm.errors import NotionPmError, NotShared, RequestRefused
from notion_pm.model.ids import NotionId
from notion_pm.notion.client import NotionClient
from notion_pm.state.last_run import LastRun, read_last_run, save_last_run
from notion_pm.text import quantity
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.record import open_record_page
from notion_pm.workspace.sync_context import LoadedWorkspace, SyncContext

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a sync: how many pages it changed, and in how many places people and rules disagree."""

    written: int
    conflicts: int

    @property
    def in_words(self) -> str:
        """What people read."""
        done = (
            f"It changed {quantity(self.written, 'page')}." if self.written else "It works again."
        )
        if not self.conflicts:
            return done
        return f"{done} In {quantity(self.conflicts, 'place')} people and rules disagree: people's values stay."


def tell_workspace(
    place: SyncContext, opened: LoadedWorkspace, reference: str | None, told: Told
) -> None:
    """Show a sync that wrote to pages, or that works again after it had failed. It never fails because of that.

    `reference` is how the template was asked for.
    """
    last = read_last_run(place.state_directory, reference)
    if not told.written and not last.problem:
        return
    told_in = last.told_in
    try:
        block = told_in or _block(place, opened)
        text = codec.told_of_sync(told.in_words, place.now)
        told_in = block if block and _write(place.gateway, block, text) else None
    except NotionPmError as error:
        _log.warning("The manifest page could not be told of this sync: %s", error)
    save_last_run(place.state_directory, reference, LastRun(told_in=told_in))


def _block(place: SyncContext, opened: LoadedWorkspace) -> NotionId | None:
    """The paragraph of the manifest page that tells of sync, None where people removed it."""
    page = opened.page or open_record_page(
        place.gateway, place.parent_id, opened.manifest.template, place.state_home
    )
    return page.told_of_sync_id


def _write(gateway: NotionClient, block: NotionId, text: str) -> bool:
    """Write the paragraph; return whether it is still there: people may have removed it."""
    try:
        gateway.update_text_block(block, "paragraph", text)
    except (NotShared, RequestRefused):
        return False
    return True
