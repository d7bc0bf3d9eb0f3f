"""Cells as HTML. Whatever comes from Notion is escaped; only http(s) and mailto addresses become links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup, escape

from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import text
from notion_pm.exporting.table import Cell, Column, Item, Reference
from notion_pm.model.ids import NotionId, compact
from notion_pm.model.number_formats import format_number
from notion_pm.model.page import DateValue, FileValue, OptionValue, PersonValue

_SAFE = ("https://", "http://", "mailto:")
_SHOWN = 4
"""Related pages that a cell shows at once; more are folded."""

_LONG = 60


@dataclass(frozen=True, slots=True)
class CellWriter:
    """Writes cells: times as they are in `zone`, links to where `link_to` says that a page is."""

    zone: tzinfo
    link_to: Callable[[Reference], str]

    def content(self, cell: Cell, column: Column) -> Markup:
        """Return the inside of a cell."""
        match cell:
            case None | "" | () | False:
                return Markup("")
            case True:
                return Markup('<span role="img" aria-label="yes">✓</span>')
            case int() | float():
                return escape(format_number(column.number_format, cell))
            case DateValue():
                return self._date(cell)
            case tuple() if column.type in {"relation", "rollup"} and isinstance(
                cell[0], Reference
            ):
                return _folded([self._item(each, column) for each in cell])
            case tuple():
                return Markup(" ").join(self._item(each, column) for each in cell)
            case _:
                return self._item(cell, column)

    def _item(self, item: Item, column: Column) -> Markup:
        match item:
            case Reference(title=None):
                return Markup('<span class="gone" title="could not be read">{}</span>').format(
                    item.id
                )
            case Reference():
                return _link(self.link_to(item), text(item))
            case OptionValue() | PersonValue():
                return Markup('<span class="chip">{}</span>').format(text(item))
            case FileValue():
                return _link(item.url, item.name or item.url, local=not item.external)
            case str() if column.type == "url":
                return _link(item, item)
            case str() if column.type == "email":
                return _link(f"mailto:{item}", item)
            case DateValue():
                return self._date(item)
            case _:
                shown = text(item)
                is_long = len(shown) > _LONG or "\n" in shown
                return (
                    Markup('<span class="long">{}</span>').format(shown)
                    if is_long
                    else escape(shown)
                )

    def _date(self, value: DateValue) -> Markup:
        ends = [value.start, *([value.end] if value.end else [])]
        return Markup(" – ").join(self._moment(each, value.time_zone) for each in ends)

    def _moment(self, written: str, time_zone: str | None) -> Markup:
        moment = dates.parse_moment(written, time_zone)
        shown = (
            f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"
            if isinstance(moment, datetime)
            else moment.isoformat()
        )
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def anchor(page_id: NotionId) -> str:
    """Return the name of a page's place in the document."""
    return f"p-{compact(page_id)}"


def sort_key(cell: Cell, column: Column) -> str | None:
    """Return by what the browser sorts a cell, where that is not what it shows."""
    match cell:
        case bool():
            return str(int(cell))
        case int() | float():
            return repr(cell)
        case OptionValue() if cell.name in column.options:
            return str(column.options.index(cell.name))
        case DateValue():
            return dates.in_utc(cell)
        case _:
            return None


def _link(url: str, shown: str, *, local: bool = False) -> Markup:
    """A link; one to a `local` file is a relative path that we made."""
    if not (url.startswith((*_SAFE, "#")) or (local and ":" not in url)):
        return escape(shown)
    return Markup('<a href="{}">{}</a>').format(url, shown)


def _folded(items: Sequence[Markup]) -> Markup:
    """A list; a long one behind its number."""
    listed = Markup("<ul>{}</ul>").format(
        Markup("").join(Markup("<li>{}</li>").format(each) for each in items)
    )
    if len(items) <= _SHOWN:
        return listed
    return Markup("<details><summary>{} pages</summary>{}</details>").format(len(items), listed)
