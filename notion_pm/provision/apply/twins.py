"""Finding and trashing twins after an apply: what a repeated request created a second time.

A twin has the name of something that this apply made, was made by the same connection at the same time, and no record
names it. What was there when the apply read the workspace is no twin. The one exception is an apply that goes on
after an interruption: there, both may have been made by the earlier run.

A twin goes to the trash only when it is untouched: made and edited by our own connection alone, and a database without
pages, a row with the values and the body of the recorded one, or a view with its settings. Any other twin stays and is
reported. So does a view that was there before this run: Notion does not tell who made it, and a deleted view does not
go to the trash.
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
from notion_pm.notion.client import NotionClient
from notion_pm.notion.write_journal import row_content
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.order.starter_rows import StarterRows
from notion_pm.provision.plan.twins import TwinSearch, unrecorded_namesakes
from notion_pm.provision.reading import created_since, owned_databases, read_other_records
from notion_pm.workspace.record import read_record_page, record_blocks

_MINUTE = timedelta(minutes=1)

_NOT_WRITTEN = READ_ONLY_TYPES | {"relation"}
"""Types whose values may differ between a row and its untouched twin: links from other rows, and what Notion sets."""


@dataclass
class Twins:
    """What was found: `trashed` and `left` name the twins for people, `gone` are the ids of those in the trash."""

    trashed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    gone: set[NotionId] = field(default_factory=set)


class TwinFinder:
    """Looks for twins of what one apply created. Databases are settled in several threads, and each may look."""

    def __init__(
        self,
        gateway: NotionClient,
        context: ApplyContext,
        existing: Existing,
        record_id: Callable[[], NotionId],
    ) -> None:
        self._gateway = gateway
        self._context = context
        self._existing = existing
        self._record_id = record_id
        self._lock = threading.Lock()
        self._sources: set[NotionId] = set()
        self._children: Sequence[ChildBlock] = ()
        self.found = Twins()

    def among(self, children: Sequence[ChildBlock]) -> tuple[ChildBlock, ...]:
        """Trash the twins among the blocks of the parent page, and return the other blocks."""
        with self._lock:
            return self._among(children)

    def _among(self, children: Sequence[ChildBlock]) -> tuple[ChildBlock, ...]:
        self._children = children
        known = {*self._context.state.known_ids(), self._record_id()}
        ours = {
            block.title: block for block in children if block.id in known and self._is_new(block)
        }
        record_pages = {block.id for block in record_blocks(children)}
        for block in children:
            original = ours.get(block.title)
            if (
                block.id in known | self.found.gone
                or original is None
                or not self._is_twin_of(block, original)
            ):
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
            view_ids = self._gateway.list_view_ids(self._context.state.entry(database).database_id)
            old = before.view_ids if before is not None else ()
            self._search_views([database], set(view_ids) - set(old))
        for database, key in search.dashboards:
            dashboard = self._gateway.get_view(self._context.state.entry(database).views[key].id)
            widgets = {view_id for row in dashboard.rows for view_id in row}
            self._search_views(
                self._context.template.databases,
                widgets - self._existing.widget_ids,
                may_be_older=self._may_have_held_widgets(dashboard.id),
            )
        self._report_older_views(search)

    def mirrors(self, sources: Iterable[DataSource]) -> None:
        """Remove the other ends of relations of databases that are in the trash."""
        with self._lock:
            self._remove_mirrors(sources)

    def _remove_mirrors(self, sources: Iterable[DataSource]) -> None:
        for source in sources:
            ends = {
                prop.id: None
                for prop in source.properties.values()
                if isinstance(prop.config, RelationConfig)
                and prop.config.data_source_id in self._sources
            }
            if ends:
                self._gateway.update_data_source(source.id, ends)

    # --- on the parent page

    def _is_new(self, block: ChildBlock) -> bool:
        """Return whether this apply, or the interrupted one that it goes on with, may have made a block."""
        was_there = block.id in self._context.sibling_ids and not self._existing.interrupted
        return not was_there and (
            block.created_time is None or block.created_time >= self._context.since
        )

    def _is_twin_of(self, block: ChildBlock, original: ChildBlock) -> bool:
        same_maker = block.created_by == original.created_by
        return (
            self._is_new(block)
            and same_maker
            and block.type == original.type
            and not block.in_trash
        )

    def _is_ours(self, made: ChildBlock | Page) -> bool:
        """Return whether our connection made something, and nobody else has edited it."""
        return {made.created_by, made.last_edited_by} == {self._context.connection_id}

    @cached_property
    def _others(self) -> tuple[Manifest, ...] | None:
        """The records of other templates under the page; None where one of them cannot be read."""
        template = self._context.template.template
        try:
            return read_other_records(
                self._gateway, self._context.parent_id, self._children, template
            )
        except NotionPmError:
            return None

    def _may_be_of_another_template(self, block: ChildBlock) -> bool:
        """Return whether a database belongs to another record, or may come to belong to one.

        An apply of another template records its databases only after it has made them.
        """
        if self._others is None or any(manifest.state == "applying" for manifest in self._others):
            return True
        return block.id in owned_databases(self._others)

    def _trash_database(self, block: ChildBlock, original: ChildBlock) -> None:
        if self._may_be_of_another_template(block):
            return
        twin = self._gateway.find_database(block.id)
        if twin is None:
            return
        source = self._gateway.get_data_source(twin.data_source_ids[0])
        recorded = self._gateway.get_database(original.id)
        names = {
            prop.name
            for prop in self._gateway.get_data_source(
                recorded.data_source_ids[0]
            ).properties.values()
        }
        has_pages = any(True for _ in self._gateway.query(source.id, property_ids=["title"]))
        has_more = {prop.name for prop in source.properties.values()} - names
        has_views = len(self._gateway.list_view_ids(block.id)) > 1
        if has_pages or has_more or has_views or not self._is_ours(block):
            self.found.left.append(f"the database {block.title!r} ({twin.url})")
            return
        self._gateway.trash_database(block.id)
        self._sources.add(source.id)
        self._note(block.id, f"the database {block.title!r}")

    def _trash_record(self, block: ChildBlock) -> None:
        try:
            manifest = read_record_page(self._gateway, block.id, self._context.parent_id).manifest
        except RecordUnreadable:
            manifest = None
        is_untouched = (
            manifest is not None and not manifest.databases and manifest.state == "applying"
        )
        if not (is_untouched and self._is_ours(block)):
            self.found.left.append(f"the record page {block.title!r}")
            return
        self._gateway.trash_page(block.id)
        self._note(block.id, f"the record page {block.title!r}")

    # --- inside databases

    def _search_rows(self, database: str) -> None:
        state, starter = self._context.state, StarterRows(self._context.loaded)
        title_key = self._context.template.databases[database].title_key
        keys = {
            row.cells.get(title_key, ""): key
            for (of, key), row in starter.rows.items()
            if of == database
        }
        recent = created_since(self._context.since)
        pages = list(
            self._gateway.query(
                state.data_source_id(database), filter=recent, property_ids=["title"]
            )
        )
        known, by_id = state.known_ids(), {page.id: page for page in pages}
        old_rows = self._rows_before(database)
        for page in pages:
            key = keys.get(page.title)
            recorded = state.row_id(database, key) if key is not None else None
            original = (
                by_id.get(recorded) if recorded is not None and recorded not in old_rows else None
            )
            if page.id in known or original is None or not _made_together(page, original):
                continue
            name = f"the row {database}.{key} ({page.title!r})"
            # Rows that were in the database before are not known. What is there twice in it is only reported.
            may_be_older = database in self._existing.databases and not self._existing.interrupted
            if (
                not may_be_older
                and self._is_ours(page)
                and self._holds_the_same(page.id, original.id)
            ):
                self._gateway.trash_page(page.id)
                self._note(page.id, name)
            else:
                self.found.left.append(f"{name}, {page.url}")

    def _rows_before(self, database: str) -> frozenset[NotionId]:
        """Return the starter rows that were recorded before, and that no interrupted apply has just made."""
        entry, found = self._existing.owned.get(database), self._existing.databases.get(database)
        just_made = {page.id for page in found.rows} if found else set()
        return frozenset(entry.rows.values()) - just_made if entry else frozenset()

    def _holds_the_same(self, twin_id: NotionId, original_id: NotionId) -> bool:
        twin, original = self._gateway.get_page(twin_id), self._gateway.get_page(original_id)
        if _written(twin) != _written(original) or _links(twin) - _links(original):
            return False
        body = self._gateway.page_markdown(twin_id).markdown
        return body == self._gateway.page_markdown(original_id).markdown

    def _may_have_held_widgets(self, dashboard_id: NotionId) -> bool:
        """Return whether a dashboard is older than this run, and what it held was not read."""
        was_read = any(
            dashboard_id in found.dashboards for found in self._existing.databases.values()
        )
        return not was_read and dashboard_id in self._existing.view_ids.values()

    def _report_older_views(self, search: TwinSearch) -> None:
        """Report views that may be twins of an interrupted apply or a person's copies.

        Notion does not tell who made a view, and a deleted view does not go to the trash.
        """
        read = {
            view.id: view for found in self._existing.databases.values() for view in found.views
        }
        read |= {view_id: self._gateway.get_view(view_id) for view_id in search.recorded_views}
        for original_id, view in unrecorded_namesakes(self._context.template, self._existing):
            if _looks_the_same(view, read[original_id]):
                self.found.left.append(f"the view {view.name!r}")

    def _search_views(
        self,
        databases: Collection[str],
        view_ids: Iterable[NotionId],
        *,
        may_be_older: bool = False,
    ) -> None:
        """Delete the twins among views that came during this run; report them where some may be older."""
        known = self._context.state.known_ids()
        recorded = {
            (self._context.template.databases[database].views[key].title, entry.id)
            for database in databases
            for key, entry in self._context.state.entry(database).views.items()
            if key in self._context.template.databases[database].views
        }
        for view_id in sorted(set(view_ids) - known):
            view = self._gateway.get_view(view_id)
            for title, original_id in recorded:
                if title != view.name or not _looks_the_same(
                    view, self._gateway.get_view(original_id)
                ):
                    continue
                if may_be_older:
                    self.found.left.append(f"the view {view.name!r}")
                else:
                    self._gateway.delete_view(view_id)
                    self._note(view_id, f"the view {view.name!r}")
                break

    def _note(self, notion_id: NotionId, name: str) -> None:
        self.found.gone.add(notion_id)
        self.found.trashed.append(name)


def _made_together(twin: Page, original: Page) -> bool:
    """Return whether one connection made two pages within a minute: Notion cuts the seconds off its times."""
    apart = abs(twin.created_time - original.created_time)
    return twin.created_by == original.created_by and apart <= _MINUTE


def _links(page: Page) -> set[tuple[str, NotionId]]:
    """Return the pages that a page is related to, with the ids of the relations."""
    values = {prop.id: prop.value for prop in page.properties.values()}
    return {
        (key, page_id)
        for key, each in values.items()
        if isinstance(each, RelationValue)
        for page_id in each.ids
    }


def _written(page: Page) -> dict[str, object]:
    content = row_content(page)
    return {
        prop.id: content[prop.id]
        for prop in page.properties.values()
        if prop.type not in _NOT_WRITTEN
    }


def _looks_the_same(twin: View, original: View) -> bool:
    """Return whether a view is as the original is, or as a dashboard was before it got its widgets."""
    if twin.type == original.type == "dashboard":
        return not any(twin.rows)

    def settings(view: View) -> tuple[object, ...]:
        return (
            view.type,
            view.filter,
            view.sorts,
            view.quick_filters,
            view.configuration,
            view.dashboard_id,
        )

    return settings(twin) == settings(original)
