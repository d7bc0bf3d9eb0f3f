"""Where a sync works: the door to Notion, the memory, and the template with its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.template import LoadedTemplate
from notion_pm.storage import template_files, templates
from notion_pm.storage.state import State, known_templates
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.workspace import open_manifest


@dataclass(frozen=True, slots=True)
class Place:
    """Where to sync: the door, the page under which the databases are, and where the memory is kept."""

    gateway: Gateway
    parent_id: NotionId
    state_directory: Path
    now: datetime
    jobs: int = 4
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Opened:
    """A template and its manifest; `fresh` when the manifest was read just now, rather than remembered."""

    loaded: LoadedTemplate
    manifest: Manifest
    fresh: bool


def open_template(place: Place, reference: str | None, *, fresh: bool = False) -> Opened:
    """Return the template to sync by; without a name the one that is synced here, or that was applied here.

    The manifest is read only where it is not remembered, is one of another version, or is to be `fresh`.

    Raises UsageError when there is none, or an apply has not ended.
    """
    named = reference or _only_known(place.state_directory)
    read = None if named else _applied(place)
    named = named or (read.template if read else "")
    name = templates.name_of(named)
    remembered = None if fresh else _remembered_manifest(place, name)
    manifest = read or remembered or _read_manifest(place, name)
    loaded = templates.load(named, manifest.variables)
    if manifest is remembered and manifest.version != loaded.template.version:
        return Opened(loaded, _read_manifest(place, name), fresh=True)
    return Opened(loaded, manifest, fresh=manifest is not remembered)


def source_of(loaded: LoadedTemplate) -> str:
    """Return what to call a template's file another time: its shipped name, or its path."""
    path = Path(loaded.source).resolve()
    return next((name for name, each in template_files.shipped().items() if each.resolve() == path), str(path))


def _only_known(state_directory: Path) -> str | None:
    """The template that is synced here, when there is exactly one."""
    known = known_templates(state_directory)
    return next(iter(known.values())) if len(known) == 1 else None


def _applied(place: Place) -> Manifest:
    """The workspace's only manifest, of a template that can be found by its name."""
    manifest = _read_manifest(place, None)
    if manifest.template not in template_files.shipped():
        raise UsageError(
            f"This workspace was made from a template of its own, {manifest.template!r}.",
            "Name its file:  notion-pm sync --template path/to/template.yaml",
        )
    return manifest


def _remembered_manifest(place: Place, name: str) -> Manifest | None:
    with State(place.state_directory, name) as state:
        remembered = state.remembered()
    return remembered.manifest if remembered else None


def _read_manifest(place: Place, name: str | None) -> Manifest:
    _, manifest = open_manifest(place.gateway, place.parent_id, name)
    if manifest.state == "applying":
        which = manifest.template
        raise UsageError(f"An apply of {which} has begun and not ended.", f"End it first:  notion-pm apply {which}")
    return manifest
