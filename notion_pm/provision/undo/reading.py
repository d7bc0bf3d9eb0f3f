"""Read the databases of an apply: all of them for the plan, and parts again before each request.

People edit a workspace while an undo asks for confirmation and while it works. So what a request
would take away is read once more right before the request is sent, and judged like in the plan.
Notion has no conditional write: an edit between that reading and the request is not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import InTrash, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.model.schema import (
    DataSource,
    FormulaConfig,
    OptionsConfig,
    Property,
    RelationConfig,
    RollupConfig,
    View,
    options_of,
)
from notion_pm.notion.client import NotionClient
from notion_pm.provision.plan.affected_pages import values_filter
from notion_pm.provision.undo.steps import (
    CurrentDatabase,
    DeleteView,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
    UndoRequest,
)
from notion_pm.workspace.fresh_updates import BATCH, created_range

# The database, its data source and the list of its views. Views and pages are read in addition.
_REQUESTS_PER_DATABASE = 3


class DatabaseReader:
    """Reads the databases that an apply changed.

    `databases` has them by key as they were last read; deleted databases are left out.
    """

    def __init__(
        self, client: NotionClient, journal: Journal, manifest: Manifest, jobs: int
    ) -> None:
        self._client = client
        self._journal = journal
        self._manifest = manifest
        self._before = journal.begun.manifest.owned if journal.begun.manifest else {}
        self._has_set_properties = False
        changed = [key for key, entry in manifest.owned.items() if self._is_changed(key, entry)]
        self.databases: Mapping[str, CurrentDatabase] = {}
        databases = map_concurrently(self._read, changed, jobs)
        for key, database in zip(changed, databases, strict=True):
            self._replace(key, database)

    def _is_changed(self, key: str, entry: DatabaseEntry) -> bool:
        """Return whether the apply changed anything in a database."""
        before = self._before.get(key)
        if before is None:
            return True
        if entry.rows.keys() - before.rows.keys():
            return True
        ids = {entry.database_id, entry.data_source_id}
        ids |= _view_ids(entry) | _view_ids(before)
        return bool(ids & self._journal.ids)

    def _read(self, key: str) -> CurrentDatabase | None:
        """Read a database. Return None when it is in the trash or not shared."""
        entry = self._manifest.owned[key]
        try:
            database = self._client.get_database(entry.database_id)
            source = self._client.get_data_source(entry.data_source_id)
        except (NotShared, InTrash):
            return None
        if database.in_trash or source.in_trash:
            return None

        view_ids = self._client.list_view_ids(database.id)
        views = {}
        not_compared = self._views_not_compared(key)
        for view_id in sorted({*view_ids, *_view_ids(entry)} - not_compared):
            view = self._read_view(view_id)
            if view is not None:
                views[view_id] = view
        pages = tuple(self._client.query(source.id))
        return CurrentDatabase(database, source, view_ids, views, pages)

    def _views_not_compared(self, key: str) -> set[NotionId]:
        """Return the views whose content does not matter for the undo.

        In a database that existed before the apply: the views that the apply did not change. In a
        database that the apply made: the template's views, because they share its fate.
        """
        before = self._before.get(key)
        if before is None:
            return _view_ids(self._manifest.owned[key])
        return {view_id for view_id in _view_ids(before) if view_id not in self._journal.ids}

    def _read_view(self, view_id: NotionId) -> View | None:
        try:
            return self._client.get_view(view_id)
        except NotShared:
            return None

    def _replace(self, key: str, database: CurrentDatabase | None) -> None:
        """Store a database as it was read, None to remove it."""
        others = {other: kept for other, kept in self.databases.items() if other != key}
        self.databases = others if database is None else {**others, key: database}

    # --- right before a request

    def read_again(self, requests: Sequence[UndoRequest]) -> None:
        """Read again what these requests would take away; all are of one kind and one database."""
        key = requests[0].database
        if key not in self.databases:
            return
        try:
            database = self._read_for_requests(self.databases[key], requests)
        except (NotShared, InTrash):
            database = None
        self._replace(key, database)

    def _read_for_requests(
        self, database: CurrentDatabase, requests: Sequence[UndoRequest]
    ) -> CurrentDatabase | None:
        request = requests[0]
        match request:
            case TrashPage():
                page_ids = {row.page_id for row in requests if isinstance(row, TrashPage)}
                return self._with_rows_read_again(database, page_ids)
            case SetProperties():
                return self._with_properties_read_again(database, request)
            case DeleteView(view_id=view_id):
                return self._with_view_read_again(database, view_id)
            case SetView(now=view):
                return self._with_view_read_again(database, view.id)
            case SetDatabase():
                now = self._client.get_database(database.database.id)
                return None if now.in_trash else replace(database, database=now)
            case TrashDatabase(database=key):
                return self._read(key)
        return database  # MakeView takes nothing away

    def _with_rows_read_again(
        self, database: CurrentDatabase, page_ids: set[NotionId]
    ) -> CurrentDatabase:
        rows = [page for page in database.pages if page.id in page_ids]
        others = [page for page in database.pages if page.id not in page_ids]
        if not rows:
            return database
        # Rows are read by the time of their creation, not of their last edit: a link from another
        # page does not always count as an edit of the row.
        since = min(page.created_time for page in rows)
        created = created_range(page.created_time for page in rows)
        candidates = self._client.edited_since(database.source.id, since, created=created)
        rows_now = [page for page in candidates if page.id in page_ids]
        return replace(database, pages=(*others, *rows_now))

    def _with_properties_read_again(
        self, database: CurrentDatabase, request: SetProperties
    ) -> CurrentDatabase | None:
        source = self._client.get_data_source(request.data_source_id)
        if source.in_trash:
            return None
        pages = {page.id: page for page in database.pages}
        # A property that people have removed is not in the new source, so no page is read for it.
        losses = list(values_removed_by(request, source))
        if losses:
            holders = self._client.query(source.id, filter=values_filter(losses))
            pages |= {page.id: page for page in holders}
        if self._has_set_properties:
            source = _ignore_recomputed(database.source, source)
        return replace(database, source=source, pages=tuple(pages.values()))

    def _with_view_read_again(
        self, database: CurrentDatabase, view_id: NotionId
    ) -> CurrentDatabase:
        view = self._read_view(view_id)
        views = {other: known for other, known in database.views.items() if other != view_id}
        if view is not None:
            return replace(database, views={**views, view_id: view})
        view_ids = tuple(other for other in database.view_ids if other != view_id)
        return replace(database, views=views, view_ids=view_ids)

    # --- after a request

    def note_sent(self, request: UndoRequest) -> None:
        """Record what a request took away, so that it does not look like a person's deletion."""
        if isinstance(request, TrashDatabase):
            self._replace(request.database, None)
        if isinstance(request, SetProperties):
            self._has_set_properties = True
            removed = _removed_properties(request, self.databases[request.database].source)
            self.databases = {
                key: _without_properties(database, removed)
                for key, database in self.databases.items()
            }


