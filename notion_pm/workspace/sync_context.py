"""What a sync works with: the connection to Notion, the state, the template and its record."""

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
    """Where to sync, and what surrounds it.

    `parent_id`: the page that has the databases. `run_id`: empty for an id made of the time.
    `clock`: seconds.
    """

    notion: NotionClient
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
        """Where the state is: in a database that machines share, or in the folder."""
        return self.shared_state or self.state_directory


@dataclass(frozen=True, slots=True)
class LoadedWorkspace:
    """A template and its record.

    `page`: the record page, None where the record is a remembered one.
    """

    loaded: LoadedTemplate
    manifest: Manifest
    page: RecordPage | None

    @property
    def is_fresh(self) -> bool:
        """Whether the record was read just now."""
        return self.page is not None


def load_workspace(
    context: SyncContext, reference: str | None, *, fresh: bool = False
) -> LoadedWorkspace:
    """Return a template and its record.

    Without a reference: the only template that is synced here, else the only one that was applied
    here. The record is read when it is not remembered, when the template has another version than
    the remembered one, and when `fresh`. Otherwise this costs no request.

    Raises UsageError when there is no such template, or an apply has not finished.
    """
    named = reference or _only_synced_template(context.state_home)
    page = None
    if named is None:
        page = _read_only_record(context)
        named = page.manifest.template
    name = templates.name_of(named)

    if page is None and not fresh:
        remembered = _remembered_record(context, name)
        if remembered is not None:
            loaded = templates.load(named, remembered.variables)
            if remembered.version == loaded.template.version:
                learn_databases(context.notion, remembered)
                return LoadedWorkspace(loaded, remembered, None)

    if page is None:
        page = _read_record(context, name)
    loaded = templates.load(named, page.manifest.variables)
    return LoadedWorkspace(loaded, page.manifest, page)


def template_source(loaded: LoadedTemplate) -> str:
    """Return how to find a template's file again: its shipped name, or its path."""
    path = Path(loaded.source).resolve()
    for name, shipped in template_files.shipped_templates().items():
        if shipped.resolve() == path:
            return name
    return str(path)


def _only_synced_template(home: StateHome) -> str | None:
    """Return where the template is that is synced here, None unless it is exactly one."""
    sources = list(known_templates(home).values())
    return sources[0] if len(sources) == 1 else None


def _read_only_record(context: SyncContext) -> RecordPage:
    """Read the workspace's only record, of a template that can be found by its name."""
    page = _read_record(context, None)
    name = page.manifest.template
    if name not in template_files.shipped_templates():
        raise UsageError(
            f"The template {name!r} of this workspace does not ship with notion-pm.",
            "Give its file:  notion-pm sync --template path/to/template.yaml",
        )
    return page


def _remembered_record(context: SyncContext, name: str) -> Manifest | None:
    with State(context.state_home, name) as state:
        memory = state.workspace.read()
    if memory is None or memory.manifest is None:
        return None
    # Old versions remembered copied records, too. They kept no parent page, so it differs here.
    return memory.manifest if memory.manifest.parent_id == context.parent_id else None


def _read_record(context: SyncContext, name: str | None) -> RecordPage:
    try:
        page = open_record_page(context.notion, context.parent_id, name, context.state_home)
    except NotShared as error:
        raise unreachable("The page with the databases", error) from None
    if page.manifest.state == "applying":
        template = page.manifest.template
        raise UsageError(
            f"An apply of {template} has begun and not finished.",
            f"Finish it first:  notion-pm apply {template}",
        )
    return page
