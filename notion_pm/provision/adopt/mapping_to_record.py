"""From a mapping that a person has looked at to the record of what is adopted; or everything that is wrong with it."""

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
from notion_pm.provision.adopt.mapping import DatabaseMapping
from notion_pm.provision.adopt.mapping import Mapping as AdoptMapping
from notion_pm.provision.adopt.matching import Candidate, fits
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.client_template import with_client_names

STALE = "has changed since the mapping was made: look at it again, with a new mapping"


@dataclass(frozen=True, slots=True)
class Subject:
    """A mapping with the template and the databases that it adopts, by the template's keys.

    `known` are the data sources of databases that the template has already.
    """

    mapping: AdoptMapping
    template: Template
    candidates: Mapping[str, Candidate]
    known: Mapping[str, NotionId] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, NotionId]:
        """The data sources that relations may lead to."""
        return {**self.known, **{key: each.source.id for key, each in self.candidates.items()}}

    def given(self) -> Iterator[tuple[str, DatabaseMapping, Candidate]]:
        """Yield each database that is adopted."""
        for key, each in self.mapping.databases.items():
            if each is not None and key in self.candidates and key in self.template.databases:
                yield key, each, self.candidates[key]


def faults(subject: Subject) -> Iterator[TemplateProblem]:
    """Yield everything that is wrong with a mapping, by its place in the file."""
    for key in subject.mapping.databases:
        if key not in subject.template.databases:
            yield TemplateProblem.unknown(
                ("databases", key), "database", key, subject.template.databases
            )
    ids = Counter(each.database.id for each in subject.candidates.values())
    for key, mapped, candidate in subject.given():
        if ids[candidate.database.id] > 1:
            yield TemplateProblem(
                ("databases", key, "database"),
                "this database is named twice.",
                "Each can be one thing only.",
            )
        if mapped.seen != candidate.seen:
            yield TemplateProblem(("databases", key), f"{candidate.database.title!r} {STALE}.")
        else:
            yield from _property_faults(subject, key, mapped, candidate.source)


def _property_faults(
    subject: Subject, key: str, mapped: DatabaseMapping, source: DataSource
) -> Iterator[TemplateProblem]:
    top: YamlPath = ("databases", key, "properties")
    specs = subject.template.databases[key].properties
    named = {each.name: each for each in source.properties.values()}
    uses = Counter(name for name in mapped.properties.values() if name)
    for each, name in mapped.properties.items():
        if each not in specs:
            yield TemplateProblem.unknown((*top, each), "property", each, specs)
        elif name and name not in named:
            yield TemplateProblem.unknown(
                (*top, each), f"property of {source.title!r}:", name, named
            )
        elif name and not fits(specs[each], named[name], subject.sources):
            yield TemplateProblem(
                (*top, each),
                _unfit(specs[each].type, named[name]),
                "Leave it empty, and ours is added.",
            )
        elif name and uses[name] > 1:
            yield TemplateProblem(
                (*top, each),
                f"{name!r} is named {uses[name]} times.",
                "Each can be one thing only.",
            )
    title = subject.template.databases[key].title_key
    if not mapped.properties.get(title):
        yield TemplateProblem(
            top, f"`{title}` is missing.", "Every database has one title: name it here."
        )
    yield from _option_faults(subject, key, mapped, named)


def _unfit(wanted: str, prop: Property) -> str:
    if wanted in COMPUTED_TYPES:
        return f"{prop.name!r} cannot be taken for a {wanted}: the template needs its own."
    if wanted == prop.type == "relation":
        return (
            f"the relation {prop.name!r} leads elsewhere, or is not two-way as the template's is."
        )
    return f"{prop.name!r} is of type {prop.type}, the template wants {wanted}."


