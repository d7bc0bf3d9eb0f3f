"""Where a sync works: the door to Notion, the memory, and the template with its manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from notion_pm.errors import NotShared, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.state.state import State, known_templates
from notion_pm.template import template_files, templates
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.record import RecordPage, learn_databases, open_record_page
from notion_pm.workspace.schema_check import unreachable


@dataclass(frozen=True, slots=True)
class SyncContext:
    """Where to sync: the door, the page under which the databases are, and where the memory is kept.

    `run_id` is what the run is called; without one it is called after the moment when it begins.
    """

    gateway: NotionClient
    parent_id: NotionId
    state_directory: Path
    now: datetime
    jobs: int = 4
    progress: Progress = no_progress
    shared_state: SharedState | None = None
    run_id: str = ""
    clock: Callable[[], float] = monotonic

    @property
    def state_home(self) -> StateHome:
        """Where what sync remembers is kept: the folder, unless there is a database that machines share."""
        return self.shared_state or self.state_directory


@dataclass(frozen=True, slots=True)
class LoadedWorkspace:
    """A template and its manifest; with the manifest page where it was read just now, rather than remembered."""

    loaded: LoadedTemplate
    manifest: Manifest
    page: RecordPage | None

    @property
    def is_fresh(self) -> bool:
        """Whether the manifest was read just now."""
        return self.page is not None


def load_workspace(
    place: SyncContext, reference: str | None, *, fresh: bool = False
) -> LoadedWorkspace:
    """Return the template to sync by; without a name the one that is synced here, or that was applied here.

    The manifest is read only where it is not remembered, is one of another version, or is to be `fresh`.

    Raises UsageError when there is none, or an apply has not ended.
    """
    named = reference or _only_known(place.state_home)
    page = None if named else _applied(place)
    named = named or (page.manifest.template if page else "")
    name = templates.name_of(named)
    remembered = None if fresh or page else _remembered_manifest(place, name)
    if remembered is not None:
        loaded = templates.load(named, remembered.variables)
        if remembered.version == loaded.template.version:
            learn_databases(place.gateway, remembered)
            return LoadedWorkspace(loaded, remembered, None)
    page = page or _read_manifest_page(place, name)
    return LoadedWorkspace(templates.load(named, page.manifest.variables), page.manifest, page)


def template_source(loaded: LoadedTemplate) -> str:
    """Return what to call a template's file another time: its shipped name, or its path."""
    path = Path(loaded.source).resolve()
    return next(
        (
            name
            for name, each in template_files.shipped_templates().items()
            if each.resolve() == path
        ),
        str(path),
    )


def _only_known(home: StateHome) -> str | None:
    """The template that is synced here, when there is exactly one."""
    known = known_templates(home)
    return next(iter(known.values())) if len(known) == 1 else None


def _applied(place: SyncContext) -> RecordPage:
    """The workspace's only manifest page, of a template that can be found by its name."""
    page = _read_manifest_page(place, None)
    if page.manifest.template not in template_files.shipped_templates():
        raise UsageError(
            f"This workspace was made from a template of its own, {page.manifest.template!r}.",
            "Name its file:  notion-pm sync --template path/to/template.yaml",
        )
    return page


def _remembered_manifest(place: SyncContext, name: str) -> Manifest | None:
    """Return the manifest that is remembered, None where the workspace has to be asked.

    A manifest without a parent page was remembered by an older version, which took copies for records.
    """
    with State(place.state_home, name) as state:
        remembered = state.workspace.read()
    manifest = remembered.manifest if remembered else None
    return manifest if manifest and manifest.parent_id == place.parent_id else None


def _read_manifest_page(place: SyncContext, name: str | None) -> RecordPage:
    try:
        page = open_record_page(place.gateway, place.parent_id, name, place.state_home)
    except NotShared as lost:
        raise unreachable("The page under which the databases are kept", lost) from None
    if page.manifest.state == "applying":
        which = page.manifest.template
        raise UsageError(
            f"An apply of {which} has begun and not ended.",
            f"End it first:  notion-pm apply {which}",
        )
    return page
