"""A template as it is for a client whose databases it took over: their words and settings stand for its own.

So a plan finds nothing to rename or to set in what is theirs, and formulas name properties by what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.model.schema import NumberConfig, Option, OptionsConfig, Property, UniqueIdConfig
from notion_pm.model.template import (
    GROUP_NAMES,
    DatabaseSpec,
    FormulaProperty,
    LoadedTemplate,
    OptionSpec,
    OptionsProperty,
    PropertySpec,
    RelationProperty,
    Template,
)
from notion_pm.template.topological_order import REFERENCE

_NOTHING_FOUND: Mapping[str, ExistingDatabase] = {}


def with_client_names(
    loaded: LoadedTemplate,
    entries: Mapping[str, DatabaseEntry],
    found: Mapping[str, ExistingDatabase] = _NOTHING_FOUND,
) -> LoadedTemplate:
    """Return the template in the client's words, and with the settings of their properties where these were read."""
    adopted = {
        key: each
        for key, each in entries.items()
        if each.adopted and key in loaded.template.databases
    }
    if not adopted:
        return loaded
    titles = {key: _titles(loaded.template, key, each) for key, each in adopted.items()}
    databases = {
        key: _with_mirrors(
            _database(loaded.template, key, adopted.get(key), found.get(key), titles), titles
        )
        for key in loaded.template.databases
    }
    return loaded.model_copy(
        update={"template": loaded.template.model_copy(update={"databases": databases})}
    )


def _titles(template: Template, database: str, entry: DatabaseEntry) -> dict[str, str]:
    """Return what the properties of an adopted database were called then, by key: formulas are to stay as they are."""
    assert entry.adopted is not None, "of an adopted database"
    theirs = {
        key: each for key, each in entry.properties.items() if each in entry.adopted.properties
    }
    known = property_keys(template, database)
    return {**entry.adopted.headings, **{key: entry.titles[key] for key in theirs if key in known}}


def _database(
    template: Template,
    key: str,
    entry: DatabaseEntry | None,
    found: ExistingDatabase | None,
    titles: Mapping[str, Mapping[str, str]],
) -> DatabaseSpec:
    spec = template.databases[key]
    if entry is None or entry.adopted is None:
        return spec
    renamed = {property_title(template, key, each): title for each, title in titles[key].items()}
    properties = {
        each: _adapted(_in_their_words(prop, titles[key].get(each), renamed), entry, each, found)
        for each, prop in spec.properties.items()
    }
    theirs = {"title": entry.title, "icon": None, "description": "", "properties": properties}
    return spec.model_copy(update=theirs)


def _in_their_words(
    spec: PropertySpec, title: str | None, renamed: Mapping[str, str]
) -> PropertySpec:
    changed = {"title": title} if title else {}
    if isinstance(spec, FormulaProperty):
        changed["expression"] = _renamed(spec.expression, renamed)
    return spec.model_copy(update=changed)


def _adapted(
    spec: PropertySpec, entry: DatabaseEntry, key: str, found: ExistingDatabase | None
) -> PropertySpec:
    """Return a property with the settings that it has, where it is the client's: there is nothing to set."""
    property_id = entry.properties.get(key, "")
    if not entry.is_adopted(property_id):
        return spec
    theirs: dict[str, Any] = {"description": None}
    now = _property(found, property_id)
    match now.config if now else None:
        case NumberConfig(format=number_format):
            theirs["format"] = number_format
        case UniqueIdConfig(prefix=prefix):
            theirs["prefix"] = prefix
        case OptionsConfig(options=options) if isinstance(spec, OptionsProperty):
            there = {each.id: each for each in options if entry.is_adopted(each.id or "")}
            theirs["options"] = tuple(_option(each, there, entry, key) for each in spec.options)
    return spec.model_copy(update=theirs)


def _option(
    spec: OptionSpec, there: Mapping[str | None, Option], entry: DatabaseEntry, key: str
) -> OptionSpec:
    """Return an option as it is, where it is the client's; what it means to rules stays."""
    now = there.get(entry.options.get(f"{key}.{spec.key}"))
    if now is None:
        return spec
    group = next((each for each, name in GROUP_NAMES.items() if name == now.group), None)
    meaning = spec.meaning if spec.group or spec.category else None
    theirs = {"name": now.name, "color": now.color, "description": now.description}
    return spec.model_copy(update={**theirs, "group": group, "category": meaning})


def _renamed(expression: str, renamed: Mapping[str, str]) -> str:
    def reference(match: re.Match[str]) -> str:
        title = (match[1] or match[2]).replace('\\"', '"')
        return 'prop("{}")'.format(renamed.get(title, title).replace('"', '\\"'))

    return REFERENCE.sub(reference, expression)


def _with_mirrors(spec: DatabaseSpec, titles: Mapping[str, Mapping[str, str]]) -> DatabaseSpec:
    """Return a database whose relations call their mirrors on adopted databases what these are called there."""
    properties = {key: _with_mirror(each, titles) for key, each in spec.properties.items()}
    return spec.model_copy(update={"properties": properties})


def _with_mirror(spec: PropertySpec, titles: Mapping[str, Mapping[str, str]]) -> PropertySpec:
    if not isinstance(spec, RelationProperty) or spec.two_way is None:
        return spec
    title = titles.get(spec.to, {}).get(spec.two_way.key)
    return (
        spec.model_copy(update={"two_way": spec.two_way.model_copy(update={"title": title})})
        if title
        else spec
    )


def _property(found: ExistingDatabase | None, property_id: str) -> Property | None:
    return found.data_source.properties.get(property_id) if found else None
