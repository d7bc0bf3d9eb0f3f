"""Rebuild a record that was lost, damaged or copied, from the databases that are under the parent page.

`repair` does it for the page that the record belonged to, `adopt` for a duplicated page, which becomes a client of its
own. Both read first, show what they found, and write only the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import (
    InTrash,
    NotShared,
    RecordChanged,
    RecordCopied,
    RecordFromLaterVersion,
    RecordLost,
    RecordMoved,
    RecordUnreadable,
    UsageError,
)
from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.property_types import COMPUTED_TYPES
from notion_pm.model.schema import ChildBlock, Database, View
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision.adopt.matching import Candidate, match_databases
from notion_pm.provision.repair.rebuilding import not_found, rebuild
from notion_pm.state.state import remembered_manifests
from notion_pm.template import templates
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.lock import Claimant, workspace_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import (
    RecordPage,
    create_record,
    find_record,
    open_record_page,
    overwrite_record,
    read_record_page,
    remember_record,
)
from notion_pm.workspace.sync_context import template_source

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

    `damaged` is a record page whose record is replaced, `copy` one that goes to the trash. `reference` and `now` are
    what it was planned with.
    """

    reference: str
    now: datetime
    loaded: LoadedTemplate
    manifest: Manifest
    found: Mapping[str, FoundDatabase]
    missing: tuple[str, ...]
    damaged: NotionId | None = None
    copy: NotionId | None = None

    @property
    def decision(self) -> tuple[Manifest, NotionId | None, NotionId | None]:
        """Return what a person agreed to: what is written, and on which page."""
        return self.manifest, self.damaged, self.copy

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
    adopted: Mapping[str, DatabaseEntry] = field(default_factory=dict)
    damaged: NotionId | None = None
    copy: NotionId | None = None


def plan_repair(
    gateway: NotionClient,
    parent_id: NotionId,
    reference: str,
    home: StateHome | None,
    *,
    now: datetime,
    of_copy: bool = False,
    jobs: int = 4,
) -> Repair | None:
    """Find the databases of a template under a parent page; None when the record is there and as it was written.

    With `of_copy` a copied record is no error: the copied databases get a record of their own.

    Raises RecordLost when the record page is in the trash: `restore_record` brings it back as it was, which no
    rebuilt record can. Raises UsageError when there is no database of the template, RecordCopied, RecordMoved,
    TemplateInvalid or a NotionError. Reads only.
    """
    children = list_parent_page(gateway, parent_id)
    lost = _what_is_left(
        gateway, parent_id, children, templates.name_of(reference), home, of_copy=of_copy
    )
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
    manifest = _with_adopted(manifest, lost.adopted)
    left = tuple(not_found(loaded, manifest))
    return Repair(reference, now, loaded, manifest, found, left, lost.damaged, lost.copy)


def carry_out_repair(
    gateway: NotionClient,
    parent_id: NotionId,
    repair: Repair,
    home: StateHome | None,
    claimant: Claimant | None = None,
    *,
    jobs: int = 4,
) -> None:
    """Decide once more under the lock, and write the record.

    Interrupted, the same command goes on: a page that cannot be used is set aside before a new one is made.

    Raises WorkspaceLocked when another run is at work, RecordChanged when what was decided is out of date,
    RecordUnreadable where the record would be too long, or a NotionError.
    """
    codec.encode(repair.manifest)
    claimant = claimant or Claimant()
    page = None
    old = repair.damaged or repair.copy
    if old is None:
        # There is no page to claim. When another run makes one after this, `create_record` stops.
        _raise_if_changed(gateway, parent_id, repair, home, jobs)
    else:
        with workspace_lock(gateway, old, claimant) as lock:
            _raise_if_changed(gateway, parent_id, repair, home, jobs)
            if repair.damaged is not None:
                page = overwrite_record(gateway, repair.damaged, parent_id, repair.manifest)
            if page is None:
                gateway.trash_page(old)
                lock.forget()
    if page is None:
        page = create_record(gateway, parent_id, repair.manifest, claimant)
    if home is not None:
        remember_record(home, page, template_source(repair.loaded))


