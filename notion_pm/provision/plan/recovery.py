"""Recover from an interrupted apply: find what it created and did not record.

Databases are recognised by title, properties and time of creation, the rest by title.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest, ViewEntry
from notion_pm.model.page import Page
from notion_pm.model.property_lookup import property_title, property_type
from notion_pm.model.schema import DataSource
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.entries import view_entry, with_found_properties
from notion_pm.provision.plan.order.starter_rows import StarterRows
from notion_pm.template.dashboards import dashboards_by_widget
from notion_pm.template.topological_order import created_with_database


def may_have_created(template: Template, database: str, source: DataSource) -> bool:
    """Return whether a data source has every property that an apply sends when it creates it.

    Title and time alone prove nothing: people create databases with the same title, also after an
    interruption.
    """
    for key in created_with_database(template, database):
        prop = source.find_property(property_title(template, database, key))
        if prop is None or prop.type != property_type(template, database, key):
            return False
    return True


def is_known_by_title_only(template: Template, database: str) -> bool:
    """Return whether an apply creates a database with nothing but its title property.

    Then any new database of that title looks the same.
    """
    return len(created_with_database(template, database)) == 1


def with_recovered_things(
    manifest: Manifest, desired: LoadedTemplate, databases: Mapping[str, ExistingDatabase]
) -> Manifest:
    """Return the manifest with everything that an interrupted apply created but did not record."""
    entries = dict(manifest.databases)
    for key, found in databases.items():
        if key not in desired.template.databases:
            continue
        entry = manifest.databases.get(key) or _new_entry(desired.template, key, found)
        entry = _recover_structure(desired.template, key, entry, databases)
        rows = _recover_rows(desired, key, entry, found.rows)
        entries[key] = entry.model_copy(update={"rows": rows})
    return manifest.model_copy(update={"databases": entries})


def _new_entry(template: Template, key: str, found: ExistingDatabase) -> DatabaseEntry:
    spec = template.databases[key]
    return DatabaseEntry(
        database_id=found.data_source.database_id,
        data_source_id=found.data_source.id,
        title=spec.title,
        fingerprints={"": fingerprint.of_database(spec)},
    )


def _recover_structure(
    template: Template,
    key: str,
    entry: DatabaseEntry,
    databases: Mapping[str, ExistingDatabase],
) -> DatabaseEntry:
    """Add the properties, options and views that exist and are not recorded."""
    found = databases[key]
    sources = {other: database.data_source for other, database in databases.items()}
    entry = with_found_properties(template, key, entry, found.data_source, sources)

    # A tab and a widget may have the same title, so both must match.
    widgets = dashboards_by_widget(template)
    views: dict[str, ViewEntry] = {}
    for view_key, wanted in template.databases[key].views.items():
        if view_key in entry.views:
            continue
        is_widget = (key, view_key) in widgets
        for view in found.views:
            is_on_dashboard = view.dashboard_id is not None
            is_same = (view.name, view.type) == (wanted.title, wanted.type)
            if is_same and is_on_dashboard == is_widget:
                views[view_key] = view_entry(template, (key, view_key), view.id)
    return entry.model_copy(update={"views": {**entry.views, **views}})


def _recover_rows(
    desired: LoadedTemplate, database: str, entry: DatabaseEntry, pages: Sequence[Page]
) -> dict[str, NotionId]:
    """Return the recorded starter rows, and those that pages were found for by title.

    An apply writes rows of the same title one after the other, so the oldest page is the first
    row's.
    """
    recorded_ids = set(entry.rows.values())
    free_pages: dict[str, list[NotionId]] = defaultdict(list)
    for page in pages:
        if page.id not in recorded_ids:
            free_pages[page.title].append(page.id)

    title_key = desired.template.databases[database].title_key
    rows = dict(entry.rows)
    for (row_database, key), row in StarterRows(desired).rows.items():
        # `StarterRows` has the rows in the order in which an apply writes them.
        if row_database != database or key in rows:
            continue
        candidates = free_pages[row.cells.get(title_key, "")]
        if candidates:
            rows[key] = candidates.pop(0)
    return rows
