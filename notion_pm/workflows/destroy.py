"""Taking a template back: what it made goes to Notion's trash, from where people can restore it for 30 days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from notion_pm.errors import NotShared
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.state_home import StateHome
from notion_pm.storage.state import forget_manifest
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workspace.record import open_manifest


@dataclass(frozen=True, slots=True)
class Doomed:
    """A database of the manifest that is there. `theirs` of its pages were written by people, not by the template."""

    key: str
    title: str
    database_id: NotionId
    pages: int
    theirs: int


@dataclass(frozen=True, slots=True)
class Destruction:
    """Everything that would go to the trash: the databases, and then the page that keeps the manifest.

    `adopted` are the titles of databases that were there before the template: they stay, with all that is in them.
    """

    template: str
    databases: tuple[Doomed, ...]
    manifest_page: NotionId
    adopted: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return asdict(self)


def destruction(
    gateway: Gateway, parent_id: NotionId, template: str | None = None, home: StateHome | None = None
) -> Destruction:
    """Find what a template made, and how many pages are in it. Reads only.

    Raises UsageError when nothing was applied, ManifestUnreadable when the record is damaged, or a NotionError.
    """
    page_id, manifest = open_manifest(gateway, parent_id, template, home)
    found = (_doomed(gateway, key, entry) for key, entry in manifest.made.items())
    adopted = tuple(entry.title for entry in manifest.owned.values() if entry.adopted)
    return Destruction(manifest.template, tuple(each for each in found if each is not None), page_id, adopted)


def _doomed(gateway: Gateway, key: str, entry: DatabaseEntry) -> Doomed | None:
    """Return what is there of a database, None when it is in the trash already or no longer shared."""
    try:
        database = gateway.get_database(entry.database_id)
        if database.in_trash:
            return None
        pages = [page.id for page in gateway.query(entry.data_source_id, property_ids=["title"])]
    except NotShared:
        return None
    theirs = len(set(pages) - set(entry.rows.values()))
    return Doomed(key, database.title, database.id, len(pages), theirs)


def destroy(gateway: Gateway, doomed: Destruction, progress: Progress = silent, home: StateHome | None = None) -> None:
    """Put it all in the trash, the manifest last: interrupted, the same command goes on where it ended.

    This machine (`home`) forgets the record, so that nobody looks for it afterwards.
    """
    for place, database in enumerate(doomed.databases):
        gateway.trash_database(database.database_id)
        progress("Databases", place + 1, len(doomed.databases))
    gateway.trash_page(doomed.manifest_page)
    if home is not None:
        forget_manifest(home, doomed.template)
