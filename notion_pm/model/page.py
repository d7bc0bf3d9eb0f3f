"""Pages and the values of their properties, in Python's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class OptionValue:
    """The chosen option of a select, multi_select or status property."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date or a span, in ISO 8601 as Notion gives it: `YYYY-MM-DD`, or with a time and offset."""

    start: str
    end: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class PersonValue:
    id: NotionId
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class FileValue:
    """A file. Notion stores it unless it is `external`; its URL then expires after about an hour."""

    name: str
    url: str
    external: bool


@dataclass(frozen=True, slots=True)
class RelationValue:
    """Related pages in Notion's order. `complete` is false when Notion cut the list (at 25)."""

    ids: tuple[NotionId, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class UniqueIdValue:
    number: int | None
    prefix: str | None = None

    def __str__(self) -> str:
        return "-".join(str(part) for part in (self.prefix, self.number) if part is not None)


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that cannot be known: of a type that this version does not know, or one that Notion did not compute.

    `kind`: that type, or Notion's word (`unsupported`, `incomplete`). `name`: the property, where it is known.
    """

    kind: str
    name: str = ""


Value = (
    None
    | str  # title, rich_text, url, email, phone_number, created_time, last_edited_time, string formulas
    | bool
    | int
    | float
    | OptionValue
    | DateValue
    | PersonValue
    | UniqueIdValue
    | RelationValue
    | UnknownValue
    | tuple[OptionValue, ...]
    | tuple[PersonValue, ...]
    | tuple[FileValue, ...]
    | tuple[Any, ...]  # the items of an array rollup: values again
)
"""What a property of a page holds. Empty text is "", every other empty value is None or an empty tuple."""


@dataclass(frozen=True, slots=True)
class PropertyValue:
    """The value of one property of a page; `id` as Notion gives it, percent-encoded."""

    id: str
    type: str
    value: Value
    complete: bool = True
    """False when Notion may have cut the value (25 people, or 25 rich text items with mentions)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its properties by id. `data_source_id` is None for a page that is not a row.

    `is_locked`: a person has locked it in Notion, which does not keep the API from writing to it.
    """

    id: NotionId
    url: str
    title: str
    created_time: datetime
    last_edited_time: datetime
    in_trash: bool = False
    is_archived: bool = False
    is_locked: bool = False
    parent_id: NotionId | None = None
    data_source_id: NotionId | None = None
    created_by: NotionId | None = None
    last_edited_by: NotionId | None = None
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BodyBlock:
    """A block in the body of a page: the addresses of the files in it that Notion stores."""

    id: NotionId
    file_urls: tuple[str, ...] = ()
    has_body: bool = False
    """Whether there are blocks in it that belong to the same body."""


@dataclass(frozen=True, slots=True)
class PageMarkdown:
    """The body of a page as Notion-flavoured Markdown; `truncated` or unknown blocks mean that something is missing."""

    markdown: str
    truncated: bool = False
    unknown_block_ids: tuple[NotionId, ...] = ()
