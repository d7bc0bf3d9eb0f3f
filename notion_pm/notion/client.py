"""What this program can ask of Notion, in the words of the model.

Each method is one request; reading a list is one request per 100 items. Creating is not idempotent
in Notion, so every method that creates takes a `look_up` that finds what it may have created
already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from notion_pm.errors import IncompleteRead, InTrash, NotShared, OutcomeUnknown, RequestRefused
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.journal import Verb
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
from notion_pm.notion import wire_page, wire_schema
from notion_pm.notion.connection import Connection, Json, LookUp, Request, RequestCounts
from notion_pm.notion.known_databases import KnownDatabases, Reads
from notion_pm.notion.paging import Range, RowReader, floor_to_minute, read_items, search
from notion_pm.notion.property_names import KeyOf, PropertyNames, by_id, with_keys
from notion_pm.notion.retry import Tries
from notion_pm.notion.wire_text import rich_text
from notion_pm.notion.write_journal import (
    NO_ENTRY,
    JournalEntry,
    Recorder,
    WriteJournal,
    row_content,
)

T = TypeVar("T")

_COMPLETABLE = frozenset({"relation", "people", "title", "rich_text"})
"""Types whose cut values the page property endpoint returns in full (notion-api.md 3.5)."""

_PAGES_ONLY: Json = {"property": "object", "value": "page"}


class NotionClient:
    """The only way to Notion. Safe for threads.

    With a journal (`with_journal`), each write is recorded before and after it is sent. Not
    recorded are blocks, and the `..._now` methods, which belong to sync.
    """

    def __init__(
        self,
        connection: Connection,
        names: PropertyNames | None = None,
        databases: KnownDatabases | None = None,
        journal: WriteJournal | None = None,
    ) -> None:
        self._connection = connection
        self._names = names or PropertyNames(self.get_data_source)
        reads = Reads(self.get_database, self.get_page, self.get_parent_id)
        self._databases = databases or KnownDatabases(reads)
        self._journal = journal

    def with_journal(
        self, recorder: Recorder, sources: Iterable[DataSource], existing_views: Collection[str]
    ) -> NotionClient:
        """Return a client on the same connection that records its writes.

        Before it changes a database, or one of `existing_views`, it reads how that was, unless the
        caller passes it as `known`. `sources`: how data sources were when the plan was made.
        """
        journal = WriteJournal(recorder, sources, existing_views)
        return NotionClient(self._connection, self._names, self._databases, journal)

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
        """Return the time by the server's clock; `otherwise` before the first response.

        Times that Notion stores are of that clock: compare them with nothing else.
        """
        return self._connection.server_time(otherwise)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def before_requests(
        self, write: Callable[[], None] | None, read: Callable[[], None] | None
    ) -> None:
        """Call `write` before each attempt at a write, `read` before any other; None: nothing.

        They are called in the thread that sends the request. If they raise, it is not sent.
        """
        self._connection.before_write = write
        self._connection.before_read = read

    def learn_database(self, database_id: str, title: str, data_source_id: str) -> None:
        """Remember the database of a data source, so that a 404 of it can be explained."""
        self._databases.learn(database_id, title, [data_source_id])

    # --- reading

    def me(self) -> User:
        """Return the bot that the token belongs to."""
        return self._get("users/me", wire_schema.read_user)

    def shared_pages(self) -> Iterator[Page]:
        """Yield the pages shared with the connection that are in Notion's search index."""
        return search(self._connection, {"filter": _PAGES_ONLY}, wire_page.read_page)

    def search_pages(self, title: str, *, in_trash: bool) -> Iterator[Page]:
        """Yield the pages in Notion's search index whose title has a word of `title`.

        The index lags: a page that was created or renamed seconds ago may be missing
        (notion-api.md 2.5).
        """
        filter = dict(_PAGES_ONLY)
        if in_trash:
            filter["in_trash"] = True
        return search(self._connection, {"query": title, "filter": filter}, wire_page.read_page)

    def list_children(self, block_id: str) -> tuple[ChildBlock, ...]:
        """Return the blocks directly in a page or block."""
        path = f"blocks/{block_id}/children"
        return tuple(read_items(self._connection, path, wire_schema.read_child_block))

    def get_parent_id(self, block_id: str) -> NotionId | None:
        """Return what contains a block: a page, a database or another block.

        None at the top of the workspace. Pages and databases are blocks too.
        """
        return self._get(f"blocks/{block_id}", wire_schema.read_parent_id)

    def get_page(self, page_id: str, *, property_ids: Sequence[str] | None = None) -> Page:
        """Return a page with complete relations and people; `property_ids`: only these."""
        query = _select_properties(property_ids) or None
        request = Request("GET", f"pages/{page_id}", query=query)
        return self._with_complete_values(self._connection.fetch(request, wire_page.read_page))

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
        self._learn_source(source)
        return source

    def page_templates(self, data_source_id: str) -> tuple[PageTemplate, ...]:
        """Return the page templates of a data source, which only people can make."""
        path = f"data_sources/{data_source_id}/templates"
        read = wire_schema.read_page_template
        return tuple(read_items(self._connection, path, read, results="templates"))

    def list_view_ids(self, database_id: str) -> tuple[NotionId, ...]:
        """Return the ids of a database's views; Notion lists nothing else about them."""
        query = {"database_id": database_id}
        return tuple(
            read_items(self._connection, "views", lambda view: NotionId(view["id"]), query)
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
        """Yield all rows of a data source, oldest first, with complete relations and people.

        `filter`: the API's JSON. `property_ids`: send only these properties. `created_since`: leave
        out rows that were created before that minute. Requests are sent as the rows are taken.

        Raises IncompleteRead when Notion returns only a part.
        """
        reader = self._row_reader(data_source_id, property_ids)
        since = floor_to_minute(created_since) if created_since else None

        def rows(key_of: KeyOf) -> Iterator[Page]:
            return reader.rows(with_keys(filter, key_of) if filter else None, since)

        if filter:
            found = self._names.read("filters", data_source_id, rows)
        else:
            found = rows(by_id)
        return self._complete_rows(data_source_id, found)

    def edited_since(
        self,
        data_source_id: str,
        moment: datetime,
        *,
        property_ids: Sequence[str] | None = None,
        created: Range | None = None,
    ) -> Iterator[Page]:
        """Yield the rows edited at or after a moment, the latest first, each once and complete.

        Requests are sent as the rows are taken, so that a caller may stop early. Notion floors the
        time of an edit to the minute (notion-api.md 4.3), and so is `moment`. `created`: only rows
        that were created in this range of minutes.

        Raises IncompleteRead when Notion returns only a part.
        """
        reader = self._row_reader(data_source_id, property_ids)
        return self._complete_rows(data_source_id, reader.edited_rows(moment, created))

    def _row_reader(
        self, data_source_id: str, property_ids: Sequence[str] | None
    ) -> RowReader[Page]:
        selection = _select_properties(property_ids)
        return RowReader(self._connection, data_source_id, wire_page.read_page, selection)

    def _complete_rows(self, data_source_id: str, rows: Iterator[Page]) -> Iterator[Page]:
        with self._databases.explaining(data_source_id):
            yield from map(self._with_complete_values, rows)

    def page_markdown(self, page_id: str) -> PageMarkdown:
        """Return the body of a page as Markdown."""
        return self._get(f"pages/{page_id}/markdown", wire_page.read_markdown)

    def hosted_files(self, page_id: str) -> Iterator[str]:
        """Yield the address of each file that Notion stores in a page's body, "" for other blocks.

        Goes level by level: a request for each 100 blocks, and for each block that contains blocks.
        Requests are sent as the items are taken.
        """
        # Level by level, so that files near the top, which most files are, are found with few
        # requests; callers stop when they have found theirs.
        waiting = deque([page_id])
        while waiting:
            path = f"blocks/{waiting.popleft()}/children"
            with suppress(NotShared):  # a synced block whose original is not shared
                for block in read_items(self._connection, path, wire_page.read_body_block):
                    yield from block.file_urls or ("",)
                    if block.has_body:
                        waiting.append(block.id)

    def _get(self, path: str, read: Callable[[Json], T]) -> T:
        return self._connection.fetch(Request("GET", path), read)

    def _with_complete_values(self, page: Page) -> Page:
        """Return the page with its cut values read to their end. Notes values that are unknown."""
        whole = {}
        for held in page.properties.values():
            if isinstance(held.value, UnknownValue):
                self._note_unknown(held.value)
            if not held.complete and held.type in _COMPLETABLE:
                value = self._read_whole_value(page.id, held)
                whole[held.id] = replace(held, value=value, complete=True)
        if not whole:
            return page
        return replace(page, properties={**page.properties, **whole})

    def _note_unknown(self, value: UnknownValue) -> None:
        why = "Notion did not compute it"
        if value.kind not in {"unsupported", "incomplete"}:
            why = f"this version does not know the type {value.kind!r}"
        self._connection.notes.once(f"The property {value.name!r} is unknown on some pages: {why}.")

    def _read_whole_value(self, page_id: str, held: PropertyValue) -> Value:
        path = f"pages/{page_id}/properties/{held.id}"  # encoded already, as Notion gave it
        items = list(read_items(self._connection, path, lambda item: item[held.type]))
        value = wire_page.read_value({"type": held.type, held.type: items})
        # The list was read to its end, so a value that still counts as cut is a contradiction.
        if isinstance(value, RelationValue) and not value.complete:
            raise IncompleteRead(f"property {held.id} of page {page_id}")
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
        body: dict[str, Any] = {
            "parent": wire_schema.page_parent(parent_id),
            "properties": {"title": {"title": rich_text(title)}},
        }
        if children:
            body["children"] = list(children)
        if icon:
            body["icon"] = wire_schema.icon_json(icon)
        entry = self._record("create page", name=title)
        page = self._create("pages", body, wire_page.read_page, look_up)
        entry.finish(page.id)
        return page

    def create_row(
        self,
        data_source_id: str,
        values: Iterable[PropertyValue],
        *,
        markdown: str | None = None,
        look_up: LookUp[Page],
    ) -> Page:
        """Create a row; `markdown` is its body."""
        values = tuple(values)

        def send(key_of: KeyOf) -> Page:
            body: dict[str, Any] = {
                "parent": {"type": "data_source_id", "data_source_id": data_source_id},
                "properties": wire_page.write_values(values, key_of),
            }
            if markdown:  # Notion makes the blocks of it, in the same request
                body["markdown"] = markdown
            return self._create("pages", body, wire_page.read_page, look_up)

        entry = self._record("create row", name=data_source_id)
        page = self._names.send("values", lambda: data_source_id, send)
        entry.finish(page.id, row_content(page))
        return page

    def update_page(self, page_id: str, values: Iterable[PropertyValue]) -> Page:
        """Set properties of a page; others stay as they are."""

        def send(request: Request) -> Page:
            return self._connection.fetch(request, wire_page.read_page)

        entry = self._record("update page", page_id)
        page = self._update_page(page_id, tuple(values), send)
        entry.finish(page.id, row_content(page))
        return page

    def update_page_now(self, page_id: str, values: Iterable[PropertyValue], tries: Tries) -> Page:
        """Set properties of a page now, or raise Postponed rather than wait or send it again.

        For values that depend on what other pages contain: after a wait that may be out of date.
        Pass the same `tries` each time, so that failures come to an end.
        """

        def send(request: Request) -> Page:
            return self._connection.fetch_without_waiting(request, wire_page.read_page, tries)

        return self._update_page(page_id, tuple(values), send)

    def _update_page(
        self, page_id: str, values: Sequence[PropertyValue], send: Callable[[Request], Page]
    ) -> Page:
        def send_with_keys(key_of: KeyOf) -> Page:
            body = {"properties": wire_page.write_values(values, key_of)}
            return send(Request("PATCH", f"pages/{page_id}", body))

        def source_id() -> str:
            # Most runs have read the schema already; otherwise the page names its data source.
            known = self._names.only_source_with(value.id for value in values)
            return known or self.get_page(page_id).data_source_id or ""

        return self._names.send("values", source_id, send_with_keys)

    def trash_page(self, page_id: str) -> None:
        """Put a page in the trash."""
        entry = self._record("trash page", page_id)
        self._patch(f"pages/{page_id}", {"in_trash": True})
        entry.finish(page_id)

    def trash_page_now(self, page_id: str, tries: Tries) -> Page:
        """Put a page in the trash now, or raise Postponed, as `update_page_now` does."""
        request = Request("PATCH", f"pages/{page_id}", {"in_trash": True})
        return self._connection.fetch_without_waiting(request, wire_page.read_page, tries)

    def rename_and_trash_page(self, page_id: str, title: str) -> None:
        """Rename a page that is in no database and put it in the trash, in one request."""
        properties = {"title": {"title": [{"text": {"content": title}}]}}
        self._patch(f"pages/{page_id}", {"properties": properties, "in_trash": True})

    def restore_page(self, page_id: str) -> None:
        """Take a page out of the trash."""
        self._patch(f"pages/{page_id}", {"in_trash": False})

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
        body: dict[str, Any] = {
            "parent": wire_schema.page_parent(parent_id),
            "title": rich_text(title),
            "initial_data_source": {"properties": _patches(properties)},
        }
        if description:
            body["description"] = rich_text(description)
        if icon:
            body["icon"] = wire_schema.icon_json(icon)
        entry = self._record("create database", name=title)
        database = self._create("databases", body, wire_schema.read_database, look_up)
        entry.finish(database.id, database)
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
        """Set a database's title, icon or description; None leaves it as it is.

        `known`: the database as it was just read, so that a journal need not read it again.
        """
        body: dict[str, Any] = {}
        if title is not None:
            body["title"] = rich_text(title)
        if icon is not None:
            body["icon"] = wire_schema.icon_json(icon)
        if description is not None:
            body["description"] = rich_text(description)

        entry = NO_ENTRY
        if self._journal is not None:  # without a journal the former state is not needed
            before = known or self.get_database(database_id)
            entry = self._record("update database", database_id, name=before.title, before=before)
        request = Request("PATCH", f"databases/{database_id}", body)
        database = self._connection.fetch(request, wire_schema.read_database)
        entry.finish(database_id, database)
        return database

    def trash_database(self, database_id: str) -> None:
        """Put a database with its rows in the trash."""
        entry = self._record("trash database", database_id)
        self._patch(f"databases/{database_id}", {"in_trash": True})
        entry.finish(database_id)

    def update_data_source(
        self,
        data_source_id: str,
        properties: Mapping[str, PropertyPatch | None],
        *,
        title: str | None = None,
    ) -> DataSource:
        """Add, change or (None) remove properties, by id or new name.

        Return the data source with all properties as they are afterwards.
        """
        body: dict[str, Any] = {"properties": _patches(properties)}
        if title is not None:
            body["title"] = rich_text(title)
        request = Request("PATCH", f"data_sources/{data_source_id}", body)

        journal = self._journal
        entry = NO_ENTRY
        if journal is not None:
            entry = journal.start_source_update(data_source_id, properties, title=title)
        with self._databases.explaining(data_source_id):
            source = self._connection.fetch(request, wire_schema.read_data_source)
        if journal is not None:
            journal.finish_source_update(entry, source)
        self._learn_source(source)
        return source

    def _learn_source(self, source: DataSource) -> None:
        self._names.learn(source)
        if self._journal is not None:
            self._journal.learn(source)

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
        settings = _ViewSettings(name, filter, sorts, quick_filters, configuration)

        def send(key_of: KeyOf) -> View:
            body = {
                "data_source_id": data_source_id,
                "type": type,
                **_view_parent(database_id, place),
                **settings.json(key_of),
            }
            return self._create("views", body, wire_schema.read_view, look_up)

        entry = self._record("create view", name=name)
        view = self._names.send("views", lambda: data_source_id, send)
        entry.finish(view.id, view)
        return view

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
        """Set a view's settings; None leaves a setting as it is. The type of a view cannot change.

        `whole`: None removes a filter or sorts. Quick filters are set property by property; a
        property with None loses its quick filter. `known`: the view as it was just read, so that a
        journal need not read it again.
        """
        settings = _ViewSettings(name, filter, sorts, quick_filters, configuration)
        # An explicit null removes a filter or sorts; the settings replace it where they have one.
        removed = {"filter": None, "sorts": None} if whole else {}

        def send(key_of: KeyOf) -> View:
            request = Request("PATCH", f"views/{view_id}", {**removed, **settings.json(key_of)})
            return self._connection.fetch(request, wire_schema.read_view)

        def source_id() -> str:
            # One request more, but only where Notion refuses property ids.
            return self.get_view(view_id).data_source_id or ""

        entry = self._record("update view", view_id, before=self._view_before(view_id, known))
        view = self._names.send("views", source_id, send)
        entry.finish(view_id, view)
        return view

    def delete_view(self, view_id: str, *, known: View | None = None) -> None:
        """Delete a view for good; Notion keeps the last view of a database.

        `known`: the view as it was just read, so that a journal need not read it again.
        """
        entry = self._record("delete view", view_id, before=self._view_before(view_id, known))
        # A view that is not found is deleted: an attempt was carried out and its response lost, or
        # a proxy repeated it.
        with suppress(NotShared):
            try:
                self._connection.send(Request("DELETE", f"views/{view_id}", repeatable=False))
            except OutcomeUnknown:
                self._connection.send(Request("DELETE", f"views/{view_id}"))
        entry.finish(view_id)

    def _view_before(self, view_id: str, known: View | None) -> View | None:
        """Return how a view was before a write, None where no journal wants to know."""
        if self._journal is None or known is not None:
            return known
        return self.get_view(view_id) if self._journal.has_view(view_id) else None

    # --- blocks

    def append_block(self, page_id: str, block: Json, *, look_up: LookUp[ChildBlock]) -> ChildBlock:
        """Add a block (the API's JSON) at the end of a page, and return it as Notion created it."""
        request = Request("PATCH", f"blocks/{page_id}/children", {"children": [block]})

        def read(answer: Json) -> ChildBlock:
            return wire_schema.read_child_block(answer["results"][0])

        return self._connection.create(request, read, look_up)

    def update_text_block(self, block_id: str, type: str, text: str, **settings: Any) -> None:
        """Replace the text of a block, whose type must be `type` (paragraph, callout, code ...)."""
        self._patch(f"blocks/{block_id}", wire_schema.text_block(type, text, settings))

    def delete_block(self, block_id: str) -> None:
        """Put a block in the trash; no error if it is there already, or does not exist."""
        with suppress(NotShared, RequestRefused):
            self._connection.send(Request("DELETE", f"blocks/{block_id}"))

    def delete_block_while_stopping(self, block_id: str) -> bool:
        """Put a block in the trash although the run is ending: one attempt.

        Return whether it succeeded.
        """
        return self._connection.send_while_stopping(Request("DELETE", f"blocks/{block_id}"))

    # ---

    def _patch(self, path: str, body: Json) -> None:
        self._connection.send(Request("PATCH", path, body))

    def _create(self, path: str, body: Json, read: Callable[[Json], T], look_up: LookUp[T]) -> T:
        return self._connection.create(Request("POST", path, body), read, look_up)

    def _record(
        self, verb: Verb, notion_id: str = "", *, name: str = "", before: Any = None
    ) -> JournalEntry:
        if self._journal is None:
            return NO_ENTRY
        return self._journal.start(verb, notion_id, name=name, before=before)


@dataclass(frozen=True, slots=True)
class _ViewSettings:
    """Settings of a view in the API's JSON, with property ids; None where a setting is not set."""

    name: str | None
    filter: Json | None
    sorts: Sequence[Json] | None
    quick_filters: Json | None
    configuration: Json | None

    def json(self, key_of: KeyOf) -> dict[str, Any]:
        """Return the settings for a request, with properties named as `key_of` names them."""
        json: dict[str, Any] = {}
        if self.name is not None:
            json["name"] = self.name
        if self.filter is not None:
            json["filter"] = with_keys(self.filter, key_of)
        if self.sorts is not None:
            json["sorts"] = [with_keys(sort, key_of) for sort in self.sorts]
        if self.quick_filters:
            json["quick_filters"] = {
                key_of(property_id): conditions
                for property_id, conditions in self.quick_filters.items()
            }
        if self.configuration is not None:
            json["configuration"] = with_keys(self.configuration, key_of)
        return json


def _select_properties(property_ids: Sequence[str] | None) -> Json:
    """Return the query string that asks for certain properties only; None asks for all."""
    if property_ids is None:
        return {}
    return {"filter_properties": [for_query_string(property_id) for property_id in property_ids]}


def _patches(properties: Mapping[str, PropertyPatch | None]) -> dict[str, Any]:
    return {key: wire_schema.property_patch(patch) for key, patch in properties.items()}


def _view_parent(database_id: str, place: WidgetPlace | None) -> Json:
    """Return what contains a new view: exactly one of the two may be named (notion-api.md 2.6)."""
    if place is None:
        return {"database_id": database_id}
    return {"view_id": place.dashboard_id, "placement": wire_schema.widget_placement(place)}
