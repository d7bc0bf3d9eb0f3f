"""What exists in a workspace, as far as a plan needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import DataSource, View, WidgetRows


@dataclass(frozen=True, slots=True)
class ExistingDatabase:
    """One database. `title` is None when only its data source was read.

    `view_ids`: its tabs. `dashboards`: the tabs that contain views of the template, with all their
    widgets. `views` and `rows` are only read to repair an interrupted apply: views that are not in
    the manifest, and rows created since that apply began. `left_behind`: that apply created the
    database, but did not record it.
    """

    data_source: DataSource
    title: str | None = None
    view_ids: tuple[NotionId, ...] = ()
    dashboards: Mapping[NotionId, WidgetRows] = field(default_factory=dict)
    views: tuple[View, ...] = ()
    rows: tuple[Page, ...] = ()
    left_behind: bool = False


@dataclass(frozen=True, slots=True)
class Existing:
    """The manifest, and the databases that it names or that an interrupted apply left behind.

    `lost`: databases of the manifest that are in the trash or no longer shared. `neighbours`: the
    titles of all databases under the parent page. `bound`: databases that the template only reads,
    as they are now. `trashed`: those of `lost` that are known to be in the trash, with their links.
    `claims`: the number of claims of other runs on the record page. `other_templates`: further
    templates that are recorded under the same parent page. `sibling_ids`: all blocks of the parent
    page. A block from before an apply was not created by it. `not_ours`: titles of databases that
    were created after an interrupted apply began and have the name of a database that it still
    lacks, but are not what it would have created.
    """

    manifest: Manifest | None = None
    databases: Mapping[str, ExistingDatabase] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    neighbours: frozenset[str] = frozenset()
    bound: Mapping[str, DatabaseEntry] = field(default_factory=dict)
    trashed: Mapping[str, str] = field(default_factory=dict)
    claims: int = 0
    other_templates: tuple[str, ...] = ()
    sibling_ids: frozenset[NotionId] = frozenset()
    not_ours: tuple[str, ...] = ()

    @property
    def is_interrupted(self) -> bool:
        """Whether an apply began and did not finish."""
        return self.manifest is not None and self.manifest.state == "applying"

    def was_deleted(self, database: str, key: str) -> bool:
        """Whether people deleted a property that the manifest names."""
        # A lost database (not in `databases`) says nothing about its properties.
        entry, found = self.entry(database), self.databases.get(database)
        property_id = entry.properties.get(key) if entry else None
        return (
            property_id is not None
            and found is not None
            and property_id not in found.data_source.properties
        )

    @property
    def widget_ids(self) -> frozenset[NotionId]:
        """The ids of the views on dashboards."""
        ids: set[NotionId] = set()
        for database in self.databases.values():
            for rows in database.dashboards.values():
                for row in rows:
                    ids.update(row)
        return frozenset(ids)

    @property
    def view_ids(self) -> dict[tuple[str, str], NotionId]:
        """The ids of the template's views, by database key and view key."""
        ids: dict[tuple[str, str], NotionId] = {}
        for database, entry in self.owned.items():
            for key, view in entry.views.items():
                ids[database, key] = view.id
        return ids

    @property
    def owned(self) -> Mapping[str, DatabaseEntry]:
        """The databases of the manifest that belong to the template, without those it only
        reads.
        """
        return self.manifest.owned if self.manifest else {}

    def entry(self, database: str) -> DatabaseEntry | None:
        """Return the entry of a database, owned or bound."""
        return self.bound.get(database) or self.owned.get(database)
