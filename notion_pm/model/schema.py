"""Databases, data sources, properties and views in Notion.

The API reference is at https://developers.notion.com/reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class Option:
    """An option. `group`: the name of the group of a status option."""

    name: str
    id: str | None = None
    # Only at creation: a later change of the colour is refused (notion-measured.md 4.1).
    color: str = "default"
    description: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class NoConfig:
    """A property type without settings, or with settings that are never changed here."""


@dataclass(frozen=True, slots=True)
class NumberConfig:
    format: str = "number"


@dataclass(frozen=True, slots=True)
class OptionsConfig:
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationConfig:
    """A relation. A two-way relation names its mirror on the other data source."""

    # The data source, not its database: a schema needs this id (notion-api.md 6.9).
    data_source_id: NotionId
    two_way: bool = False
    synced_property_id: str | None = None
    synced_property_name: str | None = None


@dataclass(frozen=True, slots=True)
class RollupConfig:
    """A rollup, by the ids of the relation and of the related database's property.

    A new rollup has names instead if the ids are not known yet; the ids are empty then.
    """

    relation_property_id: str
    rollup_property_id: str
    function: str
    relation_property_name: str = ""
    rollup_property_name: str = ""


@dataclass(frozen=True, slots=True)
class FormulaConfig:
    expression: str


@dataclass(frozen=True, slots=True)
class UniqueIdConfig:
    prefix: str | None = None


PropertyConfig = (
    NoConfig
    | NumberConfig
    | OptionsConfig
    | RelationConfig
    | RollupConfig
    | FormulaConfig
    | UniqueIdConfig
)


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a data source. `id` is percent-encoded, as Notion gives it and accepts it."""

    id: str
    name: str
    type: str
    config: PropertyConfig = NoConfig()
    description: str | None = None


def options_of(prop: Property) -> tuple[Option, ...]:
    """Return the options of a property; empty for types without options."""
    return prop.config.options if isinstance(prop.config, OptionsConfig) else ()


@dataclass(frozen=True, slots=True)
class PropertyPatch:
    """What to change on a property of a data source. Only what is not None is sent.

    `type` with its `config` creates or converts the property, or changes its settings.
    """

    name: str | None = None
    type: str | None = None
    config: PropertyConfig | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """A table with properties, by id."""

    id: NotionId
    database_id: NotionId
    title: str
    # By id, because people rename properties and the id stays (notion-api.md 6.11).
    properties: Mapping[str, Property]
    description: str = ""
    # Can differ from the icon of the database, unlike the title (notion-measured.md 5).
    icon: str | None = None
    in_trash: bool = False
    created_time: datetime | None = None
    created_by: NotionId | None = None
    url: str = ""

    def find_property(self, name: str) -> Property | None:
        """Return the property with that name."""
        return next((prop for prop in self.properties.values() if prop.name == name), None)


@dataclass(frozen=True, slots=True)
class Database:
    """A container of data sources.

    `icon`: an emoji; None for other icons, which have only their `icon_type`.
    """

    id: NotionId
    title: str
    data_source_ids: tuple[NotionId, ...]
    parent_id: NotionId | None = None
    description: str = ""
    icon: str | None = None
    in_trash: bool = False
    created_time: datetime | None = None
    url: str = ""
    icon_type: str | None = None
    has_cover: bool = False


WidgetRows = tuple[tuple[NotionId, ...], ...]
"""The views on a dashboard, row by row."""


@dataclass(frozen=True, slots=True)
class View:
    """A view. `filter`, `sorts` and `configuration` are the API's JSON, with property ids.

    A widget has a `dashboard_id`. A dashboard has the ids of its widgets in `rows`, and no data
    source.
    """

    id: NotionId
    name: str
    type: str
    # None for dashboards (notion-api.md 2.6).
    data_source_id: NotionId | None
    database_id: NotionId | None = None
    filter: Mapping[str, Any] | None = None
    sorts: tuple[Mapping[str, Any], ...] = ()
    quick_filters: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    dashboard_id: NotionId | None = None
    rows: WidgetRows = ()


@dataclass(frozen=True, slots=True)
class WidgetPlace:
    """The place of a view on a dashboard: `beside` the others in a row, or in a new row.

    `row`: the index of the row; None for a new last row.
    """

    dashboard_id: NotionId
    row: int | None
    beside: bool


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A page template that people created for a data source in Notion."""

    id: NotionId
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ChildBlock:
    """A block in a page: only what is needed to find pages, databases and the manifest's record.

    `title` is set for child_page and child_database, `text` (plain) for text blocks.
    """

    id: NotionId
    type: str
    title: str = ""
    text: str = ""
    in_trash: bool = False
    created_time: datetime | None = None
    last_edited_time: datetime | None = None
    created_by: NotionId | None = None
    has_children: bool = False
    last_edited_by: NotionId | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot. `workspace_name` is only known for the bot of the token."""

    id: NotionId
    name: str
    type: str
    email: str | None = None
    workspace_name: str | None = None
