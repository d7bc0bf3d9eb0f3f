"""Move what a template made to Notion's trash. People can restore it for 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class DatabaseToTrash:
    """A database that the template made, with its pages.

    `pages_of_people`: how many pages are not starter rows of the template. `edit_times`: when each
    page was last edited, by page id, when the pages were counted.
    """

    key: str
    title: str
    database_id: NotionId
    data_source_id: NotionId
    pages_of_people: int
    edit_times: Mapping[NotionId, datetime] = field(repr=False)

    @property
    def page_count(self) -> int:
        return len(self.edit_times)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {
            "key": self.key,
            "title": self.title,
            "database_id": self.database_id,
            "pages": self.page_count,
            "theirs": self.pages_of_people,
        }


@dataclass(frozen=True, slots=True)
class DestroyPlan:
    """What will be moved to the trash: the databases, and last the page with the record.

    `adopted`: the titles of databases that existed before the template. They are kept.
    """

    template: str
    databases: tuple[DatabaseToTrash, ...]
    page: RecordPage
    adopted: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {
            "template": self.template,
            "databases": [database.as_data() for database in self.databases],
            "manifest_page": self.page.id,
            "adopted": self.adopted,
        }


def plan_destroy(
    client: NotionClient,
    parent_id: NotionId,
    template: str | None = None,
    home: StateHome | None = None,
) -> DestroyPlan:
    """Find what a template made, and count the pages in it. Only reads.

    Raises UsageError when nothing was applied, RecordUnreadable when the record is damaged,
    RecordEdited when someone changed it, or a NotionError.
    """
    page = open_record_page(client, parent_id, template, home)
    page.refuse_if_edited()
    manifest = page.manifest
    databases = []
    for key, entry in manifest.made.items():
        database = _read_database(client, page, key, entry)
        if database is not None:
            databases.append(database)
    adopted = tuple(entry.title for entry in manifest.owned.values() if entry.adopted)
    return DestroyPlan(manifest.template, tuple(databases), page, adopted)


def _read_database(
    client: NotionClient, page: RecordPage, key: str, entry: DatabaseEntry
) -> DatabaseToTrash | None:
    """Read a database. Return None when it is already in the trash or not shared.

    Raises RecordEdited when the data source in the record belongs to another database.
    """
    try:
        database = client.get_database(entry.database_id)
        if database.in_trash:
            return None
        # Records of earlier versions have no checksum, and people can move a data source to another
        # database. Then the pages that were counted would not be those that are trashed.
        if entry.data_source_id not in database.data_source_ids:
            how = f"its data source for {key} is not in the database {database.title!r}"
            raise RecordEdited(template=page.manifest.template, url=page_url(page.id), how=how)
        edit_times = _read_edit_times(client, entry.data_source_id)
    except (NotShared, InTrash):
        return None
    return DatabaseToTrash(
        key=key,
        title=database.title,
        database_id=database.id,
        data_source_id=entry.data_source_id,
        pages_of_people=len(edit_times.keys() - set(entry.rows.values())),
        edit_times=edit_times,
    )


def _read_edit_times(client: NotionClient, data_source_id: NotionId) -> dict[NotionId, datetime]:
    pages = client.query(data_source_id, property_ids=["title"])
    return {page.id: page.last_edited_time for page in pages}


def destroy(
    client: NotionClient,
    plan: DestroyPlan,
    progress: Progress = no_progress,
    home: StateHome | None = None,
    claimant: Claimant | None = None,
) -> None:
    """Move everything in the plan to the trash. After an interruption the same command continues.

    Raises WorkspaceLocked when another run is active, RecordChanged when another run has changed
    the record, ChangedDuringRun when people added or edited pages after they were counted.
    """
    with locked_record(client, plan.page, claimant or Claimant()) as lock:
        for number, database in enumerate(plan.databases, start=1):
            _raise_if_edited(client, database, lock.server_time())
            client.trash_database(database.database_id)
            progress("Databases", number, len(plan.databases))
        # The record goes last: while it exists, an interrupted run can be repeated.
        client.rename_and_trash_page(plan.page.id, removed_title(plan.template))
        lock.forget()  # the lock is on the page that was just trashed
    if home is not None:
        # Otherwise later commands on this machine would look for the record.
        forget_manifest(home, plan.template)


def _raise_if_edited(client: NotionClient, database: DatabaseToTrash, now: datetime) -> None:
    """Read the pages once more, right before they are trashed. `now`: the server's time.

    Raises ChangedDuringRun when people added or edited pages since they were counted.
    """
    edit_times = _read_edit_times(client, database.data_source_id)
    if len(edit_times) > PAGE_SIZE:
        # Reading took several requests. Pages that were edited in that time are read again.
        latest = client.edited_since(database.data_source_id, now - OVERLAP, property_ids=["title"])
        for page in latest:
            edit_times[page.id] = page.last_edited_time
    changed = [
        page_id
        for page_id, edit_time in edit_times.items()
        if database.edit_times.get(page_id) != edit_time
    ]
    if changed:
        pages = quantity(len(changed), "page")
        raise ChangedDuringRun(database.title, f"people added or edited {pages}")
