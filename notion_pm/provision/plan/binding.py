"""Databases that the client already has, and that a template reads but never changes (`bind`)."""

from __future__ import annotations

from notion_pm.errors import UsageError
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource, Property, options_of
from notion_pm.model.template import DatabaseSpec, OptionsProperty, PropertySpec


class UnsuitableBinding(UsageError):
    """A bound database lacks properties that the template reads."""


def bound_entry(key: str, spec: DatabaseSpec, source: DataSource) -> DatabaseEntry:
    """Return the ids of the properties and options that a template reads, matched by title.

    Options that the database lacks are left out. Raises UnsuitableBinding if it lacks a property,
    or has it with another type.
    """
    # People match titles without regard to case, so "effort" is found as "Effort".
    by_title = {prop.name.casefold(): prop for prop in source.properties.values()}
    found: dict[str, Property] = {}
    missing = []
    for property_key, wanted in spec.properties.items():
        prop = by_title.get(wanted.title.casefold())
        if prop is not None and prop.type == wanted.type:
            found[property_key] = prop
        else:
            missing.append(f"{wanted.title} ({wanted.type})")
    if missing:
        raise UnsuitableBinding(
            f"The database {source.title!r} that `{key}` is bound to lacks properties that the "
            f"template reads: {', '.join(missing)}.",
            f"Use its titles under databases.{key}.properties; or bind another database.",
        )

    options = {}
    for property_key, prop in found.items():
        options.update(_option_ids(property_key, spec.properties[property_key], prop))
    return DatabaseEntry(
        database_id=source.database_id,
        data_source_id=source.id,
        title=source.title,
        properties={property_key: prop.id for property_key, prop in found.items()},
        titles={property_key: prop.name for property_key, prop in found.items()},
        options=options,
        bound=spec.bind,
    )


def _option_ids(property_key: str, spec: PropertySpec, prop: Property) -> dict[str, str]:
    """Return the ids of the options that exist, by `property.option`, matched by name."""
    if not isinstance(spec, OptionsProperty):
        return {}
    ids = {option.name.casefold(): option.id for option in options_of(prop) if option.id}
    found = {}
    for option_spec in spec.options:
        option_id = ids.get(option_spec.name.casefold())
        if option_id is not None:
            found[f"{property_key}.{option_spec.key}"] = option_id
    return found
