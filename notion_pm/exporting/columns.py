"""Turn properties into columns, and pages into rows: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from notion_pm.conditions.text_form import Order
from notion_pm.errors import IncompleteRead, UsageError
from notion_pm.exporting.formats.cells import has_time, sortable, text
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

_TIME_TYPES = frozenset({"created_time", "last_edited_time"})


# --- columns


def columns_of(
    data_source: DataSource, keys: Mapping[str, str], titles: Mapping[NotionId, str]
) -> tuple[Column, ...]:
    """Return all properties as columns.

    The title comes first, then the template's properties in its order, then the others by name.

    `keys`: property id -> template key. `titles`: of related data sources, as far as known.
    """
    template_order = {property_id: position for position, property_id in enumerate(keys)}

    def rank(property: Property) -> tuple[bool, int, str]:
        position = template_order.get(property.id, len(template_order))
        return property.type != "title", position, property.name.casefold()

    properties = sorted(data_source.properties.values(), key=rank)
    return tuple(
        _column(property, keys.get(property.id), titles)
        for property in properties
        if property.type != "button"  # a button has no value
    )


def _column(property: Property, key: str | None, titles: Mapping[NotionId, str]) -> Column:
    column = Column(
        property.id, property.name, property.type, key, description=property.description or ""
    )
    match property.config:
        case NumberConfig(format=number_format):
            return replace(column, number_format=number_format)
        case OptionsConfig(options=options):
            return replace(column, options=tuple(option.name for option in options))
        case RelationConfig(data_source_id=target_id):
            return replace(column, target=titles.get(target_id, ""), target_id=target_id)
        case _:
            return column


def select_columns(
    columns: Sequence[Column], names: Sequence[str], source: str = ""
) -> tuple[Column, ...]:
    """Return the columns with these names (template keys or titles) in their order, each once.

    No names: all columns. Raises UsageError when `source`, a title, has no such column.
    """
    if not names:
        return tuple(columns)
    selected = [find_column(columns, name, source) for name in names]
    return tuple(dict.fromkeys(selected))


def find_column(columns: Sequence[Column], name: str, source: str = "") -> Column:
    """Return the column with this key or title.

    A key comes before a title, an exact title before one in another case: people may give a new
    property the title that is a key in the template.

    Raises UsageError, with the most similar name, when `source` has no such column.
    """
    for column in columns:
        if column.key == name:
            return column
    for column in columns:
        if column.title == name:
            return column
    for column in columns:
        if column.title.casefold() == name.casefold():
            return column
    known = [column.key or column.title for column in columns]
    place = f" in {source}" if source else ""
    raise UsageError(
        f"There is no column {name!r}{place}.",
        f"{did_you_mean(name, known)} Columns: {', '.join(known)}.".lstrip(),
    )


@dataclass(slots=True)
class ColumnFacts:
    """What only the rows show of columns, collected while they are read."""

    columns_with_ends: set[str] = field(default_factory=set)
    columns_with_times: set[str] = field(default_factory=set)
    kinds: dict[str, set[Kind]] = field(default_factory=dict)
    """The kinds of the cells of each formula and rollup."""

    def learn(self, row: Row, columns: Sequence[Column]) -> None:
        """Look at the cells of a row."""
        for column, cell in zip(columns, row.cells, strict=True):
            if isinstance(cell, DateValue):
                if cell.end:
                    self.columns_with_ends.add(column.id)
                if column.id not in self.columns_with_times and has_time(cell):
                    self.columns_with_times.add(column.id)
            if column.is_computed and cell not in (None, "", ()):
                self.kinds.setdefault(column.id, set()).add(kind_of(cell))

    def apply_to(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns with these facts."""
        return tuple(self._apply(column) for column in columns)

    def _apply(self, column: Column) -> Column:
        kinds = self.kinds.get(column.id, set())
        return replace(
            column,
            has_end=column.id in self.columns_with_ends,
            has_time=column.id in self.columns_with_times,
            # A column has one kind: with several it becomes text, which can hold all of them.
            computed=next(iter(kinds)) if len(kinds) == 1 else None,
        )


# --- rows


def row_of(page: Page, columns: Sequence[Column]) -> Row:
    """Return a page as a row; its related pages have ids but no titles yet.

    Raises IncompleteRead when Notion cut one of the values.
    """
    cells = tuple(_cell(page, column) for column in columns)
    return Row(page.id, page.url, page.title, page.created_time, page.last_edited_time, cells)


def _cell(page: Page, column: Column) -> Cell:
    held = page.properties.get(column.id)
    if held is None:
        return None
    is_cut_relation = isinstance(held.value, RelationValue) and not held.value.complete
    if is_cut_relation or not held.complete:
        raise IncompleteRead(
            f"{column.title!r} of the page {page.title!r} ({page.url})",
            "Nothing was written. Export without that column: name the others with --columns.",
        )
    return _cell_of_value(held)


def _cell_of_value(held: PropertyValue) -> Cell:
    value = held.value
    match value:
        case str() if held.type in _TIME_TYPES:
            return DateValue(value)
        case UniqueIdValue(number=None) | UnknownValue():
            return None
        case RelationValue():
            return tuple(_items([value]))
        case tuple():
            return tuple(_items(value))
        case _:
            return value


def _items(values: Iterable[Any]) -> Iterator[Item]:
    """Yield the items of a list, and of lists in it: a rollup of relations is a list of lists."""
    for value in values:
        match value:
            case None | "" | UnknownValue():
                continue
            case RelationValue():
                for page_id in value.ids:
                    yield Reference(page_id)
            case tuple():
                yield from _items(value)
            case _:
                yield value


# --- order


def sorted_positions(
    rows: Iterable[Row], columns: Sequence[Column], sort: Sequence[Order]
) -> list[int]:
    """Return the positions of the rows in sorted order; empty cells come last.

    The first order of `sort` counts most.
    """
    sort_columns = [find_column(columns, order.column) for order in sort]
    cell_positions = [columns.index(column) for column in sort_columns]
    ranks_by_row = []
    for row in rows:
        ranks = [
            _rank(row.cells[position], column)
            for position, column in zip(cell_positions, sort_columns, strict=True)
        ]
        ranks_by_row.append(ranks)

    positions = list(range(len(ranks_by_row)))
    # Python's sort is stable, so sorting by the least important order first combines them all.
    for number in reversed(range(len(sort))):
        ranked: list[tuple[tuple[float, str], int]] = []
        empty = []
        for position in positions:
            rank = ranks_by_row[position][number]
            if rank is None:
                empty.append(position)
            else:
                ranked.append((rank, position))
        ranked.sort(key=lambda entry: entry[0], reverse=sort[number].descends)
        positions = [position for _, position in ranked] + empty
    return positions


def _rank(cell: Cell, column: Column) -> tuple[float, str] | None:
    """Return what a cell is sorted by, None when it is empty.

    Options sort by their position in the list, numbers by size, all else by its text.
    """
    match cell:
        case None | "" | ():
            return None
        # As in Notion: "High" is before "Low" if the list of options has it first, whatever the
        # alphabet says.
        case OptionValue() if cell.name in column.options:
            return column.options.index(cell.name), ""
        case int() | float():
            return cell, ""
        case UniqueIdValue():
            return cell.number or 0, ""
        case DateValue():
            return 0, sortable(cell)
        case _:
            return 0, text(cell).casefold()
