"""What exists in a workspace of what a template asks for, as far as planning needs it."""

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

    `view_ids` are its tabs; `dashboards` those of them that hold views of ours, with all that they hold.
    `views` and `rows` are read only to heal an interrupted apply: views that are not in the manifest, and rows that
    were created since that apply began. `left_behind`: that apply made the database and did not record it.
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
    """The manifest, if there is one, and the databases that it names or that an interrupted apply left behind.

    `lost` are databases of the manifest that are in the trash or no longer shared, `trashed` those of them that are
    known to be in the trash, with the links to them; `neighbours` the titles of all
    databases under the parent page, whoever made them. `bound` are databases that the template only reads, as they are
    now. `claims`: how many claims of other runs are on the record page. `other_templates`: further
    templates that are recorded under the same page. `sibling_ids`: all blocks of the parent page. What was
    there before an apply cannot be something that it made. `not_ours`: titles of databases that came after the
    beginning of an interrupted apply, are called as one that it still lacks, and are not what it would have created.
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
    def interrupted(self) -> bool:
        """Whether an apply began and did not come to its end."""
        return self.manifest is not None and self.manifest.state == "applying"

    def was_deleted(self, database: str, key: str) -> bool:
        """Whether people deleted a property that the manifest names."""
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
        found = (rows for each in self.databases.values() for rows in each.dashboards.values())
        return frozenset(view_id for rows in found for row in rows for view_id in row)

    @property
    def view_ids(self) -> dict[tuple[str, str], NotionId]:
        """The ids of our views, by the keys of their databases and their own."""
        return {
            (key, each): view.id
            for key, entry in self.owned.items()
            for each, view in entry.views.items()
        }

    @property
    def owned(self) -> Mapping[str, DatabaseEntry]:
        """The databases of the manifest that are ours."""
        return self.manifest.owned if self.manifest else {}

    def entry(self, database: str) -> DatabaseEntry | None:
        """Return what is known of a database, ours or bound."""
        return self.bound.get(database) or self.owned.get(database)
