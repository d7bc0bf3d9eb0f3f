"""Doing the operations of a plan, one request each. What creates is looked up when its outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PropertyValue
from notion_pm.model.schema import Database, PropertyPatch, User, View
from notion_pm.planning import patches
from notion_pm.planning.cells import Cell
from notion_pm.planning.change import Change
from notion_pm.planning.levels import property_levels
from notion_pm.planning.lookup import own, property_keys, property_title
from notion_pm.planning.operation import Operation, Verb
from notion_pm.planning.row_values import fill_in, row_values
from notion_pm.planning.starter import RowName, StarterRows
from notion_pm.planning.view_json import ViewJson, view_json
from notion_pm.workflows.ledger import Ledger
from notion_pm.workflows.manifest_page import create_manifest_page, tell, write_record
from notion_pm.workflows.reading import Reading, created_by, created_since, since
from notion_pm.workflows.workspace import ManifestPage, read_manifest_page


class Applying:
    """One apply on its way. Called with each operation, from several threads."""

    def __init__(self, gateway: Gateway, reading: Reading, ledger: Ledger, moment: datetime) -> None:
        self._gateway = gateway
        self._parent_id = reading.parent_id
        self._template = reading.loaded.template
        self._loaded = reading.loaded
        self._ledger = ledger
        self._moment = moment
        self._page = reading.page
        self._since = since(ledger.started, reading.page)
        self._starter = StarterRows(reading.loaded)
        self._do: dict[Verb, Callable[[Operation], None]] = {
            Verb.OPEN_MANIFEST: self._open_manifest,
            Verb.READ_MANIFEST: self._read_manifest,
            Verb.MARK_MANIFEST: self._record,
            Verb.CREATE_DATABASE: self._create_database,
            Verb.UPDATE_DATABASE: self._update_database,
            Verb.SETTLE: self._settle,
            Verb.LIST_VIEWS: self._list_views,
            Verb.ADOPT_VIEW: self._adopt_view,
            Verb.CREATE_VIEW: self._create_view,
            Verb.UPDATE_VIEW: self._update_view,
            Verb.DROP_DEFAULT_VIEW: self._drop_default_view,
            Verb.RECORD_STRUCTURE: self._record,
            Verb.CREATE_ROW: self._create_row,
            Verb.COMPLETE_ROW: self._complete_row,
            Verb.TELL: self._tell,
            Verb.RECORD_END: self._record_end,
        }

    def __call__(self, operation: Operation) -> None:
        self._do[operation.verb](operation)

    def written_values(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a starter row, by property key."""
        return row_values(self._template, name[0], self._starter.cells(name), self._ledger)

    # --- manifest

    def _open_manifest(self, _: Operation) -> None:
        page = create_manifest_page(self._gateway, self._parent_id, self._ledger.manifest("applying"))
        self._opened, self._since = page.id, page.created_time

    def _read_manifest(self, _: Operation) -> None:
        self._page = read_manifest_page(self._gateway, self._opened)

    def _record(self, _: Operation) -> None:
        write_record(self._gateway, self._manifest_page, self._ledger.manifest("applying"))

    def _record_end(self, _: Operation) -> None:
        write_record(self._gateway, self._manifest_page, self._ledger.manifest("applied"))

    def _tell(self, _: Operation) -> None:
        tell(self._gateway, self._manifest_page, self._ledger.manifest("applied"), self._moment)

    @property
    def _manifest_page(self) -> ManifestPage:
        assert self._page is not None, "operations open the manifest first"
        return self._page

    # --- databases and properties

    def _create_database(self, operation: Operation) -> None:
        key, spec = operation.database, self._template.databases[operation.database]
        levels = property_levels(self._template)
        at_once = [each for each in spec.properties if levels[key, each] == 0]

        def look_up() -> Database | None:
            children = self._gateway.list_children(self._parent_id)
            found = created_by(self._me, children, spec.title, self._since, self._ledger.known_ids())
            return self._gateway.get_database(found.id) if found else None

        database = self._gateway.create_database(
            self._parent_id,
            spec.title,
            patches.creations(self._template, key, at_once, self._ledger),
            icon=spec.icon,
            description=spec.description,
            look_up=look_up,
        )
        self._ledger.note_database(key, database)

    def _update_database(self, operation: Operation) -> None:
        key, spec = operation.database, self._template.databases[operation.database]
        facets = operation.changes[0].facets
        look = "look" in facets
        self._gateway.update_database(
            self._ledger.entry(key).database_id,
            title=spec.title if "title" in facets else None,
            icon=spec.icon if look else None,
            description=spec.description if look else None,
        )
        self._ledger.note_updated_database(key)

    def _settle(self, operation: Operation) -> None:
        key, source_id = operation.database, self._ledger.data_source_id(operation.database)
        sent = {**self._mirror_patches(key), **self._patches(key, operation.changes)}
        change = self._gateway.update_data_source
        source = change(source_id, sent) if sent else self._gateway.get_data_source(source_id)
        self._ledger.note_source(key, source, operation.changes)

    def _mirror_patches(self, database: str) -> dict[str, PropertyPatch]:
        """Rename the mirrors that Notion named otherwise than it was asked to."""
        wanted = {key: property_title(self._template, database, key) for key in self._template.far_sides(database)}
        return {
            property_id: PropertyPatch(name=wanted[key])
            for key, (property_id, name) in self._ledger.mirrors(database).items()
            if name != wanted[key]
        }

    def _patches(self, database: str, changes: tuple[Change, ...]) -> dict[str, PropertyPatch]:
        facets: dict[str, frozenset[str]] = {}
        created = {each.key for each in changes if (each.kind, each.action) == ("property", "create")}
        for change in changes:
            facets[change.key] = facets.get(change.key, frozenset()) | change.facets
        sent: dict[str, PropertyPatch] = {}
        for key, changed in facets.items():
            found = self._ledger.find_property(database, key)
            if key in created:
                if own(self._template, database, key) is not None:
                    title = property_title(self._template, database, key)
                    sent[title] = patches.creation(self._template, database, key, self._ledger)
            elif found is not None:
                sent[found.id] = patches.update(self._template, database, key, changed, found, self._ledger)
        return sent

    # --- views

    def _list_views(self, operation: Operation) -> None:
        ids = self._gateway.list_view_ids(self._ledger.entry(operation.database).database_id)
        self._ledger.note_default_view(operation.database, ids[0])

    def _adopt_view(self, operation: Operation) -> None:
        self._patch_view(operation, self._ledger.default_view_id(operation.database))

    def _update_view(self, operation: Operation) -> None:
        self._patch_view(operation, self._ledger.entry(operation.database).views[operation.key].id)

    def _patch_view(self, operation: Operation, view_id: NotionId) -> None:
        title, json = self._view_json(operation)
        view = self._gateway.update_view(
            view_id,
            name=title,
            filter=json.filter,
            sorts=json.sorts or None,
            configuration=json.configuration,
            whole=True,
        )
        self._ledger.note_view(operation.database, operation.key, view)

    def _create_view(self, operation: Operation) -> None:
        database, (title, json) = operation.database, self._view_json(operation)
        entry = self._ledger.entry(database)

        def look_up() -> View | None:
            unknown = set(self._gateway.list_view_ids(entry.database_id)) - self._ledger.known_ids()
            views = (self._gateway.get_view(each) for each in sorted(unknown))
            return next((view for view in views if view.name == title), None)

        view = self._gateway.create_view(
            entry.database_id,
            entry.data_source_id,
            title,
            self._template.databases[database].views[operation.key].type,
            filter=json.filter,
            sorts=json.sorts or None,
            configuration=json.configuration,
            look_up=look_up,
        )
        self._ledger.note_view(database, operation.key, view)

    def _drop_default_view(self, operation: Operation) -> None:
        self._gateway.delete_view(self._ledger.default_view_id(operation.database))

    def _view_json(self, operation: Operation) -> tuple[str, ViewJson]:
        database, key = operation.database, operation.key

        def option_name(prop: str, option: str) -> str:
            return self._ledger.option_name(database, prop, option)

        ids = {each: self._ledger.property_id(database, each) for each in property_keys(self._template, database)}
        view = view_json(self._template, database, key, ids, option_name)
        return self._template.databases[database].views[key].title, view

    # --- rows

    def _create_row(self, operation: Operation) -> None:
        name = (operation.database, operation.key)
        late = {key for key, _ in self._starter.late_of(name)}
        cells = {key: cell for key, cell in self._starter.cells(name).items() if key not in late}
        source_id = self._ledger.data_source_id(operation.database)
        page = self._gateway.create_row(
            source_id,
            row_values(self._template, operation.database, cells, self._ledger).values(),
            markdown=self._body(name),
            look_up=lambda: self._created_row(source_id, name),
        )
        self._ledger.note_row(operation.database, operation.key, page.id)

    def _created_row(self, source_id: NotionId, name: RowName) -> Page | None:
        title = self._starter.cells(name)[self._template.databases[name[0]].title_key]
        named = {"property": "title", "title": {"equals": title}}
        pages = self._gateway.query(
            source_id, filter={"and": [named, created_since(self._since)]}, property_ids=["title"]
        )
        known = self._ledger.known_ids()
        return next((each for each in pages if each.id not in known and each.created_by in {self._me.id, None}), None)

    def _complete_row(self, operation: Operation) -> None:
        name = (operation.database, operation.key)
        cells: dict[str, Cell] = self._starter.cells(name)
        late = {key: cells[key] for key, _ in self._starter.late_of(name)}
        page_id = self._ledger.row_id(*name)
        assert page_id is not None, "rows are completed after they are created"
        self._gateway.update_page(page_id, row_values(self._template, name[0], late, self._ledger).values())

    def _body(self, name: RowName) -> str | None:
        body = self._loaded.bodies.get(name[0])
        keys = property_keys(self._template, name[0])
        return fill_in(body, self._starter.rows[name].cells, keys) if body else None

    # --- after an unknown outcome

    @cached_property
    def _me(self) -> User:
        return self._gateway.me()