def _view_ids(entry: DatabaseEntry) -> set[NotionId]:
    return {view.id for view in entry.views.values()}


def _ignore_recomputed(before: DataSource, now: DataSource) -> DataSource:
    """Return a data source as it is now, but with the settings of computed properties as before.

    The text of a formula changes when the undo renames a property that the formula uses. That must
    not count as a person's edit.
    """
    properties = {}
    for property_id, prop in now.properties.items():
        known = before.properties.get(property_id)
        is_computed = isinstance(prop.config, FormulaConfig | RollupConfig)
        if known is not None and is_computed and _labels(known) == _labels(prop):
            properties[property_id] = known
        else:
            properties[property_id] = prop
    return replace(now, properties=properties)


def _labels(prop: Property) -> tuple[object, ...]:
    return prop.name, prop.type, prop.description


def _removed_properties(request: SetProperties, source: DataSource) -> set[tuple[str, str]]:
    """Return data source and id of each property that a request removes.

    Notion removes the other side of a two-way relation too.
    """
    removed: set[tuple[str, str]] = set()
    for property_id, patch in request.patches.items():
        if patch is not None:
            continue
        removed.add((source.id, property_id))
        prop = source.properties.get(property_id)
        config = prop.config if prop else None
        if isinstance(config, RelationConfig) and config.synced_property_id:
            removed.add((config.data_source_id, config.synced_property_id))
    return removed


def _without_properties(
    database: CurrentDatabase, removed: Collection[tuple[str, str]]
) -> CurrentDatabase:
    source = database.source
    left = {
        property_id: prop
        for property_id, prop in source.properties.items()
        if (source.id, property_id) not in removed
    }
    return replace(database, source=replace(source, properties=left))


def values_removed_by(
    request: SetProperties, source: DataSource
) -> Iterator[tuple[Property, list[str]]]:
    """Yield the properties of which a request removes values.

    With the ids of the options that it removes; none when it removes the whole property.
    """
    for property_id, patch in request.patches.items():
        prop = source.properties.get(property_id)
        if prop is None:
            continue
        if patch is None:
            if prop.type not in READ_ONLY_TYPES:
                yield prop, []
        elif isinstance(patch.config, OptionsConfig):
            sent_ids = {option.id for option in patch.config.options}
            dropped_ids = [option.id for option in options_of(prop) if option.id not in sent_ids]
            if any(dropped_ids):
                yield prop, [option_id for option_id in dropped_ids if option_id]


def count_requests_to_read_again(
    batch: Sequence[UndoRequest], databases: Mapping[str, CurrentDatabase]
) -> int:
    """Return how many requests `read_again` needs for a batch, as far as the plan can know."""
    request = batch[0]
    match request:
        case SetProperties():
            removes_values = any(values_removed_by(request, databases[request.database].source))
            return 2 if removes_values else 1
        case TrashDatabase():
            database = databases[request.database]
            full_answers = -(-len(database.pages) // BATCH)  # rounded up
            return _REQUESTS_PER_DATABASE + len(database.views) + max(1, full_answers)
        case TrashPage() | DeleteView() | SetView() | SetDatabase():
            return 1
    return 0
