"""Databases, data sources, properties and views as they exist in Notion (https://developers.notion.com/reference)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select, multi_select or status property; `group` is the name of a status option's group."""

    name: str
    id: str | None = None
    color: str = "default"
    description: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class NoConfig:
    """A property type that has nothing to set, or whose settings we neither know nor touch."""


@dataclass(frozen=True, slots=True)
class NumberConfig:
    format: str = "number"


@dataclass(frozen=True, slots=True)
class OptionsConfig:
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationConfig:
    """A relation; one that is two-way names its mirror on the other data source."""

    data_source_id: NotionId
    two_way: bool = False
    synced_property_id: str | None = None
    synced_property_name: str | None = None


@dataclass(frozen=True, slots=True)
class RollupConfig:
    """A rollup, by the ids of the relation here and of the property there.

    A new one may state names instead, where the ids are not known yet and empty.
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
    """A property of a data source. `id` as Notion gives it, percent-encoded: the form that requests take."""

    id: str
    name: str
    type: str
    config: PropertyConfig = NoConfig()
    description: str | None = None


def options_of(prop: Property) -> tuple[Option, ...]:
    """Return the options of a property; none for types that have none."""
    return prop.config.options if isinstance(prop.config, OptionsConfig) else ()


@dataclass(frozen=True, slots=True)
class PropertyPatch:
    """What to set on a property of a data source: only what is not None is sent.

    With `type` (and its `config`) the property is created, converted, or gets new settings.
    """

    name: str | None = None
    type: str | None = None
    config: PropertyConfig | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """A table: its properties by id."""

    id: NotionId
    database_id: NotionId
    title: str
    properties: Mapping[str, Property]
    description: str = ""
    icon: str | None = None
    in_trash: bool = False
    created_time: datetime | None = None
    created_by: NotionId | None = None
    url: str = ""

    def find_property(self, name: str) -> Property | None:
        """Return the property of that name."""
        return next((each for each in self.properties.values() if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Database:
    """A container of data sources. `icon` is an emoji; other kinds of icon are None, and told by their type."""

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
    """A view of a data source. filter, sorts and configuration are the API's own JSON, with property ids.

    A widget has a `dashboard_id`; a dashboard has the ids of its widgets in `rows`, and no data source.
    """

    id: NotionId
    name: str
    type: str
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
    """Where a view goes on a dashboard: `beside` those in a row, or as a row of its own, without an index the last."""

    dashboard_id: NotionId
    row: int | None
    beside: bool


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A page template of a data source, which people made in Notion."""

    id: NotionId
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ChildBlock:
    """A block in a page, thin: enough to find pages, databases and the manifest's record.

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
    """A person or a bot. `workspace_name` is known for the bot of the token itself."""

    id: NotionId
    name: str
    type: str
    email: str | None = None
    workspace_name: str | None = None
