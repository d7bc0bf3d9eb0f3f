"""Databases that the client already has, and that a template reads and never changes (`bind`)."""

from __future__ import annotations

from notion_pm.errors import UsageError
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource, OptionsConfig, Property
from notion_pm.model.template import DatabaseSpec, OptionsProperty


class UnsuitableBinding(UsageError):
    """A bound database lacks properties that the template reads."""


def bound_entry(key: str, spec: DatabaseSpec, source: DataSource) -> DatabaseEntry:
    """Return which properties and options of an existing database are those that a template reads, by their titles.

    Options that it lacks are left out. Raises BindingUnfit when it lacks a property, or has it with another type.
    """
    titled = {prop.name.casefold(): prop for prop in source.properties.values()}
    found = {each: titled.get(prop.title.casefold()) for each, prop in spec.properties.items()}
    fit = {
        each: prop
        for each, prop in found.items()
        if prop is not None and prop.type == spec.properties[each].type
    }
    if len(fit) < len(found):
        missing = ", ".join(
            f"{prop.title} ({prop.type})"
            for each, prop in spec.properties.items()
            if each not in fit
        )
        raise UnsuitableBinding(
            f"The database {source.title!r} that `{key}` is bound to lacks what the template reads: {missing}.",
            f"Name its properties as it does, under databases.{key}.properties; or bind another database.",
        )
    options = {
        f"{each}.{option}": option_id
        for each, prop in fit.items()
        for option, option_id in _options(spec, each, prop).items()
    }
    return DatabaseEntry(
        database_id=source.database_id,
        data_source_id=source.id,
        title=source.title,
        properties={each: prop.id for each, prop in fit.items()},
        titles={each: prop.name for each, prop in fit.items()},
        options=options,
        bound=spec.bind,
    )


def _options(spec: DatabaseSpec, key: str, prop: Property) -> dict[str, str]:
    stated = spec.properties[key]
    if not isinstance(stated, OptionsProperty) or not isinstance(prop.config, OptionsConfig):
        return {}
    ids = {option.name.casefold(): option.id for option in prop.config.options if option.id}
    return {
        each.key: ids[each.name.casefold()]
        for each in stated.options
        if each.name.casefold() in ids
    }
