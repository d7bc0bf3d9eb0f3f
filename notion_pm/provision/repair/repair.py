"""Rebuild a record that was lost, damaged or copied, from the databases under the parent page.

`repair` does it for the page that the record belonged to; `adopt` does it for a duplicated page,
which becomes a client with a record of its own. Both read first, show what they found, and write
only the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.errors import (
    RecordChanged,
    RecordCopied,
    RecordFromLaterVersion,
    RecordLost,
    RecordMoved,
    RecordUnreadable,
    UsageError,
)
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import ChildBlock
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision.repair.finding import FoundDatabase, find_databases
from notion_pm.provision.repair.rebuilding import find_missing, rebuild
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


@dataclass(frozen=True, slots=True)
class Repair:
    """What would be recorded.

    `missing`: addresses that were not found. `damaged`: a record page whose record is replaced.
    `copy`: a copied record page, which is moved to the trash. `reference` and `now`: the arguments
    of `plan_repair`.
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
        """What a person agrees to: the record, and the page that it is written on."""
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
        found = self.found[key]
        entry = self.manifest.databases[key]
        return {
            "database": found.database.id,
            "title": found.database.title,
            "found_by": found.how,
            "properties": len(entry.properties),
            "views": len(entry.views),
            "rows": len(entry.rows),
        }


@dataclass(frozen=True, slots=True)
class _Remains:
    """What is left of a record.

    `guide`: an earlier version of the record. `adopted`: databases that a record changed by hand
    says were adopted. `damaged`, `copy`: pages to be replaced or trashed.
    """

    guide: Manifest | None = None
    adopted: Mapping[str, DatabaseEntry] = field(default_factory=dict)
    damaged: NotionId | None = None
    copy: NotionId | None = None


def plan_repair(
    client: NotionClient,
    parent_id: NotionId,
    reference: str,
    home: StateHome | None,
    *,
    now: datetime,
    of_copy: bool = False,
    jobs: int = 4,
) -> Repair | None:
    """Find the databases of a template under a parent page, and rebuild their record. Only reads.

    Return None when the record exists unchanged. With `of_copy` a copied record is not
    an error: the copied databases get a record of their own.

    Raises RecordLost when the record page is in the trash: `restore_record` brings it back, which
    is better than a rebuilt record. Raises UsageError when no database of the template was found,
    RecordCopied, RecordMoved, TemplateInvalid or a NotionError.
    """
    children = list_parent_page(client, parent_id)
    template = templates.name_of(reference)
    remains = _find_remains(client, parent_id, children, template, home, of_copy=of_copy)
    if remains is None:
        return None
    guide = remains.guide
    loaded = templates.load(reference, guide.variables if guide else {})
    found = find_databases(
        client,
        loaded.template,
        children,
        guide,
        are_copies=remains.copy is not None,
        jobs=jobs,
    )
    if not found:
        raise UsageError(
            f"No database of the template {loaded.template.template} was found under the parent "
            "page.",
            f"To create them:  notion-pm apply {reference}",
        )
    databases = {key: database.existing for key, database in found.items()}
    manifest = _with_adopted(rebuild(loaded, databases, guide, now), remains.adopted)
    return Repair(
        reference,
        now,
        loaded,
        manifest,
        found,
        missing=tuple(find_missing(loaded, manifest)),
        damaged=remains.damaged,
        copy=remains.copy,
    )


def carry_out_repair(
    client: NotionClient,
    parent_id: NotionId,
    repair: Repair,
    home: StateHome | None,
    claimant: Claimant | None = None,
    *,
    jobs: int = 4,
) -> None:
    """Plan once more under the lock, and write the record.

    After an interruption the same command continues: an unusable page is trashed before a new one
    is created.

    Raises WorkspaceLocked when another run is active, RecordChanged when the plan is out of date,
    RecordUnreadable when the record would be too long, or a NotionError.
    """
    codec.encode(repair.manifest)  # raises before anything is written
    claimant = claimant or Claimant()
    page = None
    old_page = repair.damaged or repair.copy
    if old_page is None:
        # There is no page to lock. If another run creates one after this check, `create_record`
        # stops.
        _raise_if_changed(client, parent_id, repair, home, jobs)
    else:
        with workspace_lock(client, old_page, claimant) as lock:
            _raise_if_changed(client, parent_id, repair, home, jobs)
            if repair.damaged is not None:
                page = overwrite_record(client, repair.damaged, parent_id, repair.manifest)
            if page is None:
                client.trash_page(old_page)
                lock.forget()
    if page is None:
        page = create_record(client, parent_id, repair.manifest, claimant)
    if home is not None:
        remember_record(home, page, template_source(repair.loaded))


