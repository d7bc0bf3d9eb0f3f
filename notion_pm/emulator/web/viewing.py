"""What a view of a database shows: its columns, its rows, its groups, one page of them."""

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
from notion_pm.emulator.web import formats, wording
from notion_pm.emulator.web.addresses import Addresses, database_path
from notion_pm.emulator.web.cells import Cell, CellReader, Tag, page_link
from notion_pm.emulator.web.charts import chart
from notion_pm.emulator.web.choices import choice
from notion_pm.emulator.web.grouping import Grouped, Grouping, grouping
from notion_pm.emulator.web.paging import Paging
from notion_pm.emulator.web.shown import Field, Group, Row, ViewContent, ViewRequest

PER_PAGE = 100
PER_COLUMN = 25
MOST_CHARTED = 5000  # rows that a chart is drawn from
MOST_COUNTED = (
    1000  # in a column of a board: to count them all would take longer than anybody looks
)
_LAYOUTS = {
    "board": "board",
    "gallery": "gallery",
    "list": "list",
    "calendar": "dates",
    "timeline": "dates",
}
_COMPACT = ("board", "gallery", "list")


def show(
    session: Session, addresses: Addresses, database_id: str, view: View, asked: ViewRequest
) -> ViewContent:
    """Return what a view shows. Raises ApiError where its data source is gone."""
    return _Viewer(session, addresses, database_id, view, asked).shown()