def _option_faults(
    subject: Subject, key: str, mapped: DatabaseMapping, named: Mapping[str, Property]
) -> Iterator[TemplateProblem]:
    for each, options in mapped.options.items():
        place: YamlPath = ("databases", key, "options", each)
        spec, prop = (
            subject.template.databases[key].properties.get(each),
            named.get(mapped.properties.get(each) or ""),
        )
        if not isinstance(spec, OptionsProperty) or prop is None:
            yield TemplateProblem(
                place, f"`{each}` is no adopted property with options.", "Remove its options here."
            )
            continue
        keys, names = (
            [option.key for option in spec.options],
            [option.name for option in options_of(prop)],
        )
        uses = Counter(filter(None, options.values()))
        for option, name in options.items():
            if option not in keys:
                yield TemplateProblem.unknown((*place, option), "option", option, keys)
            elif name and name not in names:
                yield TemplateProblem.unknown(
                    (*place, option), f"option of {prop.name!r}:", name, names
                )
            elif name and uses[name] > 1:
                yield TemplateProblem(
                    (*place, option),
                    f"{name!r} is named {uses[name]} times.",
                    "Each can be one thing only.",
                )


def entries(subject: Subject, loaded: LoadedTemplate) -> dict[str, DatabaseEntry]:
    """Return what the record says of the adopted databases. The mapping has no faults."""
    bare = {
        key: _entry(subject, key, mapped, candidate) for key, mapped, candidate in subject.given()
    }
    template = with_client_names(loaded, bare).template
    return {key: _with_fingerprints(template, key, entry) for key, entry in bare.items()}


def _entry(
    subject: Subject, key: str, mapped: DatabaseMapping, candidate: Candidate
) -> DatabaseEntry:
    named = {each.name: each for each in candidate.source.properties.values()}
    found = {each: named[name] for each, name in mapped.properties.items() if name}
    found |= _mirrors(subject, key, candidate.source)
    options = {
        f"{each}.{option}": next(
            one.id or "" for one in options_of(found[each]) if one.name == name
        )
        for each, chosen in mapped.options.items()
        for option, name in chosen.items()
        if name
    }
    theirs = tuple(option.id for prop in found.values() for option in options_of(prop) if option.id)
    return DatabaseEntry(
        database_id=candidate.database.id,
        data_source_id=candidate.source.id,
        title=candidate.database.title,
        properties={each: prop.id for each, prop in found.items()},
        titles={each: prop.name for each, prop in found.items()},
        options=options,
        adopted=Adopted(
            properties=tuple(prop.id for prop in found.values()),
            options=theirs,
            headings=_headings(subject.template, key, found, candidate.source),
        ),
    )


def _mirrors(subject: Subject, key: str, source: DataSource) -> dict[str, Property]:
    """Return the other sides, on this database, of two-way relations that are adopted."""
    found: dict[str, Property] = {}
    for near, mapped, candidate in subject.given():
        named = {each.name: each for each in candidate.source.properties.values()}
        for each, name in mapped.properties.items():
            spec = subject.template.databases[near].properties[each]
            prop = named.get(name or "")
            if (
                isinstance(spec, RelationProperty)
                and spec.two_way
                and spec.to == key
                and prop is not None
            ):
                config = prop.config
                assert isinstance(config, RelationConfig), "of the same type"
                found[spec.two_way.key] = source.properties[config.synced_property_id or ""]
    return found


def _headings(
    template: Template, key: str, found: Mapping[str, Property], source: DataSource
) -> dict[str, str]:
    """Return other titles for what is added, where a property of the client's has the template's title already."""
    taken = {each.name.casefold() for each in source.properties.values()}
    headings: dict[str, str] = {}
    for each in property_keys(template, key):
        title = property_title(template, key, each)
        if each not in found and title.casefold() in taken:
            headings[each] = _free(f"{title} ({template.template})", taken)
            taken.add(headings[each].casefold())
    return headings


def _free(title: str, taken: set[str]) -> str:
    return title if title.casefold() not in taken else _free(f"{title}'", taken)


def _with_fingerprints(template: Template, key: str, entry: DatabaseEntry) -> DatabaseEntry:
    """Return an entry that says: template and client agree on what is adopted."""
    spec = template.databases[key]
    prints = {
        each: fingerprint.of_property(spec.properties[each])
        for each in entry.properties
        if each in spec.properties
    }
    return entry.model_copy(update={"fingerprints": {**prints, "": fingerprint.of_database(spec)}})
