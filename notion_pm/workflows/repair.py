"""Rebuild a record that was lost, damaged or copied, from the databases that are under the parent page.

`repair` does it for the page that the record belonged to, `adopt` for a duplicated page, which becomes a client of its
own. Both read first, show what they found, and write only the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notion_pm.errors import (
    ManifestUnreadable,
    NotShared,
    RecordCopied,
    RecordFromLaterVersion,
    UsageError,
)
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import ChildBlock, Database, View
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.planning.adopting import Candidate, match_databases
from notion_pm.planning.existing import ExistingDatabase
from notion_pm.planning.rebuilding import not_found, rebuild
from notion_pm.storage import templates
from notion_pm.storage.state import remembered_manifests
from notion_pm.workflows.sync_place import source_of
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.lock import Claimant
from notion_pm.workspace.record import (
    create_record,
    find_manifest,
    open_manifest_page,
    read_manifest_page,
    record_blocks,
    remember_manifest,
    replace_record,
)

_CLEARLY_ALIKE = 0.75
"""From which share of the template's properties on a database with another title is taken for the template's."""


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """A database of the template that is there. `how` says by what it was recognised."""

    database: Database
    existing: ExistingDatabase
    how: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What would be recorded. `missing` are addresses that were not found.

    `damaged` is a record page whose record is replaced, `copy` one that goes to the trash.
    """

    loaded: LoadedTemplate
    manifest: Manifest
    found: Mapping[str, FoundDatabase]
    missing: tuple[str, ...]
    damaged: NotionId | None = None
    copy: NotionId | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {
            "template": self.manifest.template,
            "version": self.manifest.version,
            "databases": {key: self._database_data(key) for key in self.found},
            "missing": list(self.missing),
            "replaces": self.damaged,
            "trashes": self.copy,
        }

    def _database_data(self, key: str) -> dict[str, Any]:
        found, entry = self.found[key], self.manifest.databases[key]
        return {
            "database": found.database.id,
            "title": found.database.title,
            "found_by": found.how,
            "properties": len(entry.properties),
            "views": len(entry.views),
            "rows": len(entry.rows),
        }


@dataclass(frozen=True, slots=True)
class _Lost:
    """What is left of a record: an earlier text of it, and pages that are to be replaced or set aside."""

    guide: Manifest | None = None
    damaged: NotionId | None = None
    copy: NotionId | None = None


def plan_repair(
    gateway: Gateway,
    parent_id: NotionId,
    reference: str,
    home: StateHome | None,
    *,
    now: datetime,
    of_copy: bool = False,
    jobs: int = 4,
) -> Repair | None:
    """Find the databases of a template under a parent page; None when the record is there and can be read.

    With `of_copy` a copied record is no error: the copied databases get a record of their own.

    Raises RecordLost when the record page is in the trash: `restore_record` brings it back as it was, which no
    rebuilt record can. Raises UsageError when there is no database of the template, RecordCopied, RecordMoved,
    TemplateInvalid or a NotionError. Reads only.
    """
    children = gateway.list_children(parent_id)
    lost = _what_is_left(gateway, parent_id, children, templates.name_of(reference), home, of_copy=of_copy)
    if lost is None:
        return None
    loaded = templates.load(reference, lost.guide.variables if lost.guide else {})
    known = lost.guide.databases if lost.guide and lost.copy is None else {}
    titles = {key: entry.title for key, entry in lost.guide.databases.items()} if lost.guide else {}
    found = _find_databases(gateway, loaded, children, known, titles, jobs)
    if not found:
        raise UsageError(
            f"No database of the template {loaded.template.template} was found under the parent page.",
            f"To create them:  notion-pm apply {reference}",
        )
    manifest = rebuild(loaded, {key: each.existing for key, each in found.items()}, lost.guide, now)
    return Repair(loaded, manifest, found, tuple(not_found(loaded, manifest)), lost.damaged, lost.copy)


def carry_out_repair(
    gateway: Gateway,
    parent_id: NotionId,
    repair: Repair,
    home: StateHome | None,
    claimant: Claimant | None = None,
) -> None:
    """Write the record. Interrupted, the same command goes on: the copy is set aside before the new record is made.

    Raises WorkspaceLocked when another run is at work, ManifestUnreadable where the record would be too long, or a
    NotionError.
    """
    codec.encode(repair.manifest)
    claimant = claimant or Claimant()
    if repair.copy is not None:
        gateway.trash_page(repair.copy)
    if repair.damaged is not None:
        page = replace_record(gateway, repair.damaged, parent_id, repair.manifest, claimant)
    else:
        page = create_record(gateway, parent_id, repair.manifest, claimant)
    if home is not None:
        remember_manifest(home, page, source_of(repair.loaded))