class _Viewer:
    def __init__(
        self,
        session: Session,
        addresses: Addresses,
        database_id: str,
        view: View,
        asked: ViewRequest,
    ) -> None:
        self._session, self._view, self._asked, self._database_id = (
            session,
            view,
            asked,
            database_id,
        )
        self._source: DataSource = session.data_source(view.data_source_id or "")
        self._schema: Schema = self._source.schema()
        self._config: Mapping[str, Any] = view.configuration or {}
        self._reader = Reader(session)
        self._cells = CellReader(self._reader, addresses)
        self._layout = _LAYOUTS.get(view.type, "table")
        self._grouping = grouping(session, self._schema, self._config)
        self._columns = self._visible()

    def shown(self) -> ViewContent:
        shown = ViewContent(
            layout=self._layout,
            title=self._schema["title"].name,
            columns=self._columns,
            groups=(),
            filter=wording.filter_text(self._view, self._schema),
            sort=wording.sort_text(self._view, self._schema),
            note=self._note(),
        )
        if self._view.type == "chart" and (drawn := self._drawn(shown)) is not None:
            return drawn
        if self._layout == "dates":
            return self._by_month(shown)
        return self._grouped(shown, self._grouping) if self._grouping else self._flat(shown)

    def _drawn(self, shown: ViewContent) -> ViewContent | None:
        found = self._found(replace(self._asked_for(), size=MOST_CHARTED)).page_ids
        pages = [page for page_id in found if (page := PAGES.find(self._session.db, page_id))]
        figures = chart(self._cells, self._schema, self._config, pages)
        kind = self._config.get("chart_type")
        note = f"In Notion this is a {kind} chart." if kind in ("column", "line", "donut") else None
        return replace(shown, layout="chart", chart=figures, note=note) if figures else None

    def _note(self) -> str | None:
        if self._view.type in ("chart", "map", "form"):
            return f"In Notion this is a {self._view.type}. Here are the rows behind it."
        if self._config.get("group_by") and not self._grouping:
            return "This view groups its rows by something that is not grouped here."
        return None

    def _visible(self) -> tuple[Property, ...]:
        """Return the properties that the view shows, without the title, which every row begins with."""
        stated = [
            (decode_property_id(each["property_id"]), each.get("visible", True))
            for each in self._config.get("properties") or ()
        ]
        found = [self._schema[key] for key, visible in stated if visible and key in self._schema]
        if not stated and self._layout == "table":
            found = list(self._schema.values())
        grouped_by = self._grouping.prop.id if self._grouping and self._layout == "board" else None
        return tuple(prop for prop in found if prop.type != "title" and prop.id != grouped_by)

    def _asked_for(self, *more: Mapping[str, Any]) -> query.Query:
        return query_of_view(self._view, self._schema, [dict(part) for part in more])

    def _found(self, asked: query.Query) -> query.Results:
        return rows.select(self._reader, self._source, asked)

    def _flat(self, shown: ViewContent) -> ViewContent:
        found = self._found(self._asked_for())
        paging = self._paged(found)
        group = Group("", self._rows(paging.cut(found.page_ids)), paging.total_text)
        return replace(shown, groups=(group,), paging=paging)

    def _grouped(self, shown: ViewContent, groups: Grouping) -> ViewContent:
        alone = next((group for group in groups.groups if group.key == self._asked.group), None)
        if alone:
            found = self._found(self._asked_for(alone.filter))
            paging = self._paged(found)
            group = self._group(alone, paging.cut(found.page_ids), paging.total_text, more=None)
            return replace(
                shown,
                groups=(group,),
                paging=paging,
                whole=database_path(self._database_id, view_id=self._view.id),
            )
        made = (self._column(group) for group in groups.groups)
        kept = (
            group for group in made if group.rows or not (groups.hides_empty or group.key == "none")
        )
        return replace(shown, groups=tuple(kept))

    def _column(self, group: Grouped) -> Group:
        found = self._found(replace(self._asked_for(group.filter), size=MOST_COUNTED))
        total = Paging.text_of(len(found.page_ids), capped=found.next_cursor is not None)
        more = self._path(group=group.key) if len(found.page_ids) > PER_COLUMN else None
        return self._group(group, found.page_ids[:PER_COLUMN], total, more)

    def _group(
        self, group: Grouped, page_ids: Sequence[str], total: str, more: str | None
    ) -> Group:
        return Group(group.key, self._rows(page_ids), total, group.tag, group.option, more)

    def _by_month(self, shown: ViewContent) -> ViewContent:
        """Show a calendar or timeline as a list: the months in order, what has no date last."""
        prop = self._schema.get(decode_property_id(self._config.get("date_property_id") or ""))
        if prop is None:
            return self._flat(replace(shown, note="The date that this view goes by is no more."))
        by_date = {"property": prop.id, "direction": "ascending"}
        sorts = query.parse_sorts([by_date], query.Properties.of_schema(self._schema.values()))
        found = self._found(replace(self._asked_for(), sorts=sorts))
        paging = self._paged(found)
        dates = [prop, *self._end_date(prop)]
        self._columns = (*dates, *(column for column in self._columns if column not in dates))
        shown_rows = self._rows(paging.cut(found.page_ids))
        groups = (
            Group(month, tuple(members), "", Tag(month))
            for month, members in groupby(shown_rows, key=lambda row: _month(row.fields[0].cell))
        )
        return replace(shown, groups=tuple(groups), paging=paging, columns=self._columns, sort="")

    def _end_date(self, start: Property) -> list[Property]:
        end = self._schema.get(decode_property_id(self._config.get("end_date_property_id") or ""))
        return [end] if end and end != start else []

    def _rows(self, page_ids: Sequence[str]) -> tuple[Row, ...]:
        found = (PAGES.find(self._session.db, page_id) for page_id in page_ids)
        return tuple(self._row(page) for page in found if page)

    def _row(self, page: Page) -> Row:
        fields = tuple(self._field(page, prop) for prop in self._columns)
        mover = None
        if self._grouping and any(group.option is not None for group in self._grouping.groups):
            mover = choice(page, self._grouping.prop)
        if self._layout in _COMPACT:
            fields = tuple(field for field in fields if field.cell.items)
        return Row(f"{self._asked.anchor}{page.id}", page_link(page), fields, mover)

    def _field(self, page: Page, prop: Property) -> Field:
        return Field(
            prop.name,
            self._cells.cell(page, prop),
            choice(page, prop) if prop.type == "status" else None,
        )

    def _paged(self, found: query.Results) -> Paging:
        return Paging(self._asked.page, PER_PAGE, len(found.page_ids), found.capped, self._path)

    def _path(self, page: int | None = None, group: str | None = None) -> str:
        group = group or self._asked.group
        return database_path(self._database_id, view_id=self._view.id, group=group, page=page)


def _month(cell: Cell) -> str:
    if cell.kind != "dates" or not cell.items:
        return "No date"
    return formats.month_text(cell.items[0].start)
