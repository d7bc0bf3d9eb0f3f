"""Find and trash twins after an apply: what a request that was sent twice created a second time.

A twin has the name of something that this apply created, was created by the same connection at the
same time, and no record names it. What existed when the apply read the workspace is no twin, with
one exception: an apply that continues after an interruption, where the earlier run may have created
both.

A twin is trashed only if it is untouched: created and edited by our own_property connection
alone, and a database without pages, a row with the values and the body of the recorded one, or a
view with the same settings. Any other twin is left and reported. So is a view that existed before
this run: Notion does not say who created it, and a deleted view does not go to the trash.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from notion_pm.errors import NotionPmError, RecordUnreadable
from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page, RelationValue
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.model.schema import ChildBlock, DataSource, RelationConfig, View
from notion_pm.notion.write_journal import row_content
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.order.starter_rows import StarterRows
from notion_pm.provision.plan.twins import TwinSearch, unrecorded_namesakes
from notion_pm.provision.reading import created_since, owned_databases, read_other_records
from notion_pm.workspace.record import read_record_page, record_blocks

_ONE_MINUTE = timedelta(minutes=1)

_MAY_DIFFER = READ_ONLY_TYPES | {"relation"}
"""Types whose values may differ between a row and its untouched twin: links from other rows, and
what Notion sets."""


@dataclass
class Twins:
    """The twins found, by name for people: `trashed`, and `left` where they are.

    `trashed_ids` are the ids of those in the trash.
    """

    trashed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    trashed_ids: set[NotionId] = field(default_factory=set)


class TwinFinder:
    """Searches for twins of what one apply created.

    Properties of several databases are applied in several threads, and each may search.
    """

    def __init__(
        self, context: ApplyContext, existing: Existing, record_id: Callable[[], NotionId]
    ) -> None:
        self._context = context
        self._existing = existing
        self._record_id = record_id
        self._lock = threading.Lock()
        self._trashed_sources: set[NotionId] = set()
        self._children: Sequence[ChildBlock] = ()
        self.found = Twins()

    # --- on the parent page

    def trash_among(self, children: Sequence[ChildBlock]) -> tuple[ChildBlock, ...]:
        """Trash the twins among the blocks of the parent page, and return the other blocks."""
        with self._lock:
            return self._trash_among(children)

    def _trash_among(self, children: Sequence[ChildBlock]) -> tuple[ChildBlock, ...]:
        self._children = children
        known = {*self._context.state.known_ids(), self._record_id()}
        ours_by_title = {}
        for block in children:
            if block.id in known and self._is_new(block):
                ours_by_title[block.title] = block

        record_pages = {block.id for block in record_blocks(children)}
        for block in children:
            original = ours_by_title.get(block.title)
            # Only what has the title of something that this apply created can be a twin.
            if original is None or block.id in known or block.id in self.found.trashed_ids:
                continue
            if not self._is_twin_of(block, original):
                continue
            if block.type == "child_database":
                self._trash_database(block, original)
            elif block.id in record_pages:
                self._trash_record(block)
        return tuple(block for block in children if block.id not in self.found.trashed_ids)

    def _is_new(self, block: ChildBlock) -> bool:
        """Return whether this apply, or the interrupted one that it continues, may have created a
        block."""
        if block.id in self._context.sibling_ids and not self._existing.is_interrupted:
            return False
        return block.created_time is None or block.created_time >= self._context.since

    def _is_twin_of(self, block: ChildBlock, original: ChildBlock) -> bool:
        has_same_creator = block.created_by == original.created_by
        has_same_type = block.type == original.type
        return self._is_new(block) and has_same_creator and has_same_type and not block.in_trash

    def _is_untouched(self, created: ChildBlock | Page) -> bool:
        """Return whether our connection created something, and no person has edited it."""
        people = {created.created_by, created.last_edited_by}
        return people == {self._context.connection_id}

    @cached_property
    def _other_records(self) -> tuple[Manifest, ...] | None:
        """The records of other templates under the page; None if one of them cannot be read."""
        context = self._context
        template = context.template.template
        try:
            return read_other_records(context.client, context.parent_id, self._children, template)
        except NotionPmError:
            return None

    def _may_be_of_another_template(self, block: ChildBlock) -> bool:
        """Return whether another record owns a database, or may soon own_property it.

        An apply of another template records its databases only after it has created them.
        """
        if self._other_records is None:
            return True
        if any(manifest.state == "applying" for manifest in self._other_records):
            return True
        return block.id in owned_databases(self._other_records)

    def _trash_database(self, block: ChildBlock, original: ChildBlock) -> None:
        """Trash a database if it is untouched and has nothing that the original lacks."""
        if self._may_be_of_another_template(block):
            return
        client = self._context.client
        twin = client.find_database(block.id)
        if twin is None:
            return
        twin_source = client.get_data_source(twin.data_source_ids[0])
        original_database = client.get_database(original.id)
        original_source = client.get_data_source(original_database.data_source_ids[0])
        # A twin that lacks a property is untouched too: the original got more in later requests.
        has_more_properties = bool(_property_names(twin_source) - _property_names(original_source))
        has_pages = any(True for _ in client.query(twin_source.id, property_ids=["title"]))
        has_more_views = len(client.list_view_ids(block.id)) > 1
        is_used = has_pages or has_more_properties or has_more_views
        if is_used or not self._is_untouched(block):
            self.found.left.append(f"the database {block.title!r} ({twin.url})")
            return
        client.trash_database(block.id)
        self._trashed_sources.add(twin_source.id)
        self._note_trashed(block.id, f"the database {block.title!r}")

    def _trash_record(self, block: ChildBlock) -> None:
        context = self._context
        try:
            manifest = read_record_page(context.client, block.id, context.parent_id).manifest
        except RecordUnreadable:
            manifest = None
        # A twin of the record page was never written again: it names no database.
        is_first_version = (
            manifest is not None and manifest.state == "applying" and not manifest.databases
        )
        if not is_first_version or not self._is_untouched(block):
            self.found.left.append(f"the record page {block.title!r}")
            return
        context.client.trash_page(block.id)
        self._note_trashed(block.id, f"the record page {block.title!r}")

    def remove_mirrors(self, sources: Iterable[DataSource]) -> None:
        """Remove the mirrors that relations of trashed databases have on these data sources."""
        with self._lock:
            for source in sources:
                mirrors: dict[str, None] = {}
                for prop in source.properties.values():
                    if not isinstance(prop.config, RelationConfig):
                        continue
                    if prop.config.data_source_id in self._trashed_sources:
                        mirrors[prop.id] = None
                if mirrors:
                    self._context.client.update_data_source(source.id, mirrors)

    # --- inside databases

    def trash_inside_databases(self, search: TwinSearch) -> None:
        """Trash the twins among the rows and the views."""
        client, state = self._context.client, self._context.state
        for database in search.rows:
            self._search_rows(database)
        for database in search.tabs:
            before = self._existing.databases.get(database)
            old_ids = before.view_ids if before is not None else ()
            view_ids = client.list_view_ids(state.entry(database).database_id)
            self._search_views([database], set(view_ids) - set(old_ids))
        for database, key in search.dashboards:
            dashboard = client.get_view(state.entry(database).views[key].id)
            widget_ids = {view_id for row in dashboard.rows for view_id in row}
            self._search_views(
                self._context.template.databases,
                widget_ids - self._existing.widget_ids,
                may_be_older=self._may_have_held_widgets(dashboard.id),
            )
        self._report_older_views(search)

    def _search_rows(self, database: str) -> None:
        state = self._context.state
        key_of_title = self._row_keys_by_title(database)
        recent = created_since(self._context.since)
        pages = list(
            self._context.client.query(
                state.data_source_id(database), filter=recent, property_ids=["title"]
            )
        )
        pages_by_id = {page.id: page for page in pages}
        known_ids = state.known_ids()
        older_rows = self._rows_recorded_before(database)
        for page in pages:
            key = key_of_title.get(page.title)
            recorded_id = state.row_id(database, key) if key is not None else None
            if page.id in known_ids or recorded_id is None or recorded_id in older_rows:
                continue
            original = pages_by_id.get(recorded_id)
            if original is not None and _are_created_together(page, original):
                name = f"the row {database}.{key} ({page.title!r})"
                self._handle_row(database, page, original, name)

    def _handle_row(self, database: str, page: Page, original: Page, name: str) -> None:
        """Trash a twin of a row, or report it.

        The rows that a database had before this run are not known. So in an existing database twins
        are only reported.
        """
        is_existing = database in self._existing.databases
        may_be_older = is_existing and not self._existing.is_interrupted
        # The content is read last: it takes four requests.
        is_removable = not may_be_older and self._is_untouched(page)
        if is_removable and self._has_same_content(page.id, original.id):
            self._context.client.trash_page(page.id)
            self._note_trashed(page.id, name)
        else:
            self.found.left.append(f"{name}, {page.url}")

    def _row_keys_by_title(self, database: str) -> dict[str, str]:
        title_key = self._context.template.databases[database].title_key
        keys = {}
        for (row_database, key), row in StarterRows(self._context.loaded).rows.items():
            if row_database == database:
                keys[row.cells.get(title_key, "")] = key
        return keys

    def _rows_recorded_before(self, database: str) -> frozenset[NotionId]:
        """Return the starter rows recorded before this run, without those that the interrupted
        apply has just created."""
        entry = self._existing.owned.get(database)
        if entry is None:
            return frozenset()
        found = self._existing.databases.get(database)
        just_created = {page.id for page in found.rows} if found else set()
        return frozenset(entry.rows.values()) - just_created

    def _has_same_content(self, twin_id: NotionId, original_id: NotionId) -> bool:
        """Return whether two rows have the same values and bodies. The original may have more
        links: other rows were linked to it since."""
        client = self._context.client
        twin = client.get_page(twin_id)
        original = client.get_page(original_id)
        if _comparable_values(twin) != _comparable_values(original):
            return False
        if _links(twin) - _links(original):
            return False
        twin_body = client.page_markdown(twin_id).markdown
        return twin_body == client.page_markdown(original_id).markdown

    def _may_have_held_widgets(self, dashboard_id: NotionId) -> bool:
        """Return whether a dashboard is older than this run, and its widgets were not read."""
        was_read = any(
            dashboard_id in found.dashboards for found in self._existing.databases.values()
        )
        return not was_read and dashboard_id in self._existing.view_ids.values()

    def _report_older_views(self, search: TwinSearch) -> None:
        """Report views that may be twins of an interrupted apply, or copies that a person made.

        Notion does not say who created a view, and a deleted view does not go to the trash.
        """
        views: dict[NotionId, View] = {}
        for found in self._existing.databases.values():
            views.update({view.id: view for view in found.views})
        for view_id in search.recorded_views:
            views[view_id] = self._context.client.get_view(view_id)
        for original_id, view in unrecorded_namesakes(self._context.template, self._existing):
            if _is_same_view(view, views[original_id]):
                self.found.left.append(f"the view {view.name!r}")

    def _search_views(
        self,
        databases: Collection[str],
        view_ids: Iterable[NotionId],
        *,
        may_be_older: bool = False,
    ) -> None:
        """Delete the twins among views that appeared during this run.

        They are only reported if some of the views may be older.
        """
        client = self._context.client
        recorded = self._recorded_views(databases)
        for view_id in sorted(set(view_ids) - self._context.state.known_ids()):
            view = client.get_view(view_id)
            is_twin = any(
                title == view.name and _is_same_view(view, client.get_view(original_id))
                for title, original_id in recorded
            )
            if is_twin and may_be_older:
                self.found.left.append(f"the view {view.name!r}")
            elif is_twin:
                client.delete_view(view_id)
                self._note_trashed(view_id, f"the view {view.name!r}")

    def _recorded_views(self, databases: Collection[str]) -> set[tuple[str, NotionId]]:
        """Return title and id of the template's views in these databases."""
        recorded = set()
        for database in databases:
            specs = self._context.template.databases[database].views
            for key, entry in self._context.state.entry(database).views.items():
                if key in specs:
                    recorded.add((specs[key].title, entry.id))
        return recorded

    def _note_trashed(self, notion_id: NotionId, name: str) -> None:
        self.found.trashed_ids.add(notion_id)
        self.found.trashed.append(name)


