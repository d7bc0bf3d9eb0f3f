"""What the record says about a database (its entry), updated with what Notion has now.

Properties, options and views of the template are recognised by their titles and types, as soon as
an apply or an interrupted one has created them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, ViewEntry
from notion_pm.model.property_lookup import (
    own_property,
    property_keys,
    property_title,
    property_type,
)
from notion_pm.model.schema import DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import OptionsProperty, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.options.replacements import find_option_named
from notion_pm.template.dashboards import ViewName, dashboards_by_widget, format_view_name

Sources = Mapping[str, DataSource]
"""The data sources known so far, by database key."""


def view_entry(template: Template, name: ViewName, view_id: NotionId) -> ViewEntry:
    """Return the entry to record for a view that is now as the template has it."""
    database, key = name
    dashboard = dashboards_by_widget(template).get(name)
    return ViewEntry(
        id=view_id,
        fingerprint=fingerprint.of_view(template, database, key),
        dashboard=format_view_name(dashboard) if dashboard else None,
        quick=tuple(template.databases[database].views[key].quick),
    )


def with_found_properties(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    source: DataSource,
    sources: Sources,
) -> DatabaseEntry:
    """Return the entry with the properties and options that a data source has and the entry lacks.

    `sources` are needed for mirrors: Notion may have named one differently, and then only the
    relation that it mirrors identifies it.
    """
    properties = dict(entry.properties)
    titles = dict(entry.titles)
    fingerprints = dict(entry.fingerprints)
    options = dict(entry.options)
    for key in property_keys(template, database):
        if key not in properties:
            prop = _find_by_title(template, database, key, source, sources)
            # A property that is about to be renamed still has the title that the plan gives to a
            # new one. It is recorded under its own_property key already.
            if prop is None or prop.id in entry.properties.values():
                continue
            properties[key] = prop.id
            titles[key] = prop.name
            spec = own_property(template, database, key)
            if spec is not None:
                fingerprints[key] = fingerprint.of_property(spec)
        existing = source.properties.get(properties[key])
        if existing is not None:
            options |= new_option_ids(template, database, key, existing, options)
    return entry.model_copy(
        update={
            "properties": properties,
            "titles": titles,
            "options": options,
            "fingerprints": fingerprints,
        }
    )


def _find_by_title(
    template: Template, database: str, key: str, source: DataSource, sources: Sources
) -> Property | None:
    # A property of that title but another type is not the template's.
    prop = source.find_property(property_title(template, database, key))
    if prop is not None and prop.type == property_type(template, database, key):
        return prop
    mirror = mirror_of(template, database, key, sources)
    return source.properties.get(mirror[0]) if mirror else None


def mirror_of(
    template: Template, database: str, key: str, sources: Sources
) -> tuple[str, str] | None:
    """Return the id and name that Notion gave to a mirror; None for other properties, or if
    unknown.

    Notion names a mirror itself, and the relation that it mirrors has both (notion-api.md 3.3).
    """
    far_side = template.far_sides(database).get(key)
    if far_side is None:
        return None
    near_database, relation_key, _ = far_side
    near_source = sources.get(near_database)
    if near_source is None:
        return None
    relation = near_source.find_property(property_title(template, near_database, relation_key))
    if relation is None or not isinstance(relation.config, RelationConfig):
        return None
    mirror_id = relation.config.synced_property_id
    if not mirror_id:
        return None
    return mirror_id, relation.config.synced_property_name or ""


def new_option_ids(
    template: Template, database: str, key: str, prop: Property, known: Mapping[str, str]
) -> dict[str, str]:
    """Return the ids of options that exist by name, where `known` has none or an outdated one.

    The result and `known` are keyed by `property.option`.
    """
    spec = own_property(template, database, key)
    if not isinstance(spec, OptionsProperty):
        return {}
    ids = {option.name.lower(): option.id for option in options_of(prop) if option.id}
    existing_ids = set(ids.values())
    found = {}
    for option_spec in spec.options:
        ref = f"{key}.{option_spec.key}"
        option_id = ids.get(option_spec.name.lower())
        if option_id is not None and known.get(ref) not in existing_ids:
            found[ref] = option_id
    return found


def with_replaced_options(
    entry: DatabaseEntry, source: DataSource, changes: Iterable[Change]
) -> DatabaseEntry:
    """Return an entry with the options that have replaced others, as soon as they exist."""
    replacing = [change for change in changes if change.replacement is not None]
    leaving_ids = set()
    for change in replacing:
        assert change.replacement is not None
        if change.replacement.source:
            leaving_ids.add(change.replacement.source.id)

    options = dict(entry.options)
    for change in replacing:
        assert change.replacement is not None
        prop = source.properties.get(change.property_id)
        if prop is None:
            continue
        target = find_option_named(options_of(prop), change.replacement.target.name)
        # A deferred target has the name of an option that is leaving: that one is not it.
        if target is not None and target.id and target.id not in leaving_ids:
            options[f"{change.key}.{change.replacement.option}"] = target.id
    return entry.model_copy(update={"options": options})


def without_deleted(entry: DatabaseEntry, changes: Iterable[Change]) -> DatabaseEntry:
    """Return an entry without the properties and options that were deleted."""
    for change in changes:
        if change.action == "delete" and change.kind == "option":
            refs = [
                ref for ref, option_id in entry.options.items() if option_id == change.option_id
            ]
            entry = _without_refs(entry, refs)
        elif change.action == "delete" and change.kind == "property":
            entry = _without_refs(entry, [change.key])
    return entry


def _without_refs(entry: DatabaseEntry, refs: Iterable[str]) -> DatabaseEntry:
    """Return an entry without properties (`key`) or options (`key.option`), and all below them."""
    removed = tuple(refs)
    # A property takes along its options, and what is remembered about these.
    below = tuple(f"{ref}." for ref in removed)

    def keep(mapping: Mapping[str, str]) -> dict[str, str]:
        return {
            ref: value
            for ref, value in mapping.items()
            if ref not in removed and not ref.startswith(below)
        }

    fields = ("properties", "titles", "fingerprints", "options")
    return entry.model_copy(update={field: keep(getattr(entry, field)) for field in fields})


def with_current_keys(template: Template, database: str, entry: DatabaseEntry) -> DatabaseEntry:
    """Return an entry with properties and options under the keys that the template has now.

    A template renames a key with `was:`.
    """
    properties = template.databases[database].properties
    renamed_properties = {
        str(spec.was): key
        for key, spec in properties.items()
        if spec.was in entry.properties and key not in entry.properties
    }
    entry = _with_renamed_keys(entry, renamed_properties)

    renamed_options = {}
    for key, spec in properties.items():
        if not isinstance(spec, OptionsProperty):
            continue
        for option in spec.options:
            former, current = f"{key}.{option.was}", f"{key}.{option.key}"
            if former in entry.options and current not in entry.options:
                renamed_options[former] = current
    return _with_renamed_keys(entry, renamed_options)


def _with_renamed_keys(entry: DatabaseEntry, renamed: Mapping[str, str]) -> DatabaseEntry:
    if not renamed:
        return entry
    updated = {}
    for field in ("properties", "options", "titles", "fingerprints"):
        mapping: dict[str, str] = getattr(entry, field)
        updated[field] = {_rename_key(ref, renamed): value for ref, value in mapping.items()}
    return entry.model_copy(update=updated)


def _rename_key(ref: str, renamed: Mapping[str, str]) -> str:
    """Return the present key; what is below a property or an option is renamed with it."""
    for former, current in renamed.items():
        if ref == former or ref.startswith(f"{former}."):
            return current + ref[len(former) :]
    return ref