def restore_record(
    gateway: Gateway, parent_id: NotionId, page_id: NotionId, template: str, home: StateHome | None
) -> None:
    """Take a record page out of the trash, and make sure that it keeps a record of this parent page.

    Raises what `open_manifest_page` raises.
    """
    gateway.restore_page(page_id)
    open_manifest_page(gateway, parent_id, template, home)


def _what_is_left(
    gateway: Gateway,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
    *,
    of_copy: bool,
) -> _Lost | None:
    """Return what is left of a record, None when nothing is wrong with it."""
    remembered = remembered_manifests(home).get(template) if home is not None else None
    if remembered is not None and remembered.parent_id != parent_id:
        remembered = None
    try:
        if find_manifest(gateway, parent_id, children, template, home) is not None:
            return None
    except RecordFromLaterVersion:
        raise
    except ManifestUnreadable:
        titled = [block.id for block in record_blocks(children) if codec.template_of(block.title) == template]
        remembered_id = remembered.page_id if remembered else None
        return _Lost(remembered, damaged=titled[0] if titled else remembered_id)
    except RecordCopied as error:
        if not of_copy:
            raise
        copy = NotionId(error.page_id)
        return _Lost(read_manifest_page(gateway, copy, parent_id).manifest, copy=copy)
    return _Lost(remembered)


def _find_databases(
    gateway: Gateway,
    loaded: LoadedTemplate,
    children: Sequence[ChildBlock],
    known: Mapping[str, DatabaseEntry],
    titles: Mapping[str, str],
    jobs: int,
) -> dict[str, FoundDatabase]:
    """Return the template's databases: by their remembered ids, by their titles, then by what is in them."""
    wanted = [key for key, spec in loaded.template.databases.items() if spec.bind is None]
    found: dict[str, tuple[Candidate, str]] = {}
    for key in wanted:
        if key in known:
            candidate = _candidate(gateway, known[key].database_id)
            if candidate is not None:
                found[key] = candidate, "its id"

    taken = {candidate.database.id for candidate, _ in found.values()}
    ids = [b.id for b in children if b.type == "child_database" and not b.in_trash and b.id not in taken]
    with ThreadPoolExecutor(jobs) as pool:
        others = [each for each in pool.map(lambda each: _candidate(gateway, each), ids) if each is not None]
    for key in wanted:
        if key not in found:
            called = {loaded.template.databases[key].title.casefold(), titles.get(key, "").casefold()} - {""}
            same = [each for each in others if each.database.title.casefold() in called]
            if len(same) == 1:
                found[key] = same[0], "its title"
                others.remove(same[0])

    waiting = [key for key in wanted if key not in found]
    for key, match in match_databases(loaded.template, waiting, others, named=True).items():
        # What Notion computes is never matched here, so the share is of the other properties.
        specs = loaded.template.databases[key].properties.values()
        stored = sum(spec.type not in {"formula", "rollup"} for spec in specs)
        matched = sum(each.match is not None for each in match.properties.values())
        if matched >= _CLEARLY_ALIKE * stored:
            found[key] = match.candidate, f"its properties, {matched} of {stored} alike"

    with ThreadPoolExecutor(jobs) as pool:
        existing = list(pool.map(lambda each: _read_whole(gateway, each[0]), found.values()))
        widget_ids = {view_id for each in existing for view_id in _widget_ids(each)}
        widgets = list(pool.map(gateway.get_view, sorted(widget_ids)))
    return {
        key: FoundDatabase(candidate.database, _with_widgets(whole, widgets), how)
        for (key, (candidate, how)), whole in zip(found.items(), existing, strict=True)
    }


def _candidate(gateway: Gateway, database_id: NotionId) -> Candidate | None:
    """Return a database, None when it is in the trash, cannot be seen, or has not exactly one data source."""
    try:
        database = gateway.get_database(database_id)
        if database.in_trash or len(database.data_source_ids) != 1:
            return None
        return Candidate(database, gateway.get_data_source(database.data_source_ids[0]))
    except NotShared:
        return None


def _read_whole(gateway: Gateway, candidate: Candidate) -> ExistingDatabase:
    """Read the tabs and the titles of the rows of a database."""
    view_ids = gateway.list_view_ids(candidate.database.id)
    tabs = tuple(gateway.get_view(each) for each in view_ids)
    rows = tuple(gateway.query(candidate.source.id, property_ids=["title"]))
    dashboards = {tab.id: tab.rows for tab in tabs if tab.type == "dashboard"}
    return ExistingDatabase(candidate.source, candidate.database.title, view_ids, dashboards, tabs, rows)


def _widget_ids(existing: ExistingDatabase) -> Iterator[NotionId]:
    for rows in existing.dashboards.values():
        for row in rows:
            yield from row


def _with_widgets(existing: ExistingDatabase, widgets: Sequence[View]) -> ExistingDatabase:
    """Add the widgets that show a database: they are on the dashboards of any database."""
    own = tuple(view for view in widgets if view.data_source_id == existing.data_source.id)
    return replace(existing, views=(*existing.views, *own))
