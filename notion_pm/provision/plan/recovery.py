"""Healing an interrupted apply: what exists and is not in the manifest, but is ours by name and time of creation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest, ViewEntry
from notion_pm.model.page import Page
from notion_pm.model.property_lookup import (
    own_property,
    property_keys,
    property_title,
    property_type,
)
from notion_pm.model.schema import DataSource, OptionsConfig, Property, RelationConfig
from notion_pm.model.template import LoadedTemplate, OptionsProperty, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.order.starter_rows import StarterRows
from notion_pm.template.dashboards import ViewName, dashboards_by_widget, format_view_name
from notion_pm.template.topological_order import created_with_database


def may_have_created(template: Template, database: str, source: DataSource) -> bool:
    """Return whether a data source has every property that an apply sends when it creates this database.

    Title and time alone prove nothing: people make databases of the same title, also after an interruption.
    """
    keys = created_with_database(template, database)
    found = [source.find_property(property_title(template, database, key)) for key in keys]
    return all(
        prop is not None and prop.type == property_type(template, database, key)
        for key, prop in zip(keys, found, strict=True)
    )


def is_known_by_title_only(template: Template, database: str) -> bool:
    """Return whether an apply creates a database with its title property only, as anybody's may be."""
    return len(created_with_database(template, database)) == 1


def with_recovered_things(
    manifest: Manifest, desired: LoadedTemplate, databases: Mapping[str, ExistingDatabase]
) -> Manifest:
    """Return the manifest with what an interrupted apply made and did not come to record."""
    template = desired.template
    entries = {
        key: _recovered_entry(template, key, manifest.databases.get(key), found, databases)
        for key, found in databases.items()
        if key in template.databases
    }
    entries = {
        key: entry.model_copy(update={"rows": _rows(desired, key, entry, databases[key].rows)})
        for key, entry in entries.items()
    }
    return manifest.model_copy(update={"databases": {**manifest.databases, **entries}})


def _recovered_entry(
    template: Template,
    key: str,
    entry: DatabaseEntry | None,
    found: ExistingDatabase,
    databases: Mapping[str, ExistingDatabase],
) -> DatabaseEntry:
    source, spec = found.data_source, template.databases[key]
    if entry is None:
        entry = DatabaseEntry(
            database_id=source.database_id,
            data_source_id=source.id,
            title=spec.title,
            fingerprints={"": fingerprint.of_database(spec)},
        )
    on = dashboards_by_widget(template)
    sources = {each: existing.data_source for each, existing in databases.items()}
    entry = with_found_properties(template, key, entry, source, sources)
    views = {
        each: view_entry(template, (key, each), view.id)
        for each, wanted in spec.views.items()
        for view in found.views
        if each not in entry.views
        and (view.name, view.type) == (wanted.title, wanted.type)
        and (view.dashboard_id is not None) == ((key, each) in on)
    }
    return entry.model_copy(update={"views": {**entry.views, **views}})


def view_entry(template: Template, name: ViewName, view_id: NotionId) -> ViewEntry:
    """Return what is recorded of a view that is now as the template has it."""
    holder = dashboards_by_widget(template).get(name)
    return ViewEntry(
        id=view_id,
        fingerprint=fingerprint.of_view(template, *name),
        dashboard=format_view_name(holder) if holder else None,
        quick=tuple(template.databases[name[0]].views[name[1]].quick),
    )


def with_found_properties(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    source: DataSource,
    sources: Mapping[str, DataSource],
) -> DatabaseEntry:
    """Return the entry with the properties and options of a data source that are the template's by their titles.

    `sources` are the data sources that are known by now: a mirror may be known only by the relation that it mirrors.
    """
    properties, titles, prints = (
        dict(entry.properties),
        dict(entry.titles),
        dict(entry.fingerprints),
    )
    options = dict(entry.options)
    for key in property_keys(template, database):
        prop = None if key in properties else _titled(template, database, key, source, sources)
        # A property that is about to be renamed still has the name that the plan gives to a new one.
        if prop is not None and prop.id not in entry.properties.values():
            properties[key], titles[key] = prop.id, prop.name
            spec = own_property(template, database, key)
            if spec is not None:
                prints[key] = fingerprint.of_property(spec)
        if key in properties and properties[key] in source.properties:
            options |= options_by_name(
                template, database, key, source.properties[properties[key]], options
            )
    found = {"properties": properties, "titles": titles, "options": options, "fingerprints": prints}
    return entry.model_copy(update=found)


def _titled(
    template: Template,
    database: str,
    key: str,
    source: DataSource,
    sources: Mapping[str, DataSource],
) -> Property | None:
    prop = source.find_property(property_title(template, database, key))
    if prop is not None and prop.type == property_type(template, database, key):
        return prop
    mirror = mirror_of(template, database, key, sources)
    return source.properties.get(mirror[0]) if mirror else None


def mirror_of(
    template: Template, database: str, key: str, sources: Mapping[str, DataSource]
) -> tuple[str, str] | None:
    """Return id and name that Notion gave to a mirror, as the relation that it mirrors tells them."""
    far = template.far_sides(database).get(key)
    near = sources.get(far[0]) if far else None
    relation = (
        near.find_property(property_title(template, far[0], far[1])) if far and near else None
    )
    if relation is None or not isinstance(relation.config, RelationConfig):
        return None
    config = relation.config
    return (
        (config.synced_property_id, config.synced_property_name or "")
        if config.synced_property_id
        else None
    )


def options_by_name(
    template: Template, database: str, key: str, prop: Property, known: Mapping[str, str]
) -> dict[str, str]:
    spec = own_property(template, database, key)
    if not isinstance(spec, OptionsProperty) or not isinstance(prop.config, OptionsConfig):
        return {}
    ids = {each.name.lower(): each.id for each in prop.config.options if each.id}
    live = set(ids.values())
    return {
        f"{key}.{each.key}": ids[each.name.lower()]
        for each in spec.options
        if each.name.lower() in ids and known.get(f"{key}.{each.key}") not in live
    }


def _rows(
    desired: LoadedTemplate, database: str, entry: DatabaseEntry, pages: Sequence[Page]
) -> dict[str, NotionId]:
    """Match rows by title. Rows of one title are written one after the other, and so the oldest page is the first's."""
    title = desired.template.databases[database].title_key
    owned = set(entry.rows.values())
    by_title: dict[str, list[NotionId]] = defaultdict(list)
    for page in pages:
        if page.id not in owned:
            by_title[page.title].append(page.id)
    rows = dict(entry.rows)
    for (of, key), row in StarterRows(desired).rows.items():
        waiting = by_title[row.cells.get(title, "")] if of == database else []
        if key not in rows and waiting:
            rows[key] = waiting.pop(0)
    return rows
