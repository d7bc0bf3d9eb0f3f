"""The story of `undo`: find the journal of the last apply, compare, take back what can be, set the record right.

Each step looks at what is there rather than at what was done, so that an interrupted undo goes on when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from notion_pm.concurrency import run_concurrently
from notion_pm.errors import RecordChanged, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import Manifest, ViewEntry
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.provision import journal_files as journals
from notion_pm.provision.plan.change import Change
from notion_pm.provision.provision import read_for
from notion_pm.provision.undo.batches import batches, still_wanted
from notion_pm.provision.undo.plan import plan_undo
from notion_pm.provision.undo.reading import FoundDatabases, requests_to_read_again
from notion_pm.provision.undo.requests import Doing
from notion_pm.provision.undo.steps import Act, UndoPlan
from notion_pm.state.state import State
from notion_pm.workspace.lock import Claimant, workspace_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.record import RecordPage, find_record, write_record, write_summary
from notion_pm.workspace.record_text import removed_title


@dataclass(frozen=True, slots=True)
class Undoing:
    """An apply that can be taken back: how, the page with its record, and its journal's file.

    `reads` is how many requests it took to find that out; `again` finds it out once more.
    """

    plan: UndoPlan
    page: RecordPage
    path: Path
    journal: Journal
    manifest: Manifest
    databases: FoundDatabases
    reads: int
    again: Callable[[], Undoing]

    @property
    def requests(self) -> int:
        """How many requests `undo` sends at most, beside those of the lock and the record."""
        rereads = sum(
            requests_to_read_again(batch, self.databases.found) for batch in batches(self.plan.acts)
        )
        return self.reads + rereads + len(self.plan.acts)


class UndoChanged(Exception):
    """What is to be taken back is not what was agreed to. Nothing was written."""

    def __init__(self, undoing: Undoing) -> None:
        super().__init__("the undo changed")
        self.undoing = undoing


def look_back(
    gateway: NotionClient,
    parent_id: NotionId,
    state_directory: Path,
    template: str | None = None,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Undoing:
    """Find out what taking back the last apply comes to. Reads only.

    Raises UsageError where nothing was applied, or the journal is on another machine; RecordUnreadable,
    RecordEdited, FileUnusable or a NotionError.
    """
    before = gateway.requests.logical
    page = find_record(gateway, parent_id, list_parent_page(gateway, parent_id), template, home)
    if page is None:
        raise UsageError(
            "There is no apply to take back here.",
            "notion-pm status  shows what was applied where.",
        )
    page.refuse_if_edited()
    path = journals.path_of(state_directory, page.manifest.template, page.manifest.started)
    journal = journals.read(path)
    if journal is None or journal.begun.partial:
        raise _elsewhere(page.manifest)
    manifest = page.manifest
    if manifest.state == "applying":
        manifest = _recovered(gateway, parent_id, journal, jobs, home)
    databases = FoundDatabases(gateway, journal, manifest, jobs)
    return Undoing(
        plan_undo(journal, manifest, databases.found),
        page,
        path,
        journal,
        manifest,
        databases,
        gateway.requests.logical - before,
        partial(look_back, gateway, parent_id, state_directory, template, jobs=jobs, home=home),
    )


def _elsewhere(manifest: Manifest) -> UsageError:
    when = f"{manifest.started:%Y-%m-%d %H:%M %Z}".strip()
    return UsageError(
        f"The last apply of {manifest.template} ({when}) has no journal here: it ran on another machine or as "
        "another user, or it was an adopt, which has nothing to take back.",
        "Run undo there. `notion-pm destroy` takes a whole template back, from anywhere.",
    )


def _recovered(
    gateway: NotionClient, parent_id: NotionId, journal: Journal, jobs: int, home: StateHome | None
) -> Manifest:
    """Return the record with what an interrupted apply made and did not come to record."""
    existing = read_for(gateway, parent_id, journal.begun.loaded, jobs=jobs, home=home).existing
    assert existing.manifest is not None, "it was there a moment ago"
    return existing.manifest


def undo(
    gateway: NotionClient,
    undoing: Undoing,
    state_home: StateHome,
    *,
    now: datetime,
    jobs: int = 4,
    progress: Progress = no_progress,
    claimant: Claimant | None = None,
) -> tuple[Change, ...]:
    """Take an apply back. Interrupted, the same command goes on where it ended.

    Once the workspace is locked, everything is read and judged again; right before each write, what it would take away.
    Return what stays because people changed it in that time.

    Raises UndoChanged, WorkspaceLocked or (where somebody has applied again) RecordChanged before the first write,
    FileUnusable or a NotionError.
    """
    with workspace_lock(gateway, undoing.page.id, claimant or Claimant()) as lock:
        agreed = undoing
        undoing = agreed.again()
        if undoing.path != agreed.path:
            raise RecordChanged
        if not undoing.plan.says_the_same_as(agreed.plan):
            raise UndoChanged(undoing)
        taking_back = _TakingBack(gateway, undoing, jobs, progress)
        taking_back.run()
        plan = taking_back.plan
        manifest = _with_new_ids(plan.manifest, taking_back.done) if plan.manifest else None
        if manifest is not None:
            manifest = undoing.page.placed(manifest)
        _set_record(gateway, undoing.page, manifest, now)
        if manifest is None:
            lock.forget()
        _remember(state_home, plan.template, manifest)
        journals.mark_undone(undoing.path, now)
    return plan.left_since(agreed.plan)


class _TakingBack:
    """Carries a plan out in batches, each judged again right before it is sent.

    `plan` is the newest one, `done` knows what was made again.
    """

    def __init__(
        self, gateway: NotionClient, undoing: Undoing, jobs: int, progress: Progress
    ) -> None:
        self.plan = undoing.plan
        self._agreed = undoing.plan.acts
        self._undoing = undoing
        self.done = Doing(gateway)
        self._jobs = jobs
        self._progress = progress
        self._finished = 0

    def run(self) -> None:
        finished = 0
        for batch in batches(self._agreed):
            left = list(batch)
            while left:
                left = self._do(self._judged_again(left))
            finished += len(batch)
            self._note_progress(finished)

    def _judged_again(self, batch: Sequence[Act]) -> list[Act]:
        """Read again what these acts would take away; return those that are still wanted."""
        self._undoing.databases.read_again(batch)
        self.done.start_batch()
        self.plan = plan_undo(
            self._undoing.journal, self._undoing.manifest, self._undoing.databases.found
        )
        return still_wanted(batch, self.plan.acts)

    def _do(self, acts: Sequence[Act]) -> list[Act]:
        """Do acts side by side; return those that were postponed and have to be judged again."""
        postponed: list[Act] = []
        for act, is_done in run_concurrently(self.done, acts, self._jobs):
            if not is_done:
                postponed.append(act)
                continue
            self._undoing.databases.note_done(act)
            self._note_progress(self._finished + 1)
        return postponed

    def _note_progress(self, done: int) -> None:
        self._finished = done
        self._progress("Undoing", done, len(self._agreed))


def _with_new_ids(manifest: Manifest, done: Doing) -> Manifest:
    """Return the record with the ids of the views and options that were made again."""
    databases = dict(manifest.databases)
    for (database, key), view_id in done.views.items():
        entry = databases[database]
        made: ViewEntry = entry.views[key].model_copy(update={"id": view_id})
        databases[database] = entry.model_copy(update={"views": {**entry.views, key: made}})
    for (database, place), option_id in done.options.items():
        entry = databases[database]
        databases[database] = entry.model_copy(
            update={"options": {**entry.options, place: option_id}}
        )
    return manifest.model_copy(update={"databases": databases})


def _set_record(
    gateway: NotionClient, page: RecordPage, manifest: Manifest | None, now: datetime
) -> None:
    if manifest is None:
        gateway.rename_and_trash_page(page.id, removed_title(page.manifest.template))
        return
    write_record(gateway, page, manifest)
    write_summary(gateway, page, manifest, now)


def _remember(state_home: StateHome, template: str, manifest: Manifest | None) -> None:
    """Let sync know: without a manifest it asks the workspace for one."""
    with State(state_home, template) as state:
        remembered = state.remembered()
        if remembered is not None:
            state.remember(replace(remembered, manifest=manifest))
