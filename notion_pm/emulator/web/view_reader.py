"""Read the content of a view: its columns, and one page of its rows, in groups or as a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from notion_pm.emulator import query
from notion_pm.emulator.pages import rows
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.content_records import View
from notion_pm.emulator.store.ids import decode_property_id
from notion_pm.emulator.store.records import PAGES, DataSource, Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader
from notion_pm.emulator.views.view_queries import query_of_view
from notion_pm.emulator.web import formats, view_wording
from notion_pm.emulator.web.addresses import Addresses, database_path
from notion_pm.emulator.web.cells import Cell, CellReader, Tag, page_link
from notion_pm.emulator.web.charts import chart
from notion_pm.emulator.web.choices import choice
from notion_pm.emulator.web.grouping import NO_VALUE, Grouped, Grouping, grouping
from notion_pm.emulator.web.paging import Paging
from notion_pm.emulator.web.view_content import Field, Group, Row, ViewContent, ViewRequest

PER_PAGE = 100
PER_COLUMN = 25
MOST_CHARTED = 5000  # rows that a chart is drawn from
MOST_COUNTED = 1000  # rows in a column of a board; counting all of them would be too slow
_LAYOUTS = {
    "board": "board",
    "gallery": "gallery",
    "list": "list",
    "calendar": "dates",
    "timeline": "dates",
}
_COMPACT = ("board", "gallery", "list")


def read_view(
    session: Session, addresses: Addresses, database_id: str, view: View, request: ViewRequest
) -> ViewContent:
    """Return the content of a view. Raises ApiError if its data source does not exist."""
    return _ViewReader(session, addresses, database_id, view, request).content()


class _ViewReader:
    """Reads one view for one request."""

    def __init__(
        self,
        session: Session,
        addresses: Addresses,
        database_id: str,
        view: View,
        request: ViewRequest,
    ) -> None:
        self._session = session
        self._view = view
        self._request = request
        self._database_id = database_id
        self._source: DataSource = session.data_source(view.data_source_id or "")
        self._schema: Schema = self._source.schema()
        self._config: Mapping[str, Any] = view.configuration or {}
        self._reader = Reader(session)
        self._cells = CellReader(self._reader, addresses)
        self._layout = _LAYOUTS.get(view.type, "table")
        self._grouping = grouping(session, self._schema, self._config)
        self._columns = self._visible_columns()

    def content(self) -> ViewContent:
        empty = ViewContent(
            layout=self._layout,
            title=self._schema["title"].name,
            columns=self._columns,
            groups=(),
            filter=view_wording.filter_text(self._view, self._schema),
            sort=view_wording.sort_text(self._view, self._schema),
            note=self._note(),
        )
        if self._view.type == "chart":
            with_chart = self._with_chart(empty)
            if with_chart is not None:
                return with_chart
        if self._layout == "dates":
            return self._by_month(empty)
        if self._grouping:
            return self._in_groups(empty, self._grouping)
        return self._in_one_group(empty)

    def _with_chart(self, content: ViewContent) -> ViewContent | None:
        """Return the content with its chart, None if the chart cannot be drawn."""
        results = self._run(replace(self._query(), size=MOST_CHARTED))
        figures = chart(self._cells, self._schema, self._config, self._pages(results.page_ids))
        if figures is None:
            return None
        kind = self._config.get("chart_type")
        note = f"In Notion this is a {kind} chart." if kind in ("column", "line", "donut") else None
        return replace(content, layout="chart", chart=figures, note=note)

    def _note(self) -> str | None:
        if self._view.type in ("chart", "map", "form"):
            return f"In Notion this is a {self._view.type}. Here are the rows behind it."
        if self._config.get("group_by") and not self._grouping:
            return "This view groups its rows by something that is not grouped here."
        return None

    def _visible_columns(self) -> tuple[Property, ...]:
        """Return the properties that the view shows, without the title, which is always shown."""
        settings = self._config.get("properties") or ()
        if settings or self._layout != "table":
            visible = [
                decode_property_id(setting["property_id"])
                for setting in settings
                if setting.get("visible", True)
            ]
            columns = [self._schema[key] for key in visible if key in self._schema]
        else:
            columns = list(self._schema.values())  # a table without settings shows all
        hidden = ["title"]
        if self._grouping and self._layout == "board":
            hidden.append(self._grouping.prop.id)  # the columns of the board show it
        return tuple(prop for prop in columns if prop.id not in hidden)

    def _query(self, *filters: Mapping[str, Any]) -> query.Query:
        """Return the view's query, with further filters."""
        return query_of_view(self._view, self._schema, [dict(part) for part in filters])

    def _run(self, request: query.Query) -> query.Results:
        return rows.select(self._reader, self._source, request)

    def _pages(self, page_ids: Sequence[str]) -> list[Page]:
        found = [PAGES.find(self._session.db, page_id) for page_id in page_ids]
        return [page for page in found if page]

    def _in_one_group(self, content: ViewContent) -> ViewContent:
        results = self._run(self._query())
        paging = self._paging(results)
        group = Group("", self._rows(paging.cut(results.page_ids)), paging.total_text)
        return replace(content, groups=(group,), paging=paging)

    def _in_groups(self, content: ViewContent, groups: Grouping) -> ViewContent:
        for group in groups.groups:
            if group.key == self._request.group:
                return self._only_group(content, group)

        shown = []
        for group in groups.groups:
            column = self._column(group)
            # The group of rows without a value is shown only if there are such rows.
            may_be_empty = not groups.hides_empty and group.key != NO_VALUE
            if column.rows or may_be_empty:
                shown.append(column)
        return replace(content, groups=tuple(shown))

    def _only_group(self, content: ViewContent, group: Grouped) -> ViewContent:
        results = self._run(self._query(group.filter))
        paging = self._paging(results)
        shown = self._group(group, paging.cut(results.page_ids), paging.total_text, more=None)
        whole = database_path(self._database_id, view_id=self._view.id)
        return replace(content, groups=(shown,), paging=paging, whole=whole)

    def _column(self, group: Grouped) -> Group:
        """Return the first rows of a group, with a link to all of them."""
        results = self._run(replace(self._query(group.filter), size=MOST_COUNTED))
        count = len(results.page_ids)
        total = Paging.text_of(count, capped=results.next_cursor is not None)
        more = self._path(group=group.key) if count > PER_COLUMN else None
        return self._group(group, results.page_ids[:PER_COLUMN], total, more)

    def _group(
        self, group: Grouped, page_ids: Sequence[str], total: str, more: str | None
    ) -> Group:
        return Group(group.key, self._rows(page_ids), total, group.tag, group.option, more)

    def _by_month(self, content: ViewContent) -> ViewContent:
        """Return a calendar or timeline as a list by month. Rows without a date come last."""
        prop = self._property_of("date_property_id")
        if prop is None:
            note = "The date property of this view was deleted."
            return self._in_one_group(replace(content, note=note))

        sort = {"property": prop.id, "direction": "ascending"}
        sorts = query.parse_sorts([sort], query.Properties.of_schema(self._schema.values()))
        results = self._run(replace(self._query(), sorts=sorts))
        paging = self._paging(results)

        # The dates are the first columns: the month of a row is read from its first field.
        dates = [prop]
        end = self._property_of("end_date_property_id")
        if end is not None and end != prop:
            dates.append(end)
        self._columns = (*dates, *(column for column in self._columns if column not in dates))
        shown_rows = self._rows(paging.cut(results.page_ids))
        groups = [
            Group(month, tuple(members), "", Tag(month))
            for month, members in groupby(shown_rows, key=lambda row: _month(row.fields[0].cell))
        ]
        return replace(content, groups=tuple(groups), paging=paging, columns=self._columns, sort="")

    def _property_of(self, setting: str) -> Property | None:
        return self._schema.get(decode_property_id(self._config.get(setting) or ""))

    def _rows(self, page_ids: Sequence[str]) -> tuple[Row, ...]:
        return tuple(self._row(page) for page in self._pages(page_ids))

    def _row(self, page: Page) -> Row:
        fields = tuple(self._field(page, prop) for prop in self._columns)
        if self._layout in _COMPACT:
            fields = tuple(field for field in fields if field.cell.items)
        mover = None
        if self._grouping:
            can_move = any(group.option is not None for group in self._grouping.groups)
            mover = choice(page, self._grouping.prop) if can_move else None
        return Row(f"{self._request.anchor}{page.id}", page_link(page), fields, mover)

    def _field(self, page: Page, prop: Property) -> Field:
        form = choice(page, prop) if prop.type == "status" else None
        return Field(prop.name, self._cells.cell(page, prop), form)

    def _paging(self, results: query.Results) -> Paging:
        return Paging(
            self._request.page, PER_PAGE, len(results.page_ids), results.capped, self._path
        )

    def _path(self, page: int | None = None, group: str | None = None) -> str:
        group = group or self._request.group
        return database_path(self._database_id, view_id=self._view.id, group=group, page=page)


def _month(cell: Cell) -> str:
    if cell.kind != "dates" or not cell.items:
        return "No date"
    return formats.month_text(cell.items[0].start)
