"""Properties to columns, pages to rows: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from notion_pm.conditions.text_form import Order
from notion_pm.errors import IncompleteRead, UsageError
from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import text
from notion_pm.exporting.table import Cell, Column, Item, Kind, Reference, Row, kind_of
from notion_pm.model.ids import NotionId
from notion_pm.model.page import (
    DateValue,
    OptionValue,
    Page,
    PropertyValue,
    RelationValue,
    UniqueIdValue,
    UnknownValue,
)
from notion_pm.model.schema import DataSource, NumberConfig, OptionsConfig, Property, RelationConfig
from notion_pm.text import did_you_mean

_TIMES = frozenset({"created_time", "last_edited_time"})


def columns_of(
    data_source: DataSource, keys: Mapping[str, str], titles: Mapping[NotionId, str]
) -> tuple[Column, ...]:
    """Return all properties as columns: the title, the template's in its order, then people's own by name.

    `keys`: property id -> template key; `titles` of related data sources, as far as they are known.
    """
    order = {property_id: place for place, property_id in enumerate(keys)}

    def rank(each: Property) -> tuple[bool, int, str]:
        return each.type != "title", order.get(each.id, len(order)), each.name.casefold()

    found = sorted(data_source.properties.values(), key=rank)
    return tuple(
        _column(each, keys.get(each.id), titles) for each in found if each.type != "button"
    )


def _column(found: Property, key: str | None, titles: Mapping[NotionId, str]) -> Column:
    config = found.config
    return Column(
        id=found.id,
        title=found.name,
        type=found.type,
        key=key,
        description=found.description or "",
        number_format=config.format if isinstance(config, NumberConfig) else "number",
        options=tuple(each.name for each in config.options)
        if isinstance(config, OptionsConfig)
        else (),
        target=titles.get(config.data_source_id, "") if isinstance(config, RelationConfig) else "",
        target_id=config.data_source_id if isinstance(config, RelationConfig) else None,
    )


def chosen(columns: Sequence[Column], names: Sequence[str], place: str = "") -> tuple[Column, ...]:
    """Return the columns of these names (template keys or titles) in their order; no names: all of them.

    Raises UsageError with the nearest name when one is unknown in that `place`.
    """
    return (
        tuple(dict.fromkeys(_named(columns, name, place) for name in names))
        if names
        else tuple(columns)
    )


def _named(columns: Sequence[Column], name: str, place: str = "") -> Column:
    for match in (
        [each for each in columns if each.key == name],
        [each for each in columns if each.title == name],
        [each for each in columns if each.title.casefold() == name.casefold()],
    ):
        if match:
            return match[0]
    known = [each.key or each.title for each in columns]
    where = f" in {place}" if place else ""
    raise UsageError(
        f"There is no column {name!r}{where}.",
        f"{did_you_mean(name, known)} Columns: {', '.join(known)}.".lstrip(),
    )


def row_of(page: Page, columns: Sequence[Column]) -> Row:
    """Return a page as a row; related pages are known by their ids only.

    Raises IncompleteRead when Notion cut one of the values.
    """
    cells = tuple(_cell(page, column) for column in columns)
    return Row(page.id, page.url, page.title, page.created_time, page.last_edited_time, cells)


def _cell(page: Page, column: Column) -> Cell:
    found = page.properties.get(column.id)
    if found is None:
        return None
    if not found.complete or (isinstance(found.value, RelationValue) and not found.value.complete):
        raise IncompleteRead(
            f"{column.title!r} of the page {page.title!r} ({page.url})",
            "Nothing was written. Leave that column out: name the others with --columns.",
        )
    return _typed(found)


def _typed(found: PropertyValue) -> Cell:
    value = found.value
    match value:
        case str() if found.type in _TIMES:
            return DateValue(value)
        case UniqueIdValue(number=None) | UnknownValue():
            return None
        case tuple():
            return tuple(_items(value))
        case RelationValue():
            return tuple(_items([value]))
        case _:
            return value


def _items(values: Iterable[Any]) -> Iterator[Item]:
    """The items of a list, and of lists in it: a rollup of relations is a list of lists."""
    for value in values:
        match value:
            case None | "" | UnknownValue():
                continue
            case RelationValue():
                yield from (Reference(each) for each in value.ids)
            case tuple():
                yield from _items(value)
            case _:
                yield value


@dataclass(slots=True)
class Facts:
    """Which columns hold spans, and times of day, and what formulas and rollups turn out to be: seen in passing."""

    ends: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    kinds: dict[str, set[Kind]] = field(default_factory=dict)

    def note(self, row: Row, columns: Sequence[Column]) -> None:
        """Take notice of a row."""
        for column, cell in zip(columns, row.cells, strict=True):
            if isinstance(cell, DateValue):
                if cell.end:
                    self.ends.add(column.id)
                if column.id not in self.times and dates.has_time(cell):
                    self.times.add(column.id)
            if column.is_computed and cell not in (None, "", ()):
                self.kinds.setdefault(column.id, set()).add(kind_of(cell))

    def told(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns with what was seen."""
        return tuple(
            replace(
                each,
                has_end=each.id in self.ends,
                has_time=each.id in self.times,
                computed=self._computed(each.id),
            )
            for each in columns
        )

    def _computed(self, column_id: str) -> Kind | None:
        kinds = self.kinds.get(column_id, set())
        return next(iter(kinds)) if len(kinds) == 1 else None


def in_order(rows: Iterable[Row], columns: Sequence[Column], sort: Sequence[Order]) -> list[int]:
    """Return the places of rows when they are sorted, the first order counting most; empty cells come last."""
    by = [_named(columns, each.column) for each in sort]
    places = [columns.index(each) for each in by]
    ranks = [
        [_rank(row.cells[place], each) for place, each in zip(places, by, strict=True)]
        for row in rows
    ]
    ordered = list(range(len(ranks)))
    for number, each in reversed(list(enumerate(sort))):
        ranked = [(rank, row) for row in ordered if (rank := ranks[row][number]) is not None]
        empty = [row for row in ordered if ranks[row][number] is None]
        ranked.sort(key=itemgetter(0), reverse=each.descends)
        ordered = [row for _, row in ranked] + empty
    return ordered


def _rank(cell: Cell, column: Column) -> tuple[float, str] | None:
    """Options by their place in the list, numbers by size, everything else by its text; None when it is empty."""
    match cell:
        case None | "" | ():
            return None
        case OptionValue() if cell.name in column.options:
            return column.options.index(cell.name), ""
        case int() | float():
            return cell, ""
        case UniqueIdValue():
            return cell.number or 0, ""
        case DateValue():
            return 0, dates.in_utc(cell)
        case _:
            return 0, text(cell).casefold()
