"""Build a record from the databases of a workspace, when the record was lost, damaged or copied.

An earlier record is the guide, if there is one: its ids are right as long as they exist. Everything
else is matched by what people see: titles and types, relations, option names, view names, and the
titles of starter rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.property_lookup import (
    own_property,
    property_keys,
    property_title,
    property_type,
)
from notion_pm.model.schema import DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import LoadedTemplate, OptionsProperty, RelationProperty, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.recovery import with_recovered_things


def rebuild(
    desired: LoadedTemplate,
    databases: Mapping[str, ExistingDatabase],
    guide: Manifest | None,
    now: datetime,
) -> Manifest:
    """Return a record of these databases, which were read with all their views and rows.

    Without a guide the next apply does not write missing starter rows: people may have deleted
    them.
    """
    template = desired.template
    sources = {key: database.data_source for key, database in databases.items()}
    entries = {}
    for key, source in sources.items():
        known = guide.databases.get(key) if guide else None
        entry = _start_entry(template, key, known, source)
        entries[key] = _with_unmistakable_properties(template, key, entry, sources)
    manifest = Manifest(
        template=template.template,
        version=guide.version if guide else template.version,
        variables=desired.variables,
        state=guide.state if guide else "applied",
        started=guide.started if guide else now,
        with_rows=guide.with_rows if guide else False,
        databases=entries,
    )
    return with_recovered_things(manifest, desired, databases)


def _start_entry(
    template: Template, key: str, known: DatabaseEntry | None, source: DataSource
) -> DatabaseEntry:
    """Return what is known of a database before its properties are matched."""
    if known is None:
        spec = template.databases[key]
        return DatabaseEntry(
            database_id=source.database_id,
            data_source_id=source.id,
            title=spec.title,
            fingerprints={"": fingerprint.of_database(spec)},
        )
    if known.data_source_id == source.id:
        return known
    return _entry_for_copy(known, source)


def _entry_for_copy(known: DatabaseEntry, source: DataSource) -> DatabaseEntry:
    """Return the entry of an original database, changed for its copy.

    A copy made with Notion's *Duplicate* has new ids for the database, its views and rows.
    Properties and options may have kept their ids. The others are matched by name afterwards.
    """
    properties = {
        key: property_id
        for key, property_id in known.properties.items()
        if property_id in source.properties
    }
    option_ids: set[str | None] = set()
    for prop in source.properties.values():
        option_ids.update(option.id for option in options_of(prop))
    return known.model_copy(
        update={
            "database_id": source.database_id,
            "data_source_id": source.id,
            "properties": properties,
            "titles": {key: title for key, title in known.titles.items() if key in properties},
            "options": {key: id_ for key, id_ in known.options.items() if id_ in option_ids},
            # The empty key is the database's own fingerprint.
            "fingerprints": {
                key: mark
                for key, mark in known.fingerprints.items()
                if key == "" or key in properties
            },
            "views": {},
            "rows": {},
        }
    )


def _with_unmistakable_properties(
    template: Template, key: str, entry: DatabaseEntry, sources: Mapping[str, DataSource]
) -> DatabaseEntry:
    """Return an entry with the renamed properties that can only be one of the template's.

    They are: the title, because every data source has exactly one; and a status or a relation to
    another database of the template, when there is only one on both sides. Properties of other
    types are not matched: one of the client's own could be taken for the template's.
    """
    source = sources[key]
    specs = template.databases[key].properties
    ids_by_title = _ids_by_title(template, key, source)
    taken = {*entry.properties.values(), *ids_by_title.values()}
    missing = [name for name in specs if name not in entry.properties and name not in ids_by_title]

    properties = dict(entry.properties)
    titles = dict(entry.titles)
    fingerprints = dict(entry.fingerprints)
    for property_key in missing:
        kind = _kind(template, key, property_key)
        wanted = [other for other in missing if _kind(template, key, other) == kind]
        candidates = [
            prop
            for prop in source.properties.values()
            if prop.id not in taken and _is_of_kind(prop, kind, sources)
        ]
        if len(wanted) == len(candidates) == 1:
            spec = specs[property_key]
            properties[property_key] = candidates[0].id
            titles[property_key] = spec.title
            fingerprints[property_key] = fingerprint.of_property(spec)
    return entry.model_copy(
        update={"properties": properties, "titles": titles, "fingerprints": fingerprints}
    )


def _ids_by_title(template: Template, database: str, source: DataSource) -> dict[str, str]:
    """Return the ids of the properties that have the template's title and type, by key."""
    ids = {}
    for key in property_keys(template, database):
        prop = source.find_property(property_title(template, database, key))
        if prop is not None and prop.type == property_type(template, database, key):
            ids[key] = prop.id
    return ids


def _kind(template: Template, database: str, key: str) -> tuple[str, str]:
    """Return the type of a property, and for a relation its target database."""
    spec = template.databases[database].properties[key]
    return spec.type, spec.to if isinstance(spec, RelationProperty) else ""


def _is_of_kind(prop: Property, kind: tuple[str, str], sources: Mapping[str, DataSource]) -> bool:
    wanted_type, target = kind
    if prop.type != wanted_type:
        return False
    if isinstance(prop.config, RelationConfig):
        return target in sources and prop.config.data_source_id == sources[target].id
    return wanted_type in {"title", "status"}


def find_missing(desired: LoadedTemplate, manifest: Manifest) -> Iterator[str]:
    """Yield the addresses in the template that the record does not have. An apply creates them."""
    template = desired.template
    for key, spec in template.databases.items():
        if spec.bind is not None:
            continue
        entry = manifest.databases.get(key)
        if entry is None:
            yield address(key)
            continue
        for property_key in property_keys(template, key):
            if property_key not in entry.properties:
                yield address(key, property_key)
                continue
            property_spec = own_property(template, key, property_key)
            if isinstance(property_spec, OptionsProperty):
                for option in property_spec.options:
                    if f"{property_key}.{option.key}" not in entry.options:
                        yield address(key, property_key, option.key)
        for view in spec.views:
            if view not in entry.views:
                yield address(key, "views", view)
