"""Build a record from databases that are there, because the record itself was lost, damaged or copied.

What is known of an earlier record guides it: the ids in it are right as long as they are there. The rest is matched by
what people see: titles and types, relations, names of options, views by name, starter rows by title.
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

    Without a guide starter rows that are missing are not written by the next apply: people may have deleted them.
    """
    template = desired.template
    sources = {key: found.data_source for key, found in databases.items()}
    entries = {}
    for key, source in sources.items():
        known = guide.databases.get(key) if guide else None
        entry = _entry(template, key, known, source)
        entries[key] = _with_only_candidates(template, key, entry, sources)
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


def _entry(
    template: Template, key: str, known: DatabaseEntry | None, source: DataSource
) -> DatabaseEntry:
    """Return what is known of a database before its properties are compared."""
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
    return _of_copy(known, source)


def _of_copy(known: DatabaseEntry, source: DataSource) -> DatabaseEntry:
    """Return an entry of the original for its copy: databases, views and rows have new ids in a copy.

    Properties and options may have kept theirs. Those that have not are matched by name afterwards.
    """
    properties = {key: each for key, each in known.properties.items() if each in source.properties}
    option_ids = {option.id for prop in source.properties.values() for option in options_of(prop)}
    return known.model_copy(
        update={
            "database_id": source.database_id,
            "data_source_id": source.id,
            "properties": properties,
            "titles": {key: title for key, title in known.titles.items() if key in properties},
            "options": {key: each for key, each in known.options.items() if each in option_ids},
            "fingerprints": {
                key: mark for key, mark in known.fingerprints.items() if key in {"", *properties}
            },
            "views": {},
            "rows": {},
        }
    )


def _with_only_candidates(
    template: Template, key: str, entry: DatabaseEntry, sources: Mapping[str, DataSource]
) -> DatabaseEntry:
    """Return an entry with renamed properties that can be nothing else.

    That is the title, of which a data source has one, and a status or a relation to another database of the template
    when it is the only one on both sides. For other types a property of the client's could be taken for ours.
    """
    source = sources[key]
    properties, titles, prints = (
        dict(entry.properties),
        dict(entry.titles),
        dict(entry.fingerprints),
    )
    by_title: dict[str, str] = {}
    for each in property_keys(template, key):
        named = source.named(property_title(template, key, each))
        if named is not None and named.type == property_type(template, key, each):
            by_title[each] = named.id
    taken = {*properties.values(), *by_title.values()}
    waiting = [
        each
        for each in template.databases[key].properties
        if each not in properties and each not in by_title
    ]
    for each in waiting:
        alike = [
            other for other in waiting if _kind(template, key, other) == _kind(template, key, each)
        ]
        there = [
            prop
            for prop in source.properties.values()
            if prop.id not in taken and _is_of_kind(prop, _kind(template, key, each), sources)
        ]
        if len(alike) == len(there) == 1:
            spec = template.databases[key].properties[each]
            properties[each], titles[each] = there[0].id, spec.title
            prints[each] = fingerprint.of_property(spec)
    return entry.model_copy(
        update={"properties": properties, "titles": titles, "fingerprints": prints}
    )


def _kind(template: Template, database: str, key: str) -> tuple[str, str]:
    """Return the type of a property; for a relation also the database that it leads to."""
    spec = template.databases[database].properties[key]
    return spec.type, spec.to if isinstance(spec, RelationProperty) else ""


def _is_of_kind(prop: Property, kind: tuple[str, str], sources: Mapping[str, DataSource]) -> bool:
    property_kind, target = kind
    if prop.type != property_kind:
        return False
    if isinstance(prop.config, RelationConfig):
        return target in sources and prop.config.data_source_id == sources[target].id
    return property_kind in {"title", "status"}


def not_found(desired: LoadedTemplate, manifest: Manifest) -> Iterator[str]:
    """Yield the addresses of what the template has and the record has not: an apply would create it."""
    template = desired.template
    for key, spec in template.databases.items():
        if spec.bind is not None:
            continue
        entry = manifest.databases.get(key)
        if entry is None:
            yield address(key)
            continue
        for each in property_keys(template, key):
            if each not in entry.properties:
                yield address(key, each)
                continue
            stated = own_property(template, key, each)
            for option in stated.options if isinstance(stated, OptionsProperty) else ():
                if f"{each}.{option.key}" not in entry.options:
                    yield address(key, each, option.key)
        for view in spec.views:
            if view not in entry.views:
                yield address(key, "views", view)
