"""Taking a template back: what it made goes to Notion's trash, from where people can restore it for 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.errors import ChangedDuringRun, InTrash, NotShared, RecordEdited
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.notion.paging import PAGE_SIZE
from notion_pm.state.state import forget_manifest
from notion_pm.text import quantity
from notion_pm.workspace.fresh_updates import OVERLAP
from notion_pm.workspace.lock import Claimant
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.record import RecordPage, locked_record, open_record_page
from notion_pm.workspace.record_text import removed_title


@dataclass(frozen=True, slots=True)
class Doomed:
    """A database of the manifest that is there. `theirs` of its pages were written by people, not by the template.

    `edits` says when each page was edited last, as it was counted."""

    key: str
    title: str
    database_id: NotionId
    pages: int
    theirs: int
    data_source_id: NotionId
    edits: Mapping[NotionId, datetime] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Destruction:
    """Everything that would go to the trash: the databases, and then the page that keeps the record.

    `adopted` are the titles of databases that were there before the template: they stay, with all that is in them.
    """

    template: str
    databases: tuple[Doomed, ...]
    page: RecordPage
    adopted: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        databases = [asdict(each) for each in self.databases]
        for database in databases:
            del database["data_source_id"], database["edits"]
        return {
            "template": self.template,
            "databases": databases,
            "manifest_page": self.page.id,
            "adopted": self.adopted,
        }


def destruction(
    gateway: NotionClient,
    parent_id: NotionId,
    template: str | None = None,
    home: StateHome | None = None,
) -> Destruction:
    """Find what a template made, and how many pages are in it. Reads only.

    Raises UsageError when nothing was applied, RecordUnreadable when the record is damaged, RecordEdited when
    somebody changed it, or a NotionError.
    """
    page = open_record_page(gateway, parent_id, template, home)
    page.refuse_if_edited()
    manifest = page.manifest
    found = [_doomed(gateway, page, key, entry) for key, entry in manifest.made.items()]
    adopted = tuple(entry.title for entry in manifest.owned.values() if entry.adopted)
    return Destruction(
        manifest.template, tuple(each for each in found if each is not None), page, adopted
    )


def _doomed(
    gateway: NotionClient, page: RecordPage, key: str, entry: DatabaseEntry
) -> Doomed | None:
    """Return what is there of a database, None when it is in the trash already or no longer shared.

    Raises RecordEdited when the data source that the record names is of another database. Records of
    earlier versions have no checksum, and people can move a data source to another database.
    """
    try:
        database = gateway.get_database(entry.database_id)
        if database.in_trash:
            return None
        if entry.data_source_id not in database.data_source_ids:
            how = (
                f"the data source that it names for {key} is not in the database {database.title!r}"
            )
            raise RecordEdited(template=page.manifest.template, url=page_url(page.id), how=how)
        edits = _edits(gateway, entry.data_source_id)
    except (NotShared, InTrash):
        return None
    theirs = len(set(edits) - set(entry.rows.values()))
    return Doomed(key, database.title, database.id, len(edits), theirs, entry.data_source_id, edits)


def _edits(gateway: NotionClient, data_source_id: NotionId) -> dict[NotionId, datetime]:
    return {
        page.id: page.last_edited_time
        for page in gateway.query(data_source_id, property_ids=["title"])
    }


def _raise_if_edited(gateway: NotionClient, database: Doomed, now: datetime) -> None:
    """Read the pages once more, right before they go to the trash. `now` is the server's time.

    Raises ChangedDuringRun when people added or edited some since they were counted.
    """
    edits = _edits(gateway, database.data_source_id)
    if len(edits) > PAGE_SIZE:
        # The list took several requests. What people edited in that time is among the latest edits.
        for page in gateway.edited_since(
            database.data_source_id, now - OVERLAP, property_ids=["title"]
        ):
            edits[page.id] = page.last_edited_time
    changed = sum(1 for page_id, edited in edits.items() if database.edits.get(page_id) != edited)
    if changed:
        pages = quantity(changed, "page")
        raise ChangedDuringRun(database.title, f"people added or edited {pages}")


def destroy(
    gateway: NotionClient,
    doomed: Destruction,
    progress: Progress = no_progress,
    home: StateHome | None = None,
    claimant: Claimant | None = None,
) -> None:
    """Put it all in the trash, the manifest last: interrupted, the same command goes on where it ended.

    This machine (`home`) forgets the record, so that nobody looks for it afterwards. Raises WorkspaceLocked when
    another run is at work, RecordChanged when one has been.
    """
    with locked_record(gateway, doomed.page, claimant or Claimant()) as lock:
        for place, database in enumerate(doomed.databases):
            _raise_if_edited(gateway, database, lock.server_time())
            gateway.trash_database(database.database_id)
            progress("Databases", place + 1, len(doomed.databases))
        gateway.rename_and_trash_page(doomed.page.id, removed_title(doomed.template))
        lock.forget()
    if home is not None:
        forget_manifest(home, doomed.template)