def _raise_if_changed(
    gateway: NotionClient, parent_id: NotionId, repair: Repair, home: StateHome | None, jobs: int
) -> None:
    """Plan the repair again. Raises RecordChanged when another one, or none, is right by now."""
    changed = RecordChanged("Somebody has changed this workspace")
    of_copy = repair.copy is not None
    try:
        again = plan_repair(
            gateway, parent_id, repair.reference, home, now=repair.now, of_copy=of_copy, jobs=jobs
        )
    except (RecordUnreadable, RecordCopied, RecordLost, RecordMoved, UsageError) as error:
        raise changed from error
    if again is None or again.decision != repair.decision:
        raise changed


def restore_record(
    gateway: NotionClient,
    parent_id: NotionId,
    page_id: NotionId,
    template: str,
    home: StateHome | None,
    claimant: Claimant | None = None,
) -> None:
    """Take a record page out of the trash, and make sure that it keeps a record of this parent page.

    The lock comes after the first write here: Notion takes no claim on a page in the trash.

    Raises WorkspaceLocked when another run is at work, and what `open_manifest_page` raises.
    """
    gateway.restore_page(page_id)
    with workspace_lock(gateway, page_id, claimant or Claimant()):
        open_record_page(gateway, parent_id, template, home)


def _what_is_left(
    gateway: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
    *,
    of_copy: bool,
) -> _Lost | None:
    """Return what is left of a record, None when nothing is wrong with it.

    One that was changed by hand counts as damaged.
    """
    remembered = remembered_manifests(home).get(template) if home is not None else None
    if remembered is not None and remembered.parent_id != parent_id:
        remembered = None
    try:
        page = find_record(gateway, parent_id, children, template, home)
        if page is not None:
            return (
                _Lost(*_guide_beside(page, remembered), damaged=page.id) if page.is_edited else None
            )
    except RecordFromLaterVersion:
        raise
    except RecordUnreadable as error:
        damaged = _damaged_pages(
            gateway, parent_id, children, template, home, NotionId(error.page_id)
        )
        is_remembered = remembered is not None and remembered.page_id in damaged
        return _Lost(
            remembered, damaged=remembered.page_id if remembered and is_remembered else damaged[0]
        )
    except RecordCopied as error:
        if not of_copy:
            raise
        copy = NotionId(error.page_id)
        return _Lost(read_record_page(gateway, copy, parent_id).manifest, copy=copy)
    return _Lost(remembered)


def _guide_beside(
    page: RecordPage, remembered: Manifest | None
) -> tuple[Manifest, Mapping[str, DatabaseEntry]]:
    """Return what guides the repair of a record that was changed by hand, and what it says was adopted.

    Its ids are not believed: they may be those of any database. That a database was the client's own
    before is believed, for then less is changed in it.
    """
    if remembered is not None and remembered.page_id == page.id:
        return remembered, {}
    adopted = {
        key: entry for key, entry in page.manifest.databases.items() if entry.adopted is not None
    }
    return page.manifest.model_copy(update={"databases": {}}), adopted


def _with_adopted(manifest: Manifest, adopted: Mapping[str, DatabaseEntry]) -> Manifest:
    """Return a record in which databases that were adopted are so again."""
    entries = dict(manifest.databases)
    for key, entry in adopted.items():
        found = entries.get(key)
        if found is not None and found.database_id == entry.database_id:
            entries[key] = found.model_copy(update={"adopted": entry.adopted})
    return manifest.model_copy(update={"databases": entries})


def _damaged_pages(
    gateway: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
    first: NotionId,
) -> list[NotionId]:
    """Return the record pages that cannot be read.

    Raises UsageError when there is a good record besides: the damaged page is not needed then.
    """
    damaged = [first]
    while True:
        others = [block for block in children if block.id not in damaged]
        try:
            good = find_record(gateway, parent_id, others, template, home)
        except RecordFromLaterVersion:
            raise
        except RecordUnreadable as error:
            if error.page_id in damaged:
                return damaged
            damaged.append(NotionId(error.page_id))
            continue
        except (RecordCopied, RecordLost, RecordMoved):
            return damaged
        if (
            good is None or not good.manifest.databases
        ):  # the page of a first apply that came second owns nothing
            return damaged
        raise UsageError(
            f"There is a good record of the template {template} here, and a second record page that cannot be read.",
            "Nothing was changed. Delete the page that cannot be read: "
            + " ".join(page_url(page_id) for page_id in damaged),
        )


