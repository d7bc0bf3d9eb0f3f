"""Undo an apply: find its journal, plan, send the requests, and set the record right.

Each step compares with the workspace as it is, not with a list of what was done. So an interrupted
undo continues when it is run again.
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
from notion_pm.model.manifest import Manifest
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.provision import journal_files
from notion_pm.provision.plan.change import Change
from notion_pm.provision.provision import read_for
from notion_pm.provision.undo.batches import batches, requests_still_planned
from notion_pm.provision.undo.plan import plan_undo
from notion_pm.provision.undo.reading import DatabaseReader, count_requests_to_read_again
from notion_pm.provision.undo.requests import RequestSender
from notion_pm.provision.undo.steps import UndoPlan, UndoRequest
from notion_pm.state.state import State
from notion_pm.workspace.lock import Claimant, workspace_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.record import RecordPage, find_record, write_record, write_summary
from notion_pm.workspace.record_text import removed_title


@dataclass(frozen=True, slots=True)
class PreparedUndo:
    """An apply that can be undone: the plan, the page with its record, and its journal.

    `requests_to_prepare`: how many requests the preparation took. `prepare_again`: repeats it.
    """

    plan: UndoPlan
    page: RecordPage
    journal_path: Path
    journal: Journal
    manifest: Manifest
    reader: DatabaseReader
    requests_to_prepare: int
    prepare_again: Callable[[], PreparedUndo]

    @property
    def request_count(self) -> int:
        """How many requests `undo` sends at most, without those for the lock and the record."""
        reads = 0
        for batch in batches(self.plan.requests):
            reads += count_requests_to_read_again(batch, self.reader.databases)
        return self.requests_to_prepare + reads + len(self.plan.requests)


class UndoChanged(Exception):
    """The plan differs from the confirmed one. Nothing was written."""

    def __init__(self, prepared: PreparedUndo) -> None:
        super().__init__("the undo changed")
        self.prepared = prepared


def prepare_undo(
    client: NotionClient,
    parent_id: NotionId,
    state_directory: Path,
    template: str | None = None,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> PreparedUndo:
    """Plan how the last apply is undone. Only reads.

    Raises UsageError when nothing was applied, or when the journal is on another machine;
    ManifestUnreadable, RecordEdited, FileUnusable or a NotionError.
    """
    requests_before = client.requests.logical
    page = find_record(client, parent_id, list_parent_page(client, parent_id), template, home)
    if page is None:
        raise UsageError(
            "There is no apply to undo here.",
            "Show what was applied, and where:  notion-pm status",
        )
    page.refuse_if_edited()
    manifest = page.manifest
    path = journal_files.journal_path(state_directory, manifest.template, manifest.started)
    journal = journal_files.read_journal(path)
    if journal is None or journal.begun.partial:
        raise _no_journal_here(manifest)
    if manifest.state == "applying":
        manifest = _read_interrupted_apply(client, parent_id, journal, jobs, home)

    reader = DatabaseReader(client, journal, manifest, jobs)
    return PreparedUndo(
        plan=plan_undo(journal, manifest, reader.databases),
        page=page,
        journal_path=path,
        journal=journal,
        manifest=manifest,
        reader=reader,
        requests_to_prepare=client.requests.logical - requests_before,
        prepare_again=partial(
            prepare_undo, client, parent_id, state_directory, template, jobs=jobs, home=home
        ),
    )


def _no_journal_here(manifest: Manifest) -> UsageError:
    when = f"{manifest.started:%Y-%m-%d %H:%M %Z}".strip()
    return UsageError(
        f"No journal of the last apply of {manifest.template} ({when}) was found on this machine. "
        "The apply ran on another machine or as another user, or it was an adopt, which cannot "
        "be undone.",
        "Run undo there. To remove a whole template from any machine, use:  notion-pm destroy",
    )


def _read_interrupted_apply(
    client: NotionClient, parent_id: NotionId, journal: Journal, jobs: int, home: StateHome | None
) -> Manifest:
    """Return the record completed with what an interrupted apply made but did not record."""
    existing = read_for(client, parent_id, journal.begun.loaded, jobs=jobs, home=home).existing
    assert existing.manifest is not None, "the record was read a moment ago"
    return existing.manifest


def undo(
    client: NotionClient,
    prepared: PreparedUndo,
    state_home: StateHome,
    *,
    now: datetime,
    jobs: int = 4,
    progress: Progress = no_progress,
    claimant: Claimant | None = None,
) -> tuple[Change, ...]:
    """Undo an apply. After an interruption the same command continues.

    Once the workspace is locked, everything is read and planned again. Right before each request
    what it would take away is read once more. Return what is kept because people changed it in
    that time.

    Raises UndoChanged, WorkspaceLocked or RecordChanged (another apply has run) before the first
    write; FileUnusable or a NotionError.
    """
    agreed = prepared
    with workspace_lock(client, agreed.page.id, claimant or Claimant()) as lock:
        prepared = agreed.prepare_again()
        if prepared.journal_path != agreed.journal_path:
            raise RecordChanged
        if not prepared.plan.has_same_content(agreed.plan):
            raise UndoChanged(prepared)

        run = _UndoRun(client, prepared, jobs, progress)
        run.send_all()

        manifest = run.record_after_undo()
        if manifest is None:
            client.rename_and_trash_page(prepared.page.id, removed_title(run.plan.template))
            lock.forget()  # the lock is on the page that was just trashed
        else:
            write_record(client, prepared.page, manifest)
            write_summary(client, prepared.page, manifest, now)
        _remember_for_sync(state_home, run.plan.template, manifest)
        # Last, so that an interruption before this line lets the same command continue.
        journal_files.mark_undone(prepared.journal_path, now)
    return run.plan.kept_since(agreed.plan)


class _UndoRun:
    """Sends the requests of a plan in batches; each batch is judged again right before it is sent.

    `plan` is the newest plan.
    """

    def __init__(
        self, client: NotionClient, prepared: PreparedUndo, jobs: int, progress: Progress
    ) -> None:
        self.plan = prepared.plan
        self._agreed = prepared.plan.requests
        self._prepared = prepared
        self._sender = RequestSender(client)
        self._jobs = jobs
        self._progress = progress
        self._finished = 0

    def send_all(self) -> None:
        finished = 0
        for batch in batches(self._agreed):
            to_send = list(batch)
            while to_send:
                to_send = self._send(self._judge_again(to_send))
            finished += len(batch)
            self._show_progress(finished)

    def _judge_again(self, batch: Sequence[UndoRequest]) -> list[UndoRequest]:
        """Read again what these requests take away. Return those that the new plan contains."""
        self._prepared.reader.read_again(batch)
        self._sender.start_batch()
        self.plan = plan_undo(
            self._prepared.journal, self._prepared.manifest, self._prepared.reader.databases
        )
        return requests_still_planned(batch, self.plan.requests)

    def _send(self, requests: Sequence[UndoRequest]) -> list[UndoRequest]:
        """Send requests at the same time. Return those that must be judged again first."""
        postponed: list[UndoRequest] = []
        for request, is_sent in run_concurrently(self._sender.send, requests, self._jobs):
            if not is_sent:
                postponed.append(request)
                continue
            self._prepared.reader.note_sent(request)
            self._show_progress(self._finished + 1)
        return postponed

    def record_after_undo(self) -> Manifest | None:
        """Return the record after the undo, None when nothing is left to record."""
        if self.plan.manifest is None:
            return None
        manifest = _with_remade_ids(self.plan.manifest, self._sender)
        return self._prepared.page.with_page_ids(manifest)

    def _show_progress(self, finished: int) -> None:
        self._finished = finished
        self._progress("Undoing", finished, len(self._agreed))


def _with_remade_ids(manifest: Manifest, sender: RequestSender) -> Manifest:
    """Return the record with the new ids of views and options that were made again."""
    databases = dict(manifest.databases)
    for (database, key), view_id in sender.remade_views.items():
        entry = databases[database]
        view = entry.views[key].model_copy(update={"id": view_id})
        databases[database] = entry.model_copy(update={"views": {**entry.views, key: view}})
    for (database, place), option_id in sender.remade_options.items():
        entry = databases[database]
        options = {**entry.options, place: option_id}
        databases[database] = entry.model_copy(update={"options": options})
    return manifest.model_copy(update={"databases": databases})


def _remember_for_sync(state_home: StateHome, template: str, manifest: Manifest | None) -> None:
    """Give sync the new record. When there is none, sync looks for one in the workspace."""
    with State(state_home, template) as state:
        remembered = state.workspace.read()
        if remembered is not None:
            state.workspace.save(replace(remembered, manifest=manifest))
