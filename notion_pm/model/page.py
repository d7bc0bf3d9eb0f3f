"""Pages and the values of their properties, in Python's own terms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    # Both need the capability to read user information (notion-api.md 6.15).
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class FileValue:
    """A file. The URL of a file that Notion stores (not `external`) expires after about an hour."""

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
    # Shown as `BUG-12`, or `12` when the property has no prefix.
    number: int | None
    prefix: str | None = None

    def __str__(self) -> str:
        return "-".join(str(part) for part in (self.prefix, self.number) if part is not None)


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value of an unknown type, or one that Notion did not compute.

    `kind`: that type, or Notion's word (`unsupported`, `incomplete`). `name`: the property, if
    known.
    """

    kind: str
    name: str = ""


Value = (
    None
    | str  # texts, created_time, last_edited_time, formulas that return text
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
"""The value of a property. Empty text is "", every other empty value is None or an empty tuple."""


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

    `is_locked`: a person has locked it in Notion. The API can still write to it.
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
    """A block in the body of a page: the URLs of the files in it that Notion stores."""

    id: NotionId
    file_urls: tuple[str, ...] = ()
    has_body: bool = False
    """Whether it has child blocks that belong to the same body."""


@dataclass(frozen=True, slots=True)
class PageMarkdown:
    """The body of a page as Notion-flavoured Markdown.

    It is incomplete if it is `truncated` or has unknown blocks.
    """

    markdown: str
    truncated: bool = False
    unknown_block_ids: tuple[NotionId, ...] = ()


NO_PAGES: frozenset[str] = frozenset()


def holds_value(page: Page, property_id: str, except_links_to: Collection[str] = NO_PAGES) -> bool:
    """Whether a page has a value of a property. Links to the pages `except_links_to` do not
    count.
    """
    held = page.properties.get(property_id)
    match held.value if held else None:
        case None | "" | () | False:
            # `False` matches by identity: an unticked checkbox is no value, the number 0 is one.
            return False
        case RelationValue(ids=ids):
            return not set(ids) <= set(except_links_to)
        case UniqueIdValue(number=number):
            return number is not None
    return True
