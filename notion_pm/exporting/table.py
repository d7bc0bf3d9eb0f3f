"""What is exported: a table of typed cells, the same for every format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from notion_pm.model.ids import NotionId, compact
from notion_pm.model.page import (
    DateValue,
    FileValue,
    OptionValue,
    PersonValue,
    UniqueIdValue,
    UnknownValue,
)
from notion_pm.model.property_types import COMPUTED_TYPES, DATE_TYPES, LIST_TYPES


@dataclass(frozen=True, slots=True)
class Reference:
    """A related page. `title` is None when it could not be read: in the trash, or not shared."""

    id: NotionId
    title: str | None = None

    @property
    def url(self) -> str:
        """Where Notion shows the page (the form of URLs that the API returns, notion-api.md 2.1)."""
        return f"https://app.notion.com/p/{compact(self.id)}"


Item = (
    bool
    | int
    | float
    | str
    | DateValue
    | OptionValue
    | PersonValue
    | FileValue
    | UniqueIdValue
    | UnknownValue
    | Reference
)
Cell = None | Item | tuple[Item, ...]
"""What one property of one page holds. Empty text is "", every other empty cell is None or an empty tuple."""


Kind = Literal["number", "boolean", "date", "list", "text"]
"""What the cells of a column are, whatever property they come from."""

_KINDS: dict[str, Kind] = {
    "number": "number",
    "checkbox": "boolean",
    **dict.fromkeys(DATE_TYPES, "date"),
    **dict.fromkeys(LIST_TYPES, "list"),
}


def kind_of(cell: Cell) -> Kind:
    """Return what one cell is."""
    match cell:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case DateValue():
            return "date"
        case tuple():
            return "list"
        case _:
            return "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A property. `title` is what people call it, `key` what its template does (None: no template made it).

    `has_end`: at least one row holds a span of dates. `has_time`: at least one date comes with a time of day.
    """

    id: str
    title: str
    type: str
    key: str | None = None
    description: str = ""
    number_format: str = "number"
    options: tuple[str, ...] = ()
    target: str = ""
    """Of a relation: the title of the related database."""
    target_id: NotionId | None = None
    """Of a relation: the related data source."""
    has_end: bool = False
    has_time: bool = False
    computed: Kind | None = None
    """What the cells of a formula or rollup turned out to be, where they are all alike."""

    @property
    def kind(self) -> Kind:
        """What its cells are."""
        return _KINDS.get(self.type) or self.computed or "text"

    @property
    def is_computed(self) -> bool:
        """Whether only its cells tell what it is."""
        return self.type in COMPUTED_TYPES


@dataclass(frozen=True, slots=True)
class Row:
    """A page with one cell per column. `markdown` is its body, None unless bodies are asked for."""

    id: NotionId
    url: str
    title: str
    created_time: datetime
    last_edited_time: datetime
    cells: tuple[Cell, ...]
    markdown: str | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """Files that were downloaded to `folder`; cells and bodies name them as `name/file`."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A data source. `rows` can be walked more than once; `row_count` says how many there are."""

    name: str
    """What files and sheets are named after, and what a command line calls it: the template's key, or the title."""
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    row_count: int
    source_id: NotionId | None = None
    """The data source; None for a page that is no row."""
    is_page: bool = False
    """One page that was asked for by itself; its title is the table's."""
    attached: Attached | None = None
