"""Turn a checked mapping into the record of what is adopted, or list everything wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from notion_pm.errors import TemplateProblem, YamlPath
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Adopted, DatabaseEntry
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.model.property_types import COMPUTED_TYPES
from notion_pm.model.schema import DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import LoadedTemplate, OptionsProperty, RelationProperty, Template
from notion_pm.provision.adopt.mapping_file import AdoptMapping, DatabaseMapping
from notion_pm.provision.adopt.matching import Candidate, can_adopt
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.client_template import with_client_names

_USED_TWICE_ADVICE = "Use each only once."


@dataclass(frozen=True, slots=True)
class AdoptedDatabase:
    """A database of a mapping, with what Notion says about it now."""

    key: str
    mapping: DatabaseMapping
    candidate: Candidate

    @property
    def properties_by_name(self) -> dict[str, Property]:
        """The client's properties."""
        return {prop.name: prop for prop in self.candidate.source.properties.values()}


@dataclass(frozen=True, slots=True)
class MappingContext:
    """A mapping with its template and the databases that it adopts, by the template's keys.

    `recorded_sources`: the data sources of databases that the template has already.
    """

    mapping: AdoptMapping
    template: Template
    candidates: Mapping[str, Candidate]
    recorded_sources: Mapping[str, NotionId] = field(default_factory=dict)

    @property
    def source_ids(self) -> dict[str, NotionId]:
        """The data sources of the template's databases: the possible targets of relations."""
        adopted = {key: candidate.source.id for key, candidate in self.candidates.items()}
        return {**self.recorded_sources, **adopted}

    @property
    def databases(self) -> list[AdoptedDatabase]:
        """The databases that are adopted."""
        return [
            AdoptedDatabase(key, mapping, self.candidates[key])
            for key, mapping in self.mapping.databases.items()
            if mapping is not None and key in self.candidates and key in self.template.databases
        ]


# --- problems


def find_problems(context: MappingContext) -> Iterator[TemplateProblem]:
    """Yield everything that is wrong with a mapping, with its place in the file."""
    databases = context.template.databases
    for key in context.mapping.databases:
        if key not in databases:
            yield TemplateProblem.unknown(("databases", key), "database", key, databases)

    uses = Counter(candidate.database.id for candidate in context.candidates.values())
    for database in context.databases:
        path: YamlPath = ("databases", database.key)
        candidate = database.candidate
        if uses[candidate.database.id] > 1:
            message = "this database is named twice."
            yield TemplateProblem((*path, "database"), message, _USED_TWICE_ADVICE)
        if database.mapping.seen != candidate.mark:
            message = f"{candidate.database.title!r} has changed since the mapping was made."
            yield TemplateProblem(path, message, "Make a new mapping and check it again.")
        else:
            yield from _property_problems(context, database)
            yield from _option_problems(context, database)


def _property_problems(
    context: MappingContext, database: AdoptedDatabase
) -> Iterator[TemplateProblem]:
    path: YamlPath = ("databases", database.key, "properties")
    spec = context.template.databases[database.key]
    theirs = database.properties_by_name
    mapped = database.mapping.properties
    uses = Counter(name for name in mapped.values() if name)
    for key, name in mapped.items():
        place = (*path, key)
        if key not in spec.properties:
            yield TemplateProblem.unknown(place, "property", key, spec.properties)
        elif not name:
            continue  # the template adds the property
        elif name not in theirs:
            what = f"property of {database.candidate.source.title!r}:"
            yield TemplateProblem.unknown(place, what, name, theirs)
        elif not can_adopt(spec.properties[key], theirs[name], context.source_ids):
            message = _reason_not_to_adopt(spec.properties[key].type, theirs[name])
            advice = "Leave it empty, and the template adds its own."
            yield TemplateProblem(place, message, advice)
        elif uses[name] > 1:
            message = f"{name!r} is named {uses[name]} times."
            yield TemplateProblem(place, message, _USED_TWICE_ADVICE)
    if not mapped.get(spec.title_key):
        message = f"`{spec.title_key}` is missing."
        yield TemplateProblem(path, message, "Every database has one title: name it here.")


def _reason_not_to_adopt(wanted_type: str, prop: Property) -> str:
    if wanted_type in COMPUTED_TYPES:
        return f"{prop.name!r} cannot be used as a {wanted_type}: the template needs its own."
    if wanted_type == prop.type == "relation":
        return (
            f"the relation {prop.name!r} has another target, or is not two-way like the "
            "template's (or the other way round)."
        )
    return f"{prop.name!r} is of type {prop.type}, the template needs {wanted_type}."