def _raise_if_changed(
    client: NotionClient, parent_id: NotionId, repair: Repair, home: StateHome | None, jobs: int
) -> None:
    """Plan the repair again. Raises RecordChanged when the result is different."""
    changed = RecordChanged("Someone has changed this workspace")
    of_copy = repair.copy is not None
    try:
        newer = plan_repair(
            client, parent_id, repair.reference, home, now=repair.now, of_copy=of_copy, jobs=jobs
        )
    except (RecordUnreadable, RecordCopied, RecordLost, RecordMoved, UsageError) as error:
        raise changed from error
    if newer is None or newer.decision != repair.decision:
        raise changed


def restore_record(
    client: NotionClient,
    parent_id: NotionId,
    page_id: NotionId,
    template: str,
    home: StateHome | None,
    claimant: Claimant | None = None,
) -> None:
    """Take a record page out of the trash, and check that it has the record of this parent page.

    Raises WorkspaceLocked when another run is active, and what `open_record_page` raises.
    """
    # The lock comes after this write: Notion does not allow the lock on a page in the trash.
    client.restore_page(page_id)
    with workspace_lock(client, page_id, claimant or Claimant()):
        open_record_page(client, parent_id, template, home)


# --- what is left of the record


def _find_remains(
    client: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
    *,
    of_copy: bool,
) -> _Remains | None:
    """Return what is left of a record, None when nothing is wrong with it.

    A record that was changed by hand counts as damaged.
    """
    remembered = remembered_manifests(home).get(template) if home is not None else None
    if remembered is not None and remembered.parent_id != parent_id:
        remembered = None
    try:
        page = find_record(client, parent_id, children, template, home)
    except RecordFromLaterVersion:
        raise
    except RecordUnreadable as error:
        first = NotionId(error.page_id)
        damaged = _damaged_pages(client, parent_id, children, template, home, first)
        if remembered is not None and remembered.page_id in damaged:
            return _Remains(remembered, damaged=remembered.page_id)
        return _Remains(remembered, damaged=damaged[0])
    except RecordCopied as error:
        if not of_copy:
            raise
        copy = NotionId(error.page_id)
        return _Remains(read_record_page(client, copy, parent_id).manifest, copy=copy)
    if page is None:
        return _Remains(remembered)
    if not page.is_edited:
        return None
    guide, adopted = _guide_for_edited_record(page, remembered)
    return _Remains(guide, adopted, damaged=page.id)


def _guide_for_edited_record(
    page: RecordPage, remembered: Manifest | None
) -> tuple[Manifest, Mapping[str, DatabaseEntry]]:
    """Return the guide for the repair of a record changed by hand, and what it says was adopted.

    Its ids are not trusted: they may be of any database. That a database was adopted is trusted,
    because then less is changed in it.
    """
    if remembered is not None and remembered.page_id == page.id:
        return remembered, {}
    adopted = {
        key: entry for key, entry in page.manifest.databases.items() if entry.adopted is not None
    }
    return page.manifest.model_copy(update={"databases": {}}), adopted


def _with_adopted(manifest: Manifest, adopted: Mapping[str, DatabaseEntry]) -> Manifest:
    """Return a record in which these databases are marked as adopted again."""
    entries = dict(manifest.databases)
    for key, entry in adopted.items():
        rebuilt = entries.get(key)
        if rebuilt is not None and rebuilt.database_id == entry.database_id:
            entries[key] = rebuilt.model_copy(update={"adopted": entry.adopted})
    return manifest.model_copy(update={"databases": entries})


def _damaged_pages(
    client: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
    first: NotionId,
) -> list[NotionId]:
    """Return the record pages that cannot be read; `first` is one of them.

    Raises UsageError when there is also a good record: the damaged page is not needed then.
    """
    damaged = [first]
    while True:
        others = [block for block in children if block.id not in damaged]
        try:
            good = find_record(client, parent_id, others, template, home)
        except RecordFromLaterVersion:
            raise
        except RecordUnreadable as error:
            if error.page_id in damaged:
                return damaged
            damaged.append(NotionId(error.page_id))
            continue
        except (RecordCopied, RecordLost, RecordMoved):
            return damaged
        # A record without databases is left by a first apply that ran at the same time as another
        # and stopped.
        if good is None or not good.manifest.databases:
            return damaged
        links = " ".join(page_url(page_id) for page_id in damaged)
        raise UsageError(
            f"There is a good record of the template {template} here, and a second record page "
            "that cannot be read.",
            f"Nothing was changed. Delete the page that cannot be read: {links}",
        )
