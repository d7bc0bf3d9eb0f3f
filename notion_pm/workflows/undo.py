"""The story of `undo`: find the journal of the last apply, compare, take back what can be, set the record right.

Each step looks at what is there rather than at what was done, so that an interrupted undo goes on when it is run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from notion_pm.errors import NotShared, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest, ViewEntry
from notion_pm.model.schema import View
from notion_pm.model.state_home import StateHome
from notion_pm.planning.undo import Found, TrashPage, UndoPlan
from notion_pm.planning.undo_plan import plan_undo
from notion_pm.storage import journal as journals
from notion_pm.storage.state import State
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.provision import read_for
from notion_pm.workflows.undo_acts import Doing
from notion_pm.workspace.lock import Claimant, WorkspaceLock
from notion_pm.workspace.record import ManifestPage, find_manifest, locked_record, tell, write_record


@dataclass(frozen=True, slots=True)
class Undoing:
    """An apply that can be taken back: how, the page with its record, and its journal's file."""

    plan: UndoPlan
    page: ManifestPage
    path: Path


def look_back(
    gateway: Gateway,
    parent_id: NotionId,
    state_directory: Path,
    template: str | None = None,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Undoing:
    """Find out what taking back the last apply comes to. Reads only.

    Raises UsageError where nothing was applied, or the journal is on another machine; ManifestUnreadable, FileUnusable
    or a NotionError.
    """
    page = find_manifest(gateway, parent_id, gateway.list_children(parent_id), template, home)
    if page is None:
        raise UsageError("There is no apply to take back here.", "notion-pm status  shows what was applied where.")
    path = journals.path_of(state_directory, page.manifest.template, page.manifest.started)
    journal = journals.read(path)
    if journal is None or journal.begun.partial:
        raise _elsewhere(page.manifest)
    manifest = page.manifest
    if manifest.state == "applying":
        manifest = _recovered(gateway, parent_id, journal, jobs, home)
    found = _found(gateway, journal, manifest, jobs)
    return Undoing(plan_undo(journal, manifest, found), page, path)


def _elsewhere(manifest: Manifest) -> UsageError:
    when = f"{manifest.started:%Y-%m-%d %H:%M %Z}".strip()
    return UsageError(
        f"The last apply of {manifest.template} ({when}) has no journal here: it ran on another machine or as "
        "another user, or it was an adopt, which has nothing to take back.",
        "Run undo there. `notion-pm destroy` takes a whole template back, from anywhere.",
    )


def _recovered(gateway: Gateway, parent_id: NotionId, journal: Journal, jobs: int, home: StateHome | None) -> Manifest:
    """Return the record with what an interrupted apply made and did not come to record."""
    existing = read_for(gateway, parent_id, journal.begun.loaded, jobs=jobs, home=home).existing
    assert existing.manifest is not None, "it was there a moment ago"
    return existing.manifest


def _found(gateway: Gateway, journal: Journal, manifest: Manifest, jobs: int) -> dict[str, Found]:
    before = journal.begun.manifest.owned if journal.begun.manifest else {}
    touched = [key for key, entry in manifest.owned.items() if _concerned(journal, before.get(key), entry)]
    with ThreadPoolExecutor(jobs) as pool:
        looked = pool.map(lambda key: _look_at(gateway, journal, manifest.owned[key], before.get(key)), touched)
        found = dict(zip(touched, looked, strict=True))
    return {key: each for key, each in found.items() if each is not None}


def _concerned(journal: Journal, before: DatabaseEntry | None, entry: DatabaseEntry) -> bool:
    """Whether an apply did anything to a database."""
    if before is None or set(entry.rows) - set(before.rows):
        return True
    views = {each.id for each in (*entry.views.values(), *before.views.values())}
    return bool({entry.database_id, entry.data_source_id, *views} & journal.ids)


def _look_at(gateway: Gateway, journal: Journal, entry: DatabaseEntry, before: DatabaseEntry | None) -> Found | None:
    """Return a database as it is, None when it is in the trash or out of reach.

    Of a new one our own views tell nothing: it goes, or stays, with all of them.
    """
    try:
        database = gateway.get_database(entry.database_id)
        source = gateway.get_data_source(entry.data_source_id)
    except NotShared:
        return None
    if database.in_trash or source.in_trash:
        return None
    view_ids = gateway.list_view_ids(database.id)
    ours = {each.id for each in entry.views.values()}
    untouched = {each.id for each in before.views.values()} - journal.ids if before else ours
    views = {each: view for each in {*view_ids, *ours} - untouched if (view := _view(gateway, each))}
    return Found(database, source, view_ids, views, tuple(gateway.query(source.id)))


def _view(gateway: Gateway, view_id: NotionId) -> View | None:
    try:
        return gateway.get_view(view_id)
    except NotShared:
        return None


def undo(
    gateway: Gateway,
    undoing: Undoing,
    state_home: StateHome,
    *,
    now: datetime,
    jobs: int = 4,
    progress: Progress = silent,
    claimant: Claimant | None = None,
) -> None:
    """Take an apply back. Interrupted, the same command goes on where it ended.

    Raises WorkspaceLocked when another run is at work, RecordChanged when one has been, FileUnusable or a NotionError.
    """
    with locked_record(gateway, undoing.page, claimant or Claimant()) as lock:
        _take_back(gateway, undoing, state_home, lock, now=now, jobs=jobs, progress=progress)


def _take_back(
    gateway: Gateway,
    undoing: Undoing,
    state_home: StateHome,
    lock: WorkspaceLock,
    *,
    now: datetime,
    jobs: int,
    progress: Progress,
) -> None:
    plan = undoing.plan
    doing = Doing(gateway)
    acts = plan.acts
    rows = [act for act in acts if isinstance(act, TrashPage)]
    with ThreadPoolExecutor(jobs) as pool:
        for place, _ in enumerate(pool.map(doing, rows)):
            progress("Undoing", place + 1, len(acts))
    for place, act in enumerate(acts[len(rows) :]):
        doing(act)
        progress("Undoing", len(rows) + place + 1, len(acts))
    manifest = _with_views(plan.manifest, doing.views) if plan.manifest else None
    if manifest is not None:
        manifest = undoing.page.placed(manifest)
    _set_record(gateway, undoing.page, manifest, now)
    if manifest is None:
        lock.forget()
    _remember(state_home, plan.template, manifest)
    journals.mark_undone(undoing.path, now)


def _with_views(manifest: Manifest, views: Mapping[tuple[str, str], NotionId]) -> Manifest:
    databases = dict(manifest.databases)
    for (database, key), view_id in views.items():
        entry = databases[database]
        made: ViewEntry = entry.views[key].model_copy(update={"id": view_id})
        databases[database] = entry.model_copy(update={"views": {**entry.views, key: made}})
    return manifest.model_copy(update={"databases": databases})


def _set_record(gateway: Gateway, page: ManifestPage, manifest: Manifest | None, now: datetime) -> None:
    if manifest is None:
        gateway.trash_page(page.id)
        return
    write_record(gateway, page, manifest)
    tell(gateway, page, manifest, now)


def _remember(state_home: StateHome, template: str, manifest: Manifest | None) -> None:
    """Let sync know: without a manifest it asks the workspace for one."""
    with State(state_home, template) as state:
        remembered = state.remembered()
        if remembered is not None:
            state.remember(replace(remembered, manifest=manifest))