def _option_problems(
    context: MappingContext, database: AdoptedDatabase
) -> Iterator[TemplateProblem]:
    specs = context.template.databases[database.key].properties
    for key, mapped in database.mapping.options.items():
        path: YamlPath = ("databases", database.key, "options", key)
        spec = specs.get(key)
        name_of_property = database.mapping.properties.get(key) or ""
        prop = database.properties_by_name.get(name_of_property)
        if not isinstance(spec, OptionsProperty) or prop is None:
            message = f"`{key}` is not an adopted property with options."
            yield TemplateProblem(path, message, "Remove its options here.")
            continue

        keys = [option.key for option in spec.options]
        names = [option.name for option in options_of(prop)]
        uses = Counter(name for name in mapped.values() if name)
        for option, name in mapped.items():
            place = (*path, option)
            if option not in keys:
                yield TemplateProblem.unknown(place, "option", option, keys)
            elif name and name not in names:
                yield TemplateProblem.unknown(place, f"option of {prop.name!r}:", name, names)
            elif name and uses[name] > 1:
                message = f"{name!r} is named {uses[name]} times."
                yield TemplateProblem(place, message, _USED_TWICE_ADVICE)


# --- the record


def make_entries(context: MappingContext, loaded: LoadedTemplate) -> dict[str, DatabaseEntry]:
    """Return the record's entries of the adopted databases. The mapping has no problems."""
    entries = {database.key: _entry(context, database) for database in context.databases}
    template = with_client_names(loaded, entries).template
    return {key: _with_fingerprints(template, key, entry) for key, entry in entries.items()}


def _entry(context: MappingContext, database: AdoptedDatabase) -> DatabaseEntry:
    candidate = database.candidate
    theirs = database.properties_by_name
    adopted = {key: theirs[name] for key, name in database.mapping.properties.items() if name}
    adopted |= _other_sides(context, database)

    their_options: list[str] = []
    for prop in adopted.values():
        their_options += [option.id for option in options_of(prop) if option.id]
    return DatabaseEntry(
        database_id=candidate.database.id,
        data_source_id=candidate.source.id,
        title=candidate.database.title,
        properties={key: prop.id for key, prop in adopted.items()},
        titles={key: prop.name for key, prop in adopted.items()},
        options=_option_ids(database.mapping, adopted),
        adopted=Adopted(
            properties=tuple(prop.id for prop in adopted.values()),
            options=tuple(their_options),
            headings=_other_titles(context.template, database.key, adopted, candidate.source),
        ),
    )


def _option_ids(mapping: DatabaseMapping, adopted: Mapping[str, Property]) -> dict[str, str]:
    """Return the ids of the adopted options, by `property key.option key`."""
    ids = {}
    for property_key, options in mapping.options.items():
        ids_by_name = {option.name: option.id or "" for option in options_of(adopted[property_key])}
        for option_key, name in options.items():
            if name:
                ids[f"{property_key}.{option_key}"] = ids_by_name[name]
    return ids


def _other_sides(context: MappingContext, database: AdoptedDatabase) -> dict[str, Property]:
    """Return the properties of a database that are the other sides of adopted relations, by key."""
    source = database.candidate.source
    other_sides: dict[str, Property] = {}
    for near in context.databases:
        theirs = near.properties_by_name
        for key, name in near.mapping.properties.items():
            spec = context.template.databases[near.key].properties[key]
            if not isinstance(spec, RelationProperty) or spec.to != database.key:
                continue
            if spec.two_way and name and name in theirs:
                config = theirs[name].config
                assert isinstance(config, RelationConfig), "it has the type of the template's"
                other_sides[spec.two_way.key] = source.properties[config.synced_property_id or ""]
    return other_sides


def _other_titles(
    template: Template, database: str, adopted: Mapping[str, Property], source: DataSource
) -> dict[str, str]:
    """Return other titles for properties that the template adds, by key.

    They are needed when a property of the client's already has the template's title.
    """
    taken = {prop.name.casefold() for prop in source.properties.values()}
    titles: dict[str, str] = {}
    for key in property_keys(template, database):
        title = property_title(template, database, key)
        if key in adopted or title.casefold() not in taken:
            continue
        other_title = f"{title} ({template.template})"
        while other_title.casefold() in taken:
            other_title += "'"
        titles[key] = other_title
        taken.add(other_title.casefold())
    return titles


def _with_fingerprints(template: Template, key: str, entry: DatabaseEntry) -> DatabaseEntry:
    """Return an entry that says that template and client agree on what is adopted."""
    spec = template.databases[key]
    fingerprints = {
        property_key: fingerprint.of_property(spec.properties[property_key])
        for property_key in entry.properties
        if property_key in spec.properties
    }
    fingerprints[""] = fingerprint.of_database(spec)
    return entry.model_copy(update={"fingerprints": fingerprints})
