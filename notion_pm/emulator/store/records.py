"""Records of databases, data sources, pages and blocks, and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from notion_pm.emulator.store.store import Table

Json = Any
RichText = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """The fields of every object: its id, the trash mark, and who created and edited it when."""

    id: str
    created_time: str
    created_by: str
    last_edited_time: str
    last_edited_by: str
    in_trash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Database(Stamped):
    """A container of data sources, on a page or at the top of the workspace."""

    parent_type: str
    parent_id: str | None
    title: RichText
    description: RichText = field(default_factory=list)
    icon: Json = None
    cover: Json = None
    is_inline: bool = False
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a data source's schema.

    `config` names other properties and data sources only by id, so that it survives renaming.
    """

    id: str
    name: str
    type: str
    config: dict[str, Any] = field(default_factory=dict)
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource(Stamped):
    """A table of pages. `properties` is its schema as JSON, by property id; read it by `schema`."""

    database_id: str
    title: RichText
    properties: dict[str, dict[str, Any]]
    icon: Json = None
    cover: Json = None

    def schema(self) -> dict[str, Property]:
        """Return the properties by their (decoded) id."""
        return {
            property_id: Property(property_id, **body)
            for property_id, body in self.properties.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Stamped):
    """A page. `properties` maps property ids to values in the API's JSON.

    Relations are not in it: they are rows of the table `links`.
    """

    parent_type: str
    parent_id: str | None
    title: str  # the title's plain text, for search
    properties: dict[str, Any]
    seq: int | None = None
    icon: Json = None
    cover: Json = None
    is_archived: bool = False
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Stamped):
    """A block. Child pages and databases have one too, which holds their position on the page.

    Its type is then `child_page` or `child_database`, and its id that of the page or database.
    """

    parent_type: str  # page_id | block_id | database_id
    parent_id: str
    position: float
    type: str
    content: Mapping[str, Any] = field(default_factory=dict)


DATABASES = Table(
    "databases",
    Database,
    json_columns=("title", "description", "icon", "cover"),
    flags=("in_trash", "is_inline", "is_locked"),
)
DATA_SOURCES = Table(
    "data_sources",
    DataSource,
    json_columns=("title", "icon", "cover", "properties"),
    flags=("in_trash",),
)
PAGES = Table(
    "pages",
    Page,
    json_columns=("properties", "icon", "cover"),
    flags=("in_trash", "is_archived", "is_locked"),
)
BLOCKS = Table("blocks", Block, json_columns=("content",), flags=("in_trash",))
