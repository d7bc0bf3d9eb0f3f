"""The verbs: what this program asks of Notion, in the words of the model.

Each verb is one logical request; reading a list is one per 100 items. Creating is not idempotent in Notion, so every
verb that creates takes a `look_up` that finds what it may have created already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from notion_pm.errors import IncompleteRead, InTrash, NotShared, OutcomeUnknown, RequestRefused
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.page import (
    Page,
    PageMarkdown,
    PropertyValue,
    RelationValue,
    UnknownValue,
    Value,
)
from notion_pm.model.property_ids import for_query_string
from notion_pm.model.schema import (
    ChildBlock,
    Database,
    DataSource,
    PageTemplate,
    PropertyPatch,
    User,
    View,
    WidgetPlace,
)
from notion_pm.notion import paging, wire_page, wire_schema
from notion_pm.notion.connection import Connection, Json, LookUp, Tries
from notion_pm.notion.counting import RequestCounts
from notion_pm.notion.known_databases import KnownDatabases, Reads
from notion_pm.notion.property_names import KeyOf, PropertyNames, by_id
from notion_pm.notion.wire_names import with_keys
from notion_pm.notion.wire_text import rich_text

T = TypeVar("T")

_COMPLETABLE = frozenset({"relation", "people", "title", "rich_text"})
"""Types whose cut values the page property endpoint gives whole (notion-api.md 3.5)."""


class NotionClient:
    """The only door to Notion. Safe for threads."""

    def __init__(
        self,
        connection: Connection,
        names: PropertyNames | None = None,
        databases: KnownDatabases | None = None,
    ) -> None:
        self._connection = connection
        self._names = names or PropertyNames(self.get_data_source)
        reads = Reads(self.get_database, self.get_page, self.get_parent_id)
        self._databases = databases or KnownDatabases(reads)

    @property
    def requests(self) -> RequestCounts:
        """How many requests were sent so far."""
        return self._connection.requests

    @property
    def wait(self) -> float:
        """How many seconds the next request has to wait for the budget."""
        return self._connection.wait

    @property
    def read_lag(self) -> float:
        """Seconds after which a read shows what another connection has written."""
        return self._connection.read_lag

    def server_time(self, otherwise: datetime) -> datetime:
        """Return the time by the server's clock; `otherwise` while no answer has stated it.

        What Notion stores has times of that clock, so compare them with nothing else.
        """
        return self._connection.server_time(otherwise)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def before_requests(
        self, write: Callable[[], None] | None, read: Callable[[], None] | None
    ) -> None:
        """Call `write` before each attempt at a write, `read` before any other; None: nothing.

        They are called in the thread that sends the request. What they raise ends it before it is sent.
        """
        self._connection.before_write = write
        self._connection.before_read = read

    def learn_database(self, database_id: str, title: str, data_source_id: str) -> None:
        """Remember what holds a data source, so that a 404 of it can be explained."""
        self._databases.learn(database_id, title, [data_source_id])

    # --- reading

    def me(self) -> User:
        """Return the bot that the token belongs to."""
        return self._get("users/me", wire_schema.read_user)

    def shared_pages(self) -> Iterator[Page]:
        """Yield the pages that are shared with the connection, as far as Notion's search index knows them."""
        body = {"filter": {"property": "object", "value": "page"}}
        return paging.search(self._connection, body, wire_page.read_page)

    def search_pages(self, title: str, *, in_trash: bool) -> Iterator[Page]:
        """Yield the pages whose title has a word of `title`, as far as Notion's search index knows them.

        The index lags: a page that was created or renamed seconds ago may be missing (notion-api.md 2.5).
        """
        only = {"property": "object", "value": "page"} | ({"in_trash": True} if in_trash else {})
        return paging.search(
            self._connection, {"query": title, "filter": only}, wire_page.read_page
        )

    def list_children(self, block_id: str) -> tuple[ChildBlock, ...]:
        """Return the blocks directly in a page or block."""
        path = f"blocks/{block_id}/children"
        return tuple(paging.items(self._connection, path, wire_schema.read_child_block))

    def get_parent_id(self, block_id: str) -> NotionId | None:
        """Return what a block is in: a page, a database or another block; None at the top of the workspace.

        Pages and databases are blocks too.
        """
        return self._get(f"blocks/{block_id}", wire_schema.read_parent_id)

    def get_page(self, page_id: str, *, property_ids: Sequence[str] | None = None) -> Page:
        """Return a page, its relations and people complete; with `property_ids` only these properties."""
        query = _selected(property_ids) or None
        return self._completed(
            self._connection.fetch("GET", f"pages/{page_id}", wire_page.read_page, query=query)
        )

    def get_database(self, database_id: str) -> Database:
        """Return a database."""
        database = self._get(f"databases/{database_id}", wire_schema.read_database)
        self._databases.learn(database.id, database.title, database.data_source_ids)
        return database

    def find_database(self, database_id: str) -> Database | None:
        """Return the database of a block on a page; None for a linked view, with a note.

        A linked view is the same kind of block (child_database), and Notion answers 400 or 404 for
        it as a database (ultimate-notion #110, dust #18188).
        """
        try:
            database = self.get_database(database_id)
        except InTrash:
            raise
        except (NotShared, RequestRefused):
            database = None
        if database is not None and database.data_source_ids:
            return database
        self._connection.notes.once(
            f"The linked view {page_url(database_id)} is left out: "
            "it shows a database of another page, and Notion's API cannot read it."
        )
        return None

    def get_data_source(self, data_source_id: str) -> DataSource:
        """Return a data source with its properties.

        Raises InTrash when its database, or a page above that, is known to be in the trash.
        """
        with self._databases.explaining(data_source_id):
            source = self._get(f"data_sources/{data_source_id}", wire_schema.read_data_source)
        self._names.learn(source)
        return source

    def page_templates(self, data_source_id: str) -> tuple[PageTemplate, ...]:
        """Return the page templates of a data source, which only people can make."""
        path = f"data_sources/{data_source_id}/templates"
        return tuple(
            paging.items(
                self._connection, path, wire_schema.read_page_template, results="templates"
            )
        )

    def list_view_ids(self, database_id: str) -> tuple[NotionId, ...]:
        """Return the ids of a database's views; Notion lists nothing more of them."""
        wanted = {"database_id": database_id}
        return tuple(
            paging.items(self._connection, "views", lambda view: NotionId(view["id"]), wanted)
        )

    def get_view(self, view_id: str) -> View:
        """Return a view."""
        return self._get(f"views/{view_id}", wire_schema.read_view)

    def query(
        self,
        data_source_id: str,
        *,
        filter: Json | None = None,
        property_ids: Sequence[str] | None = None,
        created_since: datetime | None = None,
    ) -> Iterator[Page]:
        """Yield the rows of a data source, oldest first: all of them, with complete relations and people.

        `filter` is the API's JSON; with `property_ids` only these properties are sent. With `created_since` the rows
        that were created before that minute are left out. Requests are sent as the rows are taken.

        Raises IncompleteRead when Notion gives only a part.
        """
        query = _selected(property_ids)
        since = paging.minute_of(created_since) if created_since else None

        def rows(key_of: KeyOf) -> Iterator[Page]:
            asked = with_keys(filter, key_of) if filter else None
            return paging.rows(
                self._connection,
                data_source_id,
                wire_page.read_page,
                filter=asked,
                query=query,
                since=since,
            )

        found = self._names.read("filters", data_source_id, rows) if filter else rows(by_id)
        return self._rows(data_source_id, found)

    def edited_since(
        self,
        data_source_id: str,
        moment: datetime,
        *,
        property_ids: Sequence[str] | None = None,
        created: paging.Range | None = None,
    ) -> Iterator[Page]:
        """Yield the rows that were edited at or after a moment, the latest first, each once and complete.

        Requests are sent as the rows are taken, so that who has seen enough may stop. Notion floors the time of an
        edit to the minute (notion-api.md 4.3), and so is `moment`. `created` limits the rows to those created from
        one minute to another.

        Raises IncompleteRead when Notion gives only a part.
        """
        query = _selected(property_ids)
        pages = paging.edited_rows(
            self._connection,
            data_source_id,
            moment,
            wire_page.read_page,
            query=query,
            created=created,
        )
        return self._rows(data_source_id, pages)

    def _rows(self, data_source_id: str, found: Iterator[Page]) -> Iterator[Page]:
        """Yield the rows that a query finds, each complete."""
        with self._databases.explaining(data_source_id):
            yield from map(self._completed, found)

    def page_markdown(self, page_id: str) -> PageMarkdown:
        """Return the body of a page as Markdown."""
        return self._get(f"pages/{page_id}/markdown", wire_page.read_markdown)

    def hosted_files(self, page_id: str) -> Iterator[str]:
        """Yield an item for each block in a page's body: the address of its file where Notion stores one, else "".

        Level by level, a request for each 100 blocks and for each block that has blocks in it. Requests
        are sent as the items are taken.
        """
        waiting = deque([page_id])
        while waiting:
            path = f"blocks/{waiting.popleft()}/children"
            with suppress(NotShared):  # a synced block whose original is not shared
                for block in paging.items(self._connection, path, wire_page.read_body_block):
                    yield from block.file_urls or ("",)
                    if block.has_body:
                        waiting.append(block.id)

    def _get(self, path: str, read: Callable[[Json], T]) -> T:
        return self._connection.fetch("GET", path, read)

    def _completed(self, page: Page) -> Page:
        """The page with its cut values read to their end; values that nobody can know are noted."""
        for held in page.properties.values():
            if isinstance(held.value, UnknownValue):
                self._note_unknown(held.value)
        cut = [
            each
            for each in page.properties.values()
            if not each.complete and each.type in _COMPLETABLE
        ]
        if not cut:
            return page
        whole = {
            each.id: replace(each, value=self._whole_value(page.id, each), complete=True)
            for each in cut
        }
        return replace(page, properties={**page.properties, **whole})

    def _note_unknown(self, value: UnknownValue) -> None:
        why = "Notion did not compute it"
        if value.kind not in {"unsupported", "incomplete"}:
            why = f"this version does not know the type {value.kind!r}"
        self._connection.notes.once(f"The property {value.name!r} is unknown on some pages: {why}.")

    def _whole_value(self, page_id: str, cut: PropertyValue) -> Value:
        path = f"pages/{page_id}/properties/{cut.id}"  # encoded already, as Notion gave it
        found = list(paging.items(self._connection, path, lambda item: item[cut.type]))
        value = wire_page.read_value({"type": cut.type, cut.type: found})
        if isinstance(value, RelationValue) and not value.complete:
            raise IncompleteRead(f"property {cut.id} of page {page_id}")
        return value

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
        """Create a page under a page; `children` are blocks in the API's JSON."""
        body = {
            "parent": wire_schema.page_parent(parent_id),
            "properties": {"title": {"title": rich_text(title)}},
            **({"children": list(children)} if children else {}),
            **({"icon": wire_schema.icon_json(icon)} if icon else {}),
        }
        return self._created("pages", body, wire_page.read_page, look_up)

    def create_row(
        self,
        data_source_id: str,
        values: Iterable[PropertyValue],
        *,
        markdown: str | None = None,
        look_up: LookUp[Page],
    ) -> Page:
        """Create a row, with a body in Markdown where there is one."""
        wanted = tuple(values)

        def send(key_of: KeyOf) -> Page:
            body = {
                "parent": {"type": "data_source_id", "data_source_id": data_source_id},
                "properties": wire_page.write_values(wanted, key_of),
                **({"markdown": markdown} if markdown else {}),
            }
            return self._created("pages", body, wire_page.read_page, look_up)

        return self._names.send("values", lambda: data_source_id, send)

    def update_page(self, page_id: str, values: Iterable[PropertyValue]) -> Page:
        """Set properties of a page; those not named stay as they are."""

        def send(path: str, body: Json) -> Page:
            return self._connection.fetch("PATCH", path, wire_page.read_page, body=body)

        return self._update_page(page_id, tuple(values), send)

    def update_page_now(self, page_id: str, values: Iterable[PropertyValue], tries: Tries) -> Page:
        """Set properties of a page now, or raise Postponed rather than wait or send it again.

        For values that were decided on what pages hold: after a wait that may be out of date. Pass
        the same `tries` each time, so that failures come to an end.
        """

        def send(path: str, body: Json) -> Page:
            return self._connection.fetch_without_waiting(
                "PATCH", path, wire_page.read_page, body=body, tries=tries
            )

        return self._update_page(page_id, tuple(values), send)

    def _update_page(
        self, page_id: str, values: Sequence[PropertyValue], send: Callable[[str, Json], Page]
    ) -> Page:
        def send_with_keys(key_of: KeyOf) -> Page:
            return send(f"pages/{page_id}", {"properties": wire_page.write_values(values, key_of)})

        def source_id() -> str:
            known = self._names.only_source_with(each.id for each in values)
            return known or self.get_page(page_id).data_source_id or ""

        return self._names.send("values", source_id, send_with_keys)

    def trash_page(self, page_id: str) -> None:
        """Put a page in the trash."""
        self._connection.send("PATCH", f"pages/{page_id}", body={"in_trash": True})

    def trash_page_now(self, page_id: str, tries: Tries) -> Page:
        """Put a page in the trash now, or raise Postponed, as `update_page_now` does."""
        return self._connection.fetch_without_waiting(
            "PATCH", f"pages/{page_id}", wire_page.read_page, body={"in_trash": True}, tries=tries
        )

    def rename_and_trash_page(self, page_id: str, title: str) -> None:
        """Give a page that is in no database another title and put it in the trash, in one request."""
        properties = {"title": {"title": [{"text": {"content": title}}]}}
        self._connection.send(
            "PATCH", f"pages/{page_id}", body={"properties": properties, "in_trash": True}
        )

    def restore_page(self, page_id: str) -> None:
        """Take a page out of the trash."""
        self._connection.send("PATCH", f"pages/{page_id}", body={"in_trash": False})

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
        """Create a database with one data source. Notion adds a table view named "Default view"."""
        body = {
            "parent": wire_schema.page_parent(parent_id),
            "title": rich_text(title),
            "initial_data_source": {"properties": _patches(properties)},
            **({"description": rich_text(description)} if description else {}),
            **({"icon": wire_schema.icon_json(icon)} if icon else {}),
        }
        return self._created("databases", body, wire_schema.read_database, look_up)

    def update_database(
        self,
        database_id: str,
        *,
        title: str | None = None,
        icon: str | None = None,
        description: str | None = None,
        known: Database | None = None,
    ) -> Database:
        """Set what is given of a database's title, icon and description.

        `known`: the database as it was just read, for a journal that records how it was.
        """
        body = {
            **({"title": rich_text(title)} if title is not None else {}),
            **({"icon": wire_schema.icon_json(icon)} if icon is not None else {}),
            **({"description": rich_text(description)} if description is not None else {}),
        }
        return self._connection.fetch(
            "PATCH", f"databases/{database_id}", wire_schema.read_database, body=body
        )

    def trash_database(self, database_id: str) -> None:
        """Put a database with its rows in the trash."""
        self._connection.send("PATCH", f"databases/{database_id}", body={"in_trash": True})

    def update_data_source(
        self,
        data_source_id: str,
        properties: Mapping[str, PropertyPatch | None],
        *,
        title: str | None = None,
    ) -> DataSource:
        """Add, change or (None) remove properties, by id or new name, and return all properties as they then are."""
        body = {
            "properties": _patches(properties),
            **({"title": rich_text(title)} if title is not None else {}),
        }
        path = f"data_sources/{data_source_id}"
        with self._databases.explaining(data_source_id):
            source = self._connection.fetch("PATCH", path, wire_schema.read_data_source, body=body)
        self._names.learn(source)
        return source

    # --- views

    def create_view(
        self,
        database_id: str,
        data_source_id: str,
        name: str,
        type: str,
        *,
        filter: Json | None = None,
        sorts: Sequence[Json] | None = None,
        quick_filters: Json | None = None,
        configuration: Json | None = None,
        place: WidgetPlace | None = None,
        look_up: LookUp[View],
    ) -> View:
        """Add a view to a database, or with a `place` to a dashboard.

        filter, sorts, quick filters and configuration are the API's JSON, with property ids.
        """

        def send(key_of: KeyOf) -> View:
            body = {
                "data_source_id": data_source_id,
                "type": type,
                **_view_holder(database_id, place),
                **_view_body(key_of, name, filter, sorts, quick_filters, configuration),
            }
            return self._created("views", body, wire_schema.read_view, look_up)

        return self._names.send("views", lambda: data_source_id, send)

    def update_view(
        self,
        view_id: str,
        *,
        name: str | None = None,
        filter: Json | None = None,
        sorts: Sequence[Json] | None = None,
        quick_filters: Json | None = None,
        configuration: Json | None = None,
        whole: bool = False,
        known: View | None = None,
    ) -> View:
        """Set what is given of a view; a filter or sorts of None go when it is set as a `whole`. Its type is fixed.

        Quick filters are set property by property, and those of None go. `known`: the view as it was just read, for a
        journal that records how it was.
        """
        # What is given replaces these; None is sent, and removes a filter or sorts that the view has.
        emptied = {"filter": None, "sorts": None} if whole else {}

        def send(key_of: KeyOf) -> View:
            body = {
                **emptied,
                **_view_body(key_of, name, filter, sorts, quick_filters, configuration),
            }
            return self._connection.fetch(
                "PATCH", f"views/{view_id}", wire_schema.read_view, body=body
            )

        return self._names.send("views", lambda: self.get_view(view_id).data_source_id or "", send)

    def delete_view(self, view_id: str, *, known: View | None = None) -> None:
        """Delete a view for good; Notion keeps the last one of a database. `known` is for a journal: how it was."""
        # A view that is not found is gone: an attempt was carried out and its answer lost, or a proxy repeated it.
        with suppress(NotShared):
            try:
                self._connection.send("DELETE", f"views/{view_id}", repeatable=False)
            except OutcomeUnknown:
                self._connection.send("DELETE", f"views/{view_id}")

    # --- blocks

    def append_block(self, page_id: str, block: Json, *, look_up: LookUp[ChildBlock]) -> ChildBlock:
        """Add a block (the API's JSON) at the end of a page, and return it as Notion made it."""
        body = {"children": [block]}
        return self._connection.create(
            f"blocks/{page_id}/children",
            body,
            method="PATCH",
            read=lambda answer: wire_schema.read_child_block(answer["results"][0]),
            look_up=look_up,
        )

    def update_text_block(self, block_id: str, type: str, text: str, **settings: Any) -> None:
        """Replace the text of a block, whose type must be `type` (paragraph, callout, code ...)."""
        body = wire_schema.text_block(type, text, settings)
        self._connection.send("PATCH", f"blocks/{block_id}", body=body)

    def delete_block(self, block_id: str) -> None:
        """Put a block in the trash; one that is there already, or gone, is no error."""
        with suppress(NotShared, RequestRefused):
            self._connection.send("DELETE", f"blocks/{block_id}")

    def delete_block_at_the_end(self, block_id: str) -> bool:
        """Put a block in the trash although the run is ending: one attempt. Return whether it succeeded."""
        return self._connection.send_at_the_end("DELETE", f"blocks/{block_id}")

    def _created(self, path: str, body: Json, read: Callable[[Json], T], look_up: LookUp[T]) -> T:
        return self._connection.create(path, body, read=read, look_up=look_up)


