"""The content of a view for a template: rows in groups, with the fields that the view shows."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.emulator.store.records import Property
from notion_pm.emulator.web.cells import Cell, Link, Tag
from notion_pm.emulator.web.charts import Chart
from notion_pm.emulator.web.choices import Choice
from notion_pm.emulator.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a row: its value, and the form to set it."""

    name: str
    cell: Cell
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a view. `mover` is the form to set the property that the view is grouped by."""

    id: str
    link: Link
    fields: tuple[Field, ...]
    mover: Choice | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are shown together, with a heading if the view is grouped."""

    key: str
    rows: tuple[Row, ...]
    total: str
    tag: Tag | None = None
    option: str | None = None
    more: str | None = None


@dataclass(frozen=True, slots=True)
class ViewContent:
    """The content of a view."""

    layout: str
    title: str
    columns: tuple[Property, ...]
    groups: tuple[Group, ...]
    filter: str
    sort: str
    paging: Paging | None = None
    note: str | None = None
    chart: Chart | None = None
    whole: str | None = None  # the path of the whole board, if only one of its columns is shown


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """The part of a view that a request asks for: a page of its rows, or only one group.

    `anchor` makes the ids of rows unique when several views are on one HTML page.
    """

    page: int = 1
    group: str | None = None
    anchor: str = ""
