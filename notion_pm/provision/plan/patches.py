"""What to send for a property: from the template's words to Notion's, once the ids of other things are known."""

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
from notion_pm.provision.plan.options.option_list import new_option, with_missing
from notion_pm.template.topological_order import REFERENCE

_SETTINGS = frozenset({"format", "prefix", "rollup", "formula", "options", "type", "target"})
"""Facets that are sent as the property's configuration."""


class Names(Protocol):
    """What things are called in Notion now."""

    def data_source_id(self, database: str) -> NotionId:
        """Return the data source of a database."""

    def property_name(self, database: str, key: str) -> str:
        """Return the name of a property: people may have changed it."""

    def known_property_id(self, database: str, key: str) -> str | None:
        """Return the id of a property, None while Notion has not told it."""


def creation(template: Template, database: str, key: str, names: Names) -> PropertyPatch:
    """Return what creates a property."""
    spec = template.databases[database].properties[key]
    config = _config(template, database, spec, names)
    return PropertyPatch(type=spec.type, config=config, description=spec.description)


def creations(
    template: Template, database: str, keys: Sequence[str], names: Names
) -> dict[str, PropertyPatch]:
    """Return what creates properties, by title."""
    return {
        property_title(template, database, key): creation(template, database, key, names)
        for key in keys
    }


def update(
    template: Template,
    database: str,
    key: str,
    facets: frozenset[str],
    found: Property,
    names: Names,
    options: OptionsConfig | None = None,
) -> PropertyPatch:
    """Return what changes these facets of a property that exists; `options` is the list that it is to have."""
    spec = template.databases[database].properties.get(key)
    title = property_title(template, database, key) if "title" in facets else None
    if spec is None:
        return PropertyPatch(name=title)
    if "description" not in facets and not facets & _SETTINGS:
        return PropertyPatch(name=title)
    if (
        not facets & _SETTINGS
    ):  # Notion's own types want a description beside the type and its settings
        return PropertyPatch(title, spec.type, found.config, spec.description)
    config = options or _converted(spec, found) or _config(template, database, spec, names)
    return PropertyPatch(title, spec.type, config, spec.description or found.description)


def _converted(spec: PropertySpec, found: Property) -> OptionsConfig | None:
    """Return the options of one property with options that becomes another: people's own are kept."""
    if not isinstance(spec, OptionsProperty) or not isinstance(found.config, OptionsConfig):
        return None
    return OptionsConfig(with_missing(spec, found.config.options))


def _config(
    template: Template, database: str, spec: PropertySpec, names: Names
) -> PropertyConfig | None:
    match spec:
        case NumberProperty(format=number_format):
            return NumberConfig(number_format)
        case OptionsProperty(options=options):
            return OptionsConfig(tuple(new_option(each) for each in options)) if options else None
        case UniqueIdProperty(prefix=prefix):
            return UniqueIdConfig(prefix)
        case RelationProperty(to=target, two_way=far):
            name = far.title if far else None
            return RelationConfig(
                names.data_source_id(target), far is not None, synced_property_name=name
            )
        case FormulaProperty(expression=expression):
            return FormulaConfig(in_current_names(template, database, expression, names))
        case RollupProperty():
            return _rollup(template, database, spec, names)
    return None


def _rollup(template: Template, database: str, spec: RollupProperty, names: Names) -> RollupConfig:
    target = template.relation_target(database, spec.relation)
    assert target is not None, "templates are checked for this"
    relation, there = (database, spec.relation), (target, spec.property)
    return RollupConfig(
        relation_property_id=names.known_property_id(*relation) or "",
        rollup_property_id=names.known_property_id(*there) or "",
        function=spec.function,
        relation_property_name=names.property_name(*relation),
        rollup_property_name=names.property_name(*there),
    )


def in_current_names(template: Template, database: str, expression: str, names: Names) -> str:
    """Return a formula with the titles of the template replaced by what the properties are called now."""
    keys = {
        property_title(template, database, key): key for key in property_keys(template, database)
    }

    def renamed(reference: re.Match[str]) -> str:
        title = (reference[1] or reference[2]).replace('\\"', '"')
        current = names.property_name(database, keys[title]) if title in keys else title
        return 'prop("{}")'.format(current.replace('"', '\\"'))

    return REFERENCE.sub(renamed, expression)