def _find_databases(
    gateway: NotionClient,
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
    ids = [
        b.id
        for b in children
        if b.type == "child_database" and not b.in_trash and b.id not in taken
    ]
    on_page = map_concurrently(lambda each: _candidate_on_page(gateway, each), ids, jobs)
    others = [candidate for candidate in on_page if candidate is not None]
    for key in wanted:
        if key not in found:
            called = {
                loaded.template.databases[key].title.casefold(),
                titles.get(key, "").casefold(),
            } - {""}
            same = [each for each in others if each.database.title.casefold() in called]
            if len(same) == 1:
                found[key] = same[0], "its title"
                others.remove(same[0])

    waiting = [key for key in wanted if key not in found]
    for key, match in match_databases(loaded.template, waiting, others, named=True).items():
        # What Notion computes is never matched here, so the share is of the other properties.
        specs = loaded.template.databases[key].properties.values()
        stored = sum(spec.type not in COMPUTED_TYPES for spec in specs)
        matched = sum(each.match is not None for each in match.properties.values())
        if matched >= _CLEARLY_ALIKE * stored:
            found[key] = match.candidate, f"its properties, {matched} of {stored} alike"

    existing = list(
        map_concurrently(lambda each: _read_whole(gateway, each[0]), found.values(), jobs)
    )
    widget_ids = {view_id for each in existing for view_id in _widget_ids(each)}
    widgets = list(map_concurrently(gateway.get_view, sorted(widget_ids), jobs))
    return {
        key: FoundDatabase(candidate.database, _with_widgets(whole, widgets), how)
        for (key, (candidate, how)), whole in zip(found.items(), existing, strict=True)
    }


def _candidate(gateway: NotionClient, database_id: NotionId) -> Candidate | None:
    """Return a database, None when it is in the trash, cannot be seen, or has not exactly one data source."""
    try:
        return _only_source(gateway, gateway.get_database(database_id))
    except (NotShared, InTrash):
        return None


def _candidate_on_page(gateway: NotionClient, database_id: NotionId) -> Candidate | None:
    """Return a database that stands on the parent page, None as for others and for a linked view."""
    try:
        database = gateway.find_database(database_id)
        return _only_source(gateway, database) if database is not None else None
    except (NotShared, InTrash):
        return None


def _only_source(gateway: NotionClient, database: Database) -> Candidate | None:
    if database.in_trash or len(database.data_source_ids) != 1:
        return None
    return Candidate(database, gateway.get_data_source(database.data_source_ids[0]))


def _read_whole(gateway: NotionClient, candidate: Candidate) -> ExistingDatabase:
    """Read the tabs and the titles of the rows of a database."""
    view_ids = gateway.list_view_ids(candidate.database.id)
    tabs = tuple(gateway.get_view(each) for each in view_ids)
    rows = tuple(gateway.query(candidate.source.id, property_ids=["title"]))
    dashboards = {tab.id: tab.rows for tab in tabs if tab.type == "dashboard"}
    return ExistingDatabase(
        candidate.source, candidate.database.title, view_ids, dashboards, tabs, rows
    )


def _widget_ids(existing: ExistingDatabase) -> Iterator[NotionId]:
    for rows in existing.dashboards.values():
        for row in rows:
            yield from row


def _with_widgets(existing: ExistingDatabase, widgets: Sequence[View]) -> ExistingDatabase:
    """Add the widgets that show a database: they are on the dashboards of any database."""
    own = tuple(view for view in widgets if view.data_source_id == existing.data_source.id)
    return replace(existing, views=(*existing.views, *own))
