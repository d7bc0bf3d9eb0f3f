"""Finding and trashing twins after an apply: what a repeated request created a second time.

A twin has the name of something that is recorded, was created by the same connection since the apply began, and is
not recorded itself. It goes to the trash only when it is untouched: a database without pages, a row with the values
of the recorded one that only the connection has edited, a view with the settings of the recorded one. Any other twin
stays and is reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from notion_pm.errors import ManifestUnreadable
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock, DataSource, RelationConfig, View
from notion_pm.planning.existing import Existing
from notion_pm.planning.row_content import row_content
from notion_pm.planning.starter import StarterRows
from notion_pm.planning.twins import TwinSearch
from notion_pm.workflows.reading import created_since
from notion_pm.workflows.site import Site
from notion_pm.workspace.record import read_manifest_page, record_blocks

_NOT_WRITTEN = frozenset(
    {"relation", "rollup", "formula", "unique_id", "created_time", "created_by", "last_edited_time", "last_edited_by"}
)
"""Types whose values may differ between a row and its untouched twin: links from other rows, and what Notion sets."""


@dataclass
class Twins:
    """What was found: `trashed` and `left` name the twins for people, `gone` are the ids of those in the trash."""

    trashed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    gone: set[NotionId] = field(default_factory=set)


class TwinFinder:
    """Looks for twins of what one apply created."""

    def __init__(self, gateway: Gateway, site: Site, existing: Existing, record_id: NotionId) -> None:
        self._gateway = gateway
        self._site = site
        self._existing = existing
        self._record_id = record_id
        self._sources: set[NotionId] = set()
        self.found = Twins()

    def among(self, children: Sequence[ChildBlock]) -> tuple[ChildBlock, ...]:
        """Trash the twins among the blocks of the parent page, and return the other blocks."""
        known = {*self._site.ledger.known_ids(), self._record_id}
        ours = {block.title: block for block in children if block.id in known}
        record_pages = {block.id for block in record_blocks(children)}
        for block in children:
            original = ours.get(block.title)
            if block.id in known or original is None or not self._is_twin_of(block, original):
                continue
            if block.type == "child_database":
                self._trash_database(block, original)
            elif block.id in record_pages:
                self._trash_record(block)
        return tuple(block for block in children if block.id not in self.found.gone)

    def elsewhere(self, search: TwinSearch) -> None:
        """Trash the twins among the rows and the views."""
        for database in search.rows:
            self._search_rows(database)
        for database in search.tabs:
            before = self._existing.databases.get(database)
            view_ids = self._gateway.list_view_ids(self._site.ledger.entry(database).database_id)
            # An interrupted apply may have made views before this one began.
            old = before.view_ids if before is not None and not self._existing.interrupted else ()
            self._search_views([database], set(view_ids) - set(old))
        for database, key in search.dashboards:
            dashboard = self._gateway.get_view(self._site.ledger.entry(database).views[key].id)
            widgets = {view_id for row in dashboard.rows for view_id in row}
            self._search_views(self._site.template.databases, widgets)

    def mirrors(self, sources: Iterable[DataSource]) -> None:
        """Remove the other ends of relations of databases that are in the trash."""
        for source in sources:
            ends = {
                prop.id: None
                for prop in source.properties.values()
                if isinstance(prop.config, RelationConfig) and prop.config.data_source_id in self._sources
            }
            if ends:
                self._gateway.update_data_source(source.id, ends)

    # --- on the parent page

    def _is_twin_of(self, block: ChildBlock, original: ChildBlock) -> bool:
        is_new = block.created_time is None or block.created_time >= self._site.since
        same_maker = block.created_by == original.created_by
        return is_new and same_maker and block.type == original.type and not block.in_trash

    def _trash_database(self, block: ChildBlock, original: ChildBlock) -> None:
        twin = self._gateway.get_database(block.id)
        source = self._gateway.get_data_source(twin.data_source_ids[0])
        recorded = self._gateway.get_database(original.id)
        names = {prop.name for prop in self._gateway.get_data_source(recorded.data_source_ids[0]).properties.values()}
        has_pages = any(True for _ in self._gateway.query(source.id, property_ids=["title"]))
        if has_pages or {prop.name for prop in source.properties.values()} - names:
            self.found.left.append(f"the database {block.title!r} ({twin.url})")
            return
        self._gateway.trash_database(block.id)
        self._sources.add(source.id)
        self._note(block.id, f"the database {block.title!r}")

    def _trash_record(self, block: ChildBlock) -> None:
        try:
            manifest = read_manifest_page(self._gateway, block.id, self._site.parent_id).manifest
        except ManifestUnreadable:
            manifest = None
        if manifest is None or manifest.databases or manifest.state != "applying":
            self.found.left.append(f"the record page {block.title!r}")
            return
        self._gateway.trash_page(block.id)
        self._note(block.id, f"the record page {block.title!r}")

    # --- inside databases

    def _search_rows(self, database: str) -> None:
        ledger, starter = self._site.ledger, StarterRows(self._site.loaded)
        title_key = self._site.template.databases[database].title_key
        keys = {row.cells.get(title_key, ""): key for (of, key), row in starter.rows.items() if of == database}
        recent = created_since(self._site.since)
        pages = list(self._gateway.query(ledger.data_source_id(database), filter=recent, property_ids=["title"]))
        known = ledger.known_ids()
        makers = {page.created_by for page in pages if page.id in known}
        for page in pages:
            key = keys.get(page.title)
            recorded = ledger.row_id(database, key) if key is not None else None
            if page.id in known or recorded is None or page.created_by not in makers:
                continue
            name = f"the row {database}.{key} ({page.title!r})"
            if page.last_edited_by == page.created_by and self._holds_the_same(page.id, recorded):
                self._gateway.trash_page(page.id)
                self._note(page.id, name)
            else:
                self.found.left.append(f"{name}, {page.url}")

    def _holds_the_same(self, one: NotionId, other: NotionId) -> bool:
        return _written(self._gateway.get_page(one)) == _written(self._gateway.get_page(other))

    def _search_views(self, databases: Collection[str], view_ids: Iterable[NotionId]) -> None:
        known = self._site.ledger.known_ids()
        recorded = {
            (self._site.template.databases[database].views[key].title, entry.id)
            for database in databases
            for key, entry in self._site.ledger.entry(database).views.items()
            if key in self._site.template.databases[database].views
        }
        for view_id in sorted(set(view_ids) - known):
            view = self._gateway.get_view(view_id)
            for title, original_id in recorded:
                if title == view.name and _looks_the_same(view, self._gateway.get_view(original_id)):
                    self._gateway.delete_view(view_id)
                    self._note(view_id, f"the view {view.name!r}")
                    break

    def _note(self, notion_id: NotionId, name: str) -> None:
        self.found.gone.add(notion_id)
        self.found.trashed.append(name)


def _written(page: Page) -> dict[str, object]:
    content = row_content(page)
    return {prop.id: content[prop.id] for prop in page.properties.values() if prop.type not in _NOT_WRITTEN}


def _looks_the_same(one: View, other: View) -> bool:
    def settings(view: View) -> tuple[object, ...]:
        return view.type, view.filter, view.sorts, view.quick_filters, view.configuration, view.dashboard_id

    return settings(one) == settings(other)