def _property_names(source: DataSource) -> set[str]:
    return {prop.name for prop in source.properties.values()}


def _are_created_together(twin: Page, original: Page) -> bool:
    """Return whether one connection created two pages within a minute: Notion's times have no
    seconds."""
    apart = abs(twin.created_time - original.created_time)
    return twin.created_by == original.created_by and apart <= _ONE_MINUTE


def _links(page: Page) -> set[tuple[str, NotionId]]:
    """Return the pages that a page is related to, with the ids of the relations."""
    links = set()
    for prop in page.properties.values():
        if isinstance(prop.value, RelationValue):
            links |= {(prop.id, page_id) for page_id in prop.value.ids}
    return links


def _comparable_values(page: Page) -> dict[str, object]:
    content = row_content(page)
    return {
        prop.id: content[prop.id]
        for prop in page.properties.values()
        if prop.type not in _MAY_DIFFER
    }


def _is_same_view(twin: View, original: View) -> bool:
    """Return whether two views have the same settings.

    A twin of a dashboard is one without widgets: the original got its own_property after it was
    created.
    """
    if twin.type == original.type == "dashboard":
        return not any(twin.rows)
    fields = ("type", "filter", "sorts", "quick_filters", "configuration", "dashboard_id")
    return all(getattr(twin, name) == getattr(original, name) for name in fields)
