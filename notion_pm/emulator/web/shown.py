"""A view, ready for a template: its rows in groups, each with the fields that the view shows."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.emulator.store.records import Property
from notion_pm.emulator.web.cells import Cell, Link, Tag
from notion_pm.emulator.web.charts import Chart
from notion_pm.emulator.web.choices import Choice
from notion_pm.emulator.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Field:
    """One property of one row: its value, and what it may be set to."""

    name: str
    cell: Cell
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a view shows it. `mover` sets the property that the view is grouped by."""

    id: str
    link: Link
    fields: tuple[Field, ...]
    mover: Choice | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows shown together, under a heading where the view groups them."""

    key: str
    rows: tuple[Row, ...]
    total: str
    tag: Tag | None = None
    option: str | None = None
    more: str | None = None


@dataclass(frozen=True, slots=True)
class ViewContent:
    """A view, ready for a template."""

    layout: str
    title: str
    columns: tuple[Property, ...]
    groups: tuple[Group, ...]
    filter: str
    sort: str
    paging: Paging | None = None
    note: str | None = None
    chart: Chart | None = None
    whole: str | None = None  # where the whole board is, when one of its columns is shown alone


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What a request asks of a view: which page of its rows, and which group alone.

    `anchor` tells the rows of several views on one page apart.
    """

    page: int = 1
    group: str | None = None
    anchor: str = ""
