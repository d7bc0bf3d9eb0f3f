"""A door to Notion that tells a journal of every write: before it what it finds, after it what Notion answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from pydantic_core import to_jsonable_python

from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Verb
from notion_pm.model.page import Page, PropertyValue
from notion_pm.model.schema import Database, DataSource, Property, PropertyPatch, View
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Json, LookUp
from notion_pm.notion.row_content import row_content


class Recorder(Protocol):
    """Where the writes are told."""

    def doing(self, verb: Verb, notion_id: str, name: str, before: Any) -> int:
        """Tell a write that is about to be sent; return its number."""

    def done(self, number: int, notion_id: str, after: Any) -> None:
        """Tell that a write was answered."""


class _Unrecorded:
    """Tells nobody."""

    def doing(self, verb: Verb, notion_id: str, name: str, before: Any) -> int:
        return 0

    def done(self, number: int, notion_id: str, after: Any) -> None:
        pass


UNRECORDED: Recorder = _Unrecorded()
"""For an apply that nobody will want to take back."""


class JournalingClient(NotionClient):
    """The door as it is, and every write through it is told.

    What a database, or a view that was there `before`, looked like is read first: one request more for each that is
    changed. Of `sources` it is known from the reading that the plan was made from.
    """

    def __init__(
        self,
        door: NotionClient,
        recorder: Recorder,
        sources: Iterable[DataSource],
        before: Collection[str],
    ) -> None:
        super().__init__(door._connection, door._names, door._databases)
        self._recorder = recorder
        self._before = before
        self._properties = {each.id: dict(each.properties) for each in sources}

    # --- pages

    def create_page(
        self,
        parent_id: str,
        title: str,
        *,
        children: Sequence[Json] = (),
        icon: str | None = None,
        look_up: LookUp[Page],
    ) -> Page:
        number = self._recorder.doing("create page", "", title, None)
        page = super().create_page(parent_id, title, children=children, icon=icon, look_up=look_up)
        self._recorder.done(number, page.id, None)
        return page

    def create_row(
        self,
        data_source_id: str,
        values: Iterable[PropertyValue],
        *,
        markdown: str | None = None,
        look_up: LookUp[Page],
    ) -> Page:
        number = self._recorder.doing("create row", "", data_source_id, None)
        page = super().create_row(data_source_id, values, markdown=markdown, look_up=look_up)
        self._recorder.done(number, page.id, row_content(page))
        return page

    def update_page(self, page_id: str, values: Iterable[PropertyValue]) -> Page:
        number = self._recorder.doing("update page", page_id, "", None)
        page = super().update_page(page_id, values)
        self._recorder.done(number, page.id, row_content(page))
        return page

    def trash_page(self, page_id: str) -> None:
        number = self._recorder.doing("trash page", page_id, "", None)
        super().trash_page(page_id)
        self._recorder.done(number, page_id, None)

    # --- databases

    def create_database(
        self,
        parent_id: str,
        title: str,
        properties: Mapping[str, PropertyPatch],
        *,
        icon: str | None = None,
        description: str = "",
        look_up: LookUp[Database],
    ) -> Database:
        number = self._recorder.doing("create database", "", title, None)
        database = super().create_database(
            parent_id, title, properties, icon=icon, description=description, look_up=look_up
        )
        self._recorder.done(number, database.id, to_jsonable_python(database))
        return database

    def update_database(
        self,
        database_id: str,
        *,
        title: str | None = None,
        icon: str | None = None,
        description: str | None = None,
        known: Database | None = None,
    ) -> Database:
        before = known or self.get_database(database_id)
        number = self._recorder.doing(
            "update database", database_id, before.title, to_jsonable_python(before)
        )
        after = super().update_database(
            database_id, title=title, icon=icon, description=description
        )
        self._recorder.done(number, database_id, to_jsonable_python(after))
        return after

    def trash_database(self, database_id: str) -> None:
        number = self._recorder.doing("trash database", database_id, "", None)
        super().trash_database(database_id)
        self._recorder.done(number, database_id, None)

    def get_data_source(self, data_source_id: str) -> DataSource:
        source = super().get_data_source(data_source_id)
        self._properties[source.id] = dict(source.properties)
        return source

    def update_data_source(
        self,
        data_source_id: str,
        properties: Mapping[str, PropertyPatch | None],
        *,
        title: str | None = None,
    ) -> DataSource:
        known = self._properties.get(NotionId(data_source_id), {})
        before = {each: to_jsonable_python(known[each]) for each in properties if each in known}
        number = self._recorder.doing("update data source", data_source_id, title or "", before)
        source = super().update_data_source(data_source_id, properties, title=title)
        self._recorder.done(number, data_source_id, _changed(known, source.properties))
        self._properties[source.id] = dict(source.properties)
        return source

    # --- views

    def create_view(
        self, database_id: str, data_source_id: str, name: str, type: str, **settings: Any
    ) -> View:
        number = self._recorder.doing("create view", "", name, None)
        view = super().create_view(database_id, data_source_id, name, type, **settings)
        self._recorder.done(number, view.id, to_jsonable_python(view))
        return view

    def update_view(self, view_id: str, *, known: View | None = None, **settings: Any) -> View:
        before = self._view_before(view_id) if known is None else to_jsonable_python(known)
        number = self._recorder.doing("update view", view_id, "", before)
        view = super().update_view(view_id, **settings)
        self._recorder.done(number, view_id, to_jsonable_python(view))
        return view

    def delete_view(self, view_id: str, *, known: View | None = None) -> None:
        before = self._view_before(view_id) if known is None else to_jsonable_python(known)
        number = self._recorder.doing("delete view", view_id, "", before)
        super().delete_view(view_id)
        self._recorder.done(number, view_id, None)

    def _view_before(self, view_id: str) -> Any:
        return to_jsonable_python(self.get_view(view_id)) if view_id in self._before else None


def _changed(known: Mapping[str, Property], now: Mapping[str, Property]) -> dict[str, Any]:
    return {key: to_jsonable_python(each) for key, each in now.items() if known.get(key) != each}
