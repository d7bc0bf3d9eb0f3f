"""A template's named export, in terms of the database as it is in Notion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.conditions.template_filters import as_filter
from notion_pm.conditions.text_form import Order
from notion_pm.errors import UsageError
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource, OptionsConfig
from notion_pm.model.template import ExportSpec, Template
from notion_pm.workspace.sources import Source, SourceRequest


def named_export(
    name: str, template: Template, entry: DatabaseEntry, source: Source
) -> SourceRequest:
    """Return what the template's export of that name asks of its database.

    Raises UsageError when its condition names an option that is no longer in Notion.
    """
    spec = template.exports[name]
    return SourceRequest(
        name,
        source,
        columns=spec.columns,
        filter=_filter(template, spec, entry, source.data_source),
        sort=tuple(
            Order(key, way == "descending") for each in spec.sort for key, way in each.items()
        ),
        format=spec.format,
    )


def _filter(
    template: Template, spec: ExportSpec, entry: DatabaseEntry, data_source: DataSource
) -> Mapping[str, Any] | None:
    """The condition as Notion's filter; options by the names that they have there, which people may have changed."""
    names = {
        option.id: option.name
        for each in data_source.properties.values()
        if isinstance(each.config, OptionsConfig)
        for option in each.config.options
    }

    def option_name(property_key: str, option_key: str) -> str:
        address = f"{property_key}.{option_key}"
        name = names.get(entry.options.get(address))
        if name is None:
            raise UsageError(
                f"The option {spec.database}.{address} is not in Notion.",
                "Run  notion-pm plan  to see what else is missing, and  notion-pm apply  to bring it back.",
            )
        return name

    return as_filter(template, spec.database, spec.where, entry.properties, option_name)
