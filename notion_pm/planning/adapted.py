"""A template as it is for a client whose databases it took over: their words and settings stand for its own.

So a plan finds nothing to rename or to set in what is theirs, and formulas name properties by what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import NumberConfig, Property, UniqueIdConfig
from notion_pm.model.template import (
    DatabaseSpec,
    FormulaProperty,
    LoadedTemplate,
    PropertySpec,
    RelationProperty,
    Template,
)
from notion_pm.planning.existing import ExistingDatabase
from notion_pm.planning.levels import REFERENCE
from notion_pm.planning.lookup import property_keys, property_title

_NOTHING_FOUND: Mapping[str, ExistingDatabase] = {}


def adapted(
    loaded: LoadedTemplate,
    entries: Mapping[str, DatabaseEntry],
    found: Mapping[str, ExistingDatabase] = _NOTHING_FOUND,
) -> LoadedTemplate:
    """Return the template in the client's words: as they are where databases were read, else as they were recorded."""
    adopted = {key: each for key, each in entries.items() if each.adopted and key in loaded.template.databases}
    if not adopted:
        return loaded
    titles = {key: _titles(loaded.template, key, each, found.get(key)) for key, each in adopted.items()}
    databases = {
        key: _with_mirrors(_database(loaded.template, key, adopted.get(key), found.get(key), titles), titles)
        for key in loaded.template.databases
    }
    return loaded.model_copy(update={"template": loaded.template.model_copy(update={"databases": databases})})


def _titles(template: Template, database: str, entry: DatabaseEntry, found: ExistingDatabase | None) -> dict[str, str]:
    """Return what the properties of an adopted database are called, by key, where it is not what the template says."""
    assert entry.adopted is not None, "of an adopted database"
    titles = dict(entry.adopted.headings)
    for key in property_keys(template, database):
        property_id = entry.properties.get(key, "")
        if property_id in entry.adopted.properties:
            prop = _property(found, property_id)
            titles[key] = prop.name if prop else entry.titles.get(key, property_title(template, database, key))
    return titles


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
        each: _adapted(_in_their_words(prop, titles[key].get(each), renamed), entry, entry.properties.get(each), found)
        for each, prop in spec.properties.items()
    }
    title = (found.title if found else None) or entry.title or spec.title
    theirs = {"title": title, "icon": None, "description": "", "properties": properties}
    return spec.model_copy(update=theirs)


def _in_their_words(spec: PropertySpec, title: str | None, renamed: Mapping[str, str]) -> PropertySpec:
    changed = {"title": title} if title else {}
    if isinstance(spec, FormulaProperty):
        changed["expression"] = _renamed(spec.expression, renamed)
    return spec.model_copy(update=changed)


def _adapted(
    spec: PropertySpec, entry: DatabaseEntry, property_id: str | None, found: ExistingDatabase | None
) -> PropertySpec:
    """Return a property with the settings that it has, where it is the client's: there is nothing to set."""
    if property_id is None or not entry.is_adopted(property_id):
        return spec
    theirs: dict[str, Any] = {"description": None}
    now = _property(found, property_id)
    match now.config if now else None:
        case NumberConfig(format=number_format):
            theirs["format"] = number_format
        case UniqueIdConfig(prefix=prefix):
            theirs["prefix"] = prefix
    return spec.model_copy(update=theirs)


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
    return spec.model_copy(update={"two_way": spec.two_way.model_copy(update={"title": title})}) if title else spec


def _property(found: ExistingDatabase | None, property_id: str) -> Property | None:
    return found.data_source.properties.get(property_id) if found else None