def _selected(property_ids: Sequence[str] | None) -> Json:
    """Return the query string that asks for certain properties only; None asks for all."""
    return (
        {}
        if property_ids is None
        else {"filter_properties": [for_query_string(each) for each in property_ids]}
    )


def _patches(properties: Mapping[str, PropertyPatch | None]) -> dict[str, Any]:
    return {key: wire_schema.property_patch(each) for key, each in properties.items()}


def _view_holder(database_id: str, place: WidgetPlace | None) -> Json:
    """Return what holds a new view: exactly one of the two may be named (notion-api.md 2.6)."""
    if place is None:
        return {"database_id": database_id}
    return {"view_id": place.dashboard_id, "placement": wire_schema.widget_placement(place)}


def _view_body(
    key_of: KeyOf,
    name: str | None,
    filter: Json | None,
    sorts: Sequence[Json] | None,
    quick_filters: Json | None,
    configuration: Json | None,
) -> Json:
    given = {
        "name": name,
        "filter": with_keys(filter, key_of) if filter is not None else None,
        "sorts": [with_keys(each, key_of) for each in sorts] if sorts is not None else None,
        "quick_filters": {key_of(key): each for key, each in quick_filters.items()}
        if quick_filters
        else None,
        "configuration": with_keys(configuration, key_of) if configuration is not None else None,
    }
    return {key: value for key, value in given.items() if value is not None}
