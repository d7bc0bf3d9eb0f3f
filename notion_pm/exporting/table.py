"""What is exported: a table of typed cells, the same for every format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Literal

from notion_pm.model.ids import NotionId, compact
from notion_pm.model.page import (
    DateValue,
    FileValue,
    OptionValue,
    PersonValue,
    UniqueIdValue,
    UnknownValue,
)


@dataclass(frozen=True, slots=True)
class ExportContext:
    """The time of the export, the time zone for people, and the stream for `-o -`."""

    now: datetime
    zone: tzinfo
    stdout: BinaryIO


@dataclass(frozen=True, slots=True)
class Reference:
    """A related page. `title` is None when it could not be read: in the trash, or not shared."""

    id: NotionId
    title: str | None = None

    @property
    def url(self) -> str:
        """The address of the page, in the form that the API returns (notion-api.md 2.1)."""
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
"""The value of one property of one page.

Unlike `model.page.Value` it has no lists in lists, and a relation is a tuple of references with
titles. Empty text is "", every other empty cell is None or an empty tuple.
"""


Kind = Literal["number", "boolean", "date", "list", "text"]
"""What the cells of a column are, whatever the type of the property."""

# All other types are text for an export: select, status, URL, unique id, and types that are newer
# than this program.
_KINDS: dict[str, Kind] = {
    "number": "number",
    "checkbox": "boolean",
    **dict.fromkeys(("date", "created_time", "last_edited_time"), "date"),
    **dict.fromkeys(("multi_select", "people", "files", "relation"), "list"),
}
# The schema does not say what they give: a formula may be a number, a date or a text. Only the
# cells show it.
_COMPUTED = frozenset({"formula", "rollup"})


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


def items_of(cell: Cell) -> tuple[Item, ...]:
    """Return the items of a list; none for any other cell."""
    return cell if isinstance(cell, tuple) else ()


def references_of(cell: Cell) -> list[Reference]:
    """Return the related pages in a cell."""
    return [item for item in items_of(cell) if isinstance(item, Reference)]


def files_of(cell: Cell) -> list[FileValue]:
    """Return the files in a cell."""
    return [item for item in items_of(cell) if isinstance(item, FileValue)]


@dataclass(frozen=True, slots=True)
class Column:
    """A property.

    `title`: its name in Notion. `key`: its name in the template, None if no template created it.
    `target` and `target_id`: title and id of the database that a relation points to. `has_end`: at
    least one row has a date range. `has_time`: at least one date has a time of day. `computed`: the
    kind of a formula's or rollup's cells, if all are alike.
    """

    id: str
    title: str
    type: str
    key: str | None = None
    description: str = ""
    number_format: str = "number"
    options: tuple[str, ...] = ()
    target: str = ""
    target_id: NotionId | None = None
    has_end: bool = False
    has_time: bool = False
    computed: Kind | None = None

    @property
    def kind(self) -> Kind:
        """What its cells are."""
        return _KINDS.get(self.type) or self.computed or "text"

    @property
    def is_computed(self) -> bool:
        """Whether only its cells show what kind it is."""
        return self.type in _COMPUTED


@dataclass(frozen=True, slots=True)
class Row:
    """A page with one cell per column. `markdown`: its body, None unless bodies are exported."""

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
    """A data source, or one page.

    `name`: its name in files, sheets and on the command line: the template's key, or the title.
    `rows`: can be iterated more than once. `source_id`: the data source, None for a page outside of
    databases. `is_page`: a page that was requested by itself; its title is the table's.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    row_count: int
    source_id: NotionId | None = None
    is_page: bool = False
    attached: Attached | None = None
