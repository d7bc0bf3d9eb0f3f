"""What to send for a property: the template's words become Notion's, once ids of other things are
known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from notion_pm.model.ids import NotionId
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.model.schema import (
    FormulaConfig,
    NumberConfig,
    OptionsConfig,
    Property,
    PropertyConfig,
    PropertyPatch,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
)
from notion_pm.model.template import (
    FormulaProperty,
    NumberProperty,
    OptionsProperty,
    PropertySpec,
    RelationProperty,
    RollupProperty,
    Template,
    UniqueIdProperty,
)
from notion_pm.provision.plan.options.option_list import new_option, with_missing_options
from notion_pm.template.topological_order import REFERENCE

_CONFIG_FACETS = frozenset({"format", "prefix", "rollup", "formula", "options", "type", "target"})
"""Facets that are sent as the property's configuration."""


class Names(Protocol):
    """The names and ids that things have in Notion now."""

    def data_source_id(self, database: str) -> NotionId:
        """Return the data source of a database."""

    def property_name(self, database: str, key: str) -> str:
        """Return the name of a property: people may have changed it."""

    def known_property_id(self, database: str, key: str) -> str | None:
        """Return the id of a property, None as long as Notion has not returned it."""


def property_creation(template: Template, database: str, key: str, names: Names) -> PropertyPatch:
    """Return what creates a property."""
    spec = template.databases[database].properties[key]
    config = _config(template, database, spec, names)
    return PropertyPatch(type=spec.type, config=config, description=spec.description)


def property_creations(
    template: Template, database: str, keys: Sequence[str], names: Names
) -> dict[str, PropertyPatch]:
    """Return what creates properties, by title."""
    return {
        property_title(template, database, key): property_creation(template, database, key, names)
        for key in keys
    }


def property_update(
    template: Template,
    database: str,
    key: str,
    facets: frozenset[str],
    found: Property,
    names: Names,
    options: OptionsConfig | None = None,
) -> PropertyPatch:
    """Return what changes these facets of a property that exists.

    `options`: the list of options that it gets, if they change.
    """
    spec = template.databases[database].properties.get(key)
    title = property_title(template, database, key) if "title" in facets else None
    changes_config = bool(facets & _CONFIG_FACETS)
    if spec is None or not (changes_config or "description" in facets):
        return PropertyPatch(name=title)
    if not changes_config:
        # Notion takes a description only together with the type and its settings.
        return PropertyPatch(title, spec.type, found.config, spec.description)
    config: PropertyConfig | None = options
    # Options that people added are kept, also when the type changes.
    if config is None:
        config = _config_of_converted(spec, found) or _config(template, database, spec, names)
    return PropertyPatch(title, spec.type, config, spec.description or found.description)


def _config_of_converted(spec: PropertySpec, found: Property) -> OptionsConfig | None:
    """Return the options of a property with options that becomes another one: people's are kept."""
    if not isinstance(spec, OptionsProperty) or not isinstance(found.config, OptionsConfig):
        return None
    return OptionsConfig(with_missing_options(spec, found.config.options))


def _config(
    template: Template, database: str, spec: PropertySpec, names: Names
) -> PropertyConfig | None:
    """Return the settings of a property as the template states them; None for types without any."""
    if isinstance(spec, NumberProperty):
        return NumberConfig(spec.format)
    if isinstance(spec, OptionsProperty):
        options = tuple(new_option(option_spec) for option_spec in spec.options)
        return OptionsConfig(options) if options else None
    if isinstance(spec, UniqueIdProperty):
        return UniqueIdConfig(spec.prefix)
    if isinstance(spec, RelationProperty):
        mirror_title = spec.two_way.title if spec.two_way else None
        return RelationConfig(
            names.data_source_id(spec.to),
            two_way=spec.two_way is not None,
            synced_property_name=mirror_title,
        )
    if isinstance(spec, FormulaProperty):
        return FormulaConfig(with_current_names(template, database, spec.expression, names))
    if isinstance(spec, RollupProperty):
        return _rollup_config(template, database, spec, names)
    return None


def _rollup_config(
    template: Template, database: str, spec: RollupProperty, names: Names
) -> RollupConfig:
    """Return a rollup by ids, and by names as well where the ids are not known yet."""
    target = template.relation_target(database, spec.relation)
    assert target is not None, "templates are checked for this"
    return RollupConfig(
        relation_property_id=names.known_property_id(database, spec.relation) or "",
        rollup_property_id=names.known_property_id(target, spec.property) or "",
        function=spec.function,
        relation_property_name=names.property_name(database, spec.relation),
        rollup_property_name=names.property_name(target, spec.property),
    )


def with_current_names(template: Template, database: str, expression: str, names: Names) -> str:
    """Return a formula with the template's titles replaced by the names that properties have
    now."""
    key_of_title = {
        property_title(template, database, key): key for key in property_keys(template, database)
    }

    def rename(reference: re.Match[str]) -> str:
        title = (reference[1] or reference[2]).replace('\\"', '"')
        name = title
        if title in key_of_title:
            name = names.property_name(database, key_of_title[title])
        escaped = name.replace('"', '\\"')
        return f'prop("{escaped}")'

    return REFERENCE.sub(rename, expression)
