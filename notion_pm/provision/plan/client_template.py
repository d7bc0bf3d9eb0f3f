"""A template in the words of a client whose databases it took over.

What was the client's keeps its titles and settings, so a plan finds nothing to rename or to set
there, and formulas name properties by the titles that the client gave them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.model.schema import NumberConfig, Option, OptionsConfig, UniqueIdConfig
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

Titles = Mapping[str, Mapping[str, str]]
"""Titles of properties in adopted databases: database key -> property key -> title."""

_NOTHING_FOUND: Mapping[str, ExistingDatabase] = {}


def with_client_names(
    loaded: LoadedTemplate,
    entries: Mapping[str, DatabaseEntry],
    found: Mapping[str, ExistingDatabase] = _NOTHING_FOUND,
) -> LoadedTemplate:
    """Return the template with the client's words in adopted databases.

    `entries` is what the record says. `found`, if it was read already, adds the settings that the
    client's own properties have now.
    """
    template = loaded.template
    adopted = {
        key: entry
        for key, entry in entries.items()
        if entry.adopted is not None and key in template.databases
    }
    if not adopted:
        return loaded

    titles = {key: _adopted_titles(template, key, entry) for key, entry in adopted.items()}
    # Databases of the template's own are adapted too: a relation from one of them may have its
    # mirror on an adopted database, under the client's title.
    databases = {}
    for key, spec in template.databases.items():
        if key in adopted:
            spec = _adapt_database(template, key, adopted[key], found.get(key), titles[key])
        databases[key] = _with_mirror_titles(spec, titles)
    adapted_template = template.model_copy(update={"databases": databases})
    return loaded.model_copy(update={"template": adapted_template})


def _adopted_titles(template: Template, database: str, entry: DatabaseEntry) -> dict[str, str]:
    """Return the titles of the properties of an adopted database when it was adopted, by key.

    Not the titles of today: otherwise every renaming in Notion would change all formulas.
    """
    assert entry.adopted is not None, "of an adopted database"
    titles = dict(entry.adopted.headings)
    known_keys = property_keys(template, database)
    for key, property_id in entry.properties.items():
        if property_id in entry.adopted.properties and key in known_keys:
            titles[key] = entry.titles[key]
    return titles


def _adapt_database(
    template: Template,
    key: str,
    entry: DatabaseEntry,
    found: ExistingDatabase | None,
    titles: Mapping[str, str],
) -> DatabaseSpec:
    spec = template.databases[key]
    # Formulas name properties by title, so they must use the client's titles: `prop("Effort")`
    # becomes `prop("Aufwand")`.
    new_title_of = {
        property_title(template, key, property_key): title for property_key, title in titles.items()
    }
    properties = {}
    for property_key, prop in spec.properties.items():
        renamed = _rename_property(prop, titles.get(property_key), new_title_of)
        properties[property_key] = _with_client_settings(renamed, entry, property_key, found)
    return spec.model_copy(
        update={"title": entry.title, "icon": None, "description": "", "properties": properties}
    )


def _rename_property(
    spec: PropertySpec, title: str | None, new_title_of: Mapping[str, str]
) -> PropertySpec:
    """Return a property with the client's title, and a formula with the client's titles in it."""
    changed = {}
    if title:
        changed["title"] = title
    if isinstance(spec, FormulaProperty):
        changed["expression"] = _rename_references(spec.expression, new_title_of)
    return spec.model_copy(update=changed)


def _rename_references(expression: str, new_title_of: Mapping[str, str]) -> str:
    def rename(reference: re.Match[str]) -> str:
        title = (reference[1] or reference[2]).replace('\\"', '"')
        new_title = new_title_of.get(title, title).replace('"', '\\"')
        return f'prop("{new_title}")'

    return REFERENCE.sub(rename, expression)


def _with_client_settings(
    spec: PropertySpec, entry: DatabaseEntry, key: str, found: ExistingDatabase | None
) -> PropertySpec:
    """Return a property of the client's with the settings it has now, so that none is changed."""
    property_id = entry.properties.get(key, "")
    if not entry.is_adopted(property_id):
        return spec
    # None sends no description, so the client's own stays.
    settings: dict[str, Any] = {"description": None}
    prop = found.data_source.properties.get(property_id) if found else None
    config = prop.config if prop else None
    if isinstance(config, NumberConfig):
        settings["format"] = config.format
    elif isinstance(config, UniqueIdConfig):
        settings["prefix"] = config.prefix
    elif isinstance(config, OptionsConfig) and isinstance(spec, OptionsProperty):
        adopted_options = {
            option.id: option for option in config.options if entry.is_adopted(option.id or "")
        }
        options = []
        for option_spec in spec.options:
            option_id = entry.options.get(f"{key}.{option_spec.key}")
            options.append(_with_client_option(option_spec, adopted_options.get(option_id)))
        settings["options"] = tuple(options)
    return spec.model_copy(update=settings)


def _with_client_option(spec: OptionSpec, option: Option | None) -> OptionSpec:
    """Return an option as the client has it; what it means to rules stays the template's."""
    if option is None:
        return spec
    # The client may have moved a status option to another group. Rules read the meaning, not the
    # group.
    group_keys = [key for key, name in GROUP_NAMES.items() if name == option.group]
    has_meaning = bool(spec.group or spec.category)
    return spec.model_copy(
        update={
            "name": option.name,
            "color": option.color,
            "description": option.description,
            "group": group_keys[0] if group_keys else None,
            "category": spec.meaning if has_meaning else None,
        }
    )


def _with_mirror_titles(spec: DatabaseSpec, titles: Titles) -> DatabaseSpec:
    """Return a database whose relations call their mirrors on adopted databases by the client's
    titles."""
    properties = {key: _with_mirror_title(prop, titles) for key, prop in spec.properties.items()}
    return spec.model_copy(update={"properties": properties})


def _with_mirror_title(spec: PropertySpec, titles: Titles) -> PropertySpec:
    if not isinstance(spec, RelationProperty) or spec.two_way is None:
        return spec
    title = titles.get(spec.to, {}).get(spec.two_way.key)
    if not title:
        return spec
    mirror = spec.two_way.model_copy(update={"title": title})
    return spec.model_copy(update={"two_way": mirror})
