"""Read a page with all its databases for a capture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import NotionError, NotShared, RecordUnreadable, RequestRefused
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import (
    ChildBlock,
    Database,
    DataSource,
    PageTemplate,
    RelationConfig,
    View,
)
from notion_pm.notion.client import NotionClient
from notion_pm.provision.capture.live import LiveDatabase, LivePage, Remark
from notion_pm.provision.capture.naming import key_of
from notion_pm.text import UNTITLED
from notion_pm.workspace.parent_page import check_alive
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.record import open_record, record_blocks

# Blocks in which people keep databases on one page. Pages below it are not read.
_CONTAINERS = frozenset(
    {"column_list", "column", "toggle", "callout", "synced_block", "tab", "quote"}
)


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page as it is, and the database keys in its records, by the id of the data source."""

    page: LivePage
    keys: Mapping[NotionId, str]


class PageReader:
    """Reads one page with its databases."""

    def __init__(
        self, client: NotionClient, *, with_rows: bool, jobs: int, progress: Progress
    ) -> None:
        self._client = client
        self._with_rows = with_rows
        self._jobs = jobs
        self._progress = progress
        self._losses: list[Remark] = []

    def read(self, page_id: NotionId, name: str | None) -> PageContent:
        """Read a page, or the single database with this id.

        `name`: the name of the template; by default the record's, or made from the title.

        Raises NotShared when there is neither.
        """
        title, blocks = self._read_blocks(page_id)
        manifests = list(self._read_manifests(page_id, blocks))
        keys: dict[NotionId, str] = {}
        entries: dict[NotionId, DatabaseEntry] = {}
        for manifest in manifests:
            for key, entry in manifest.databases.items():
                keys[entry.data_source_id] = key
                entries[entry.data_source_id] = entry

        ids = [
            block.id for block in blocks if block.type == "child_database" and not block.in_trash
        ]
        databases = self._with_related(self._read_databases(ids))
        # In the order of the record; the others stay in the order of the page.
        rank = {source_id: index for index, source_id in enumerate(entries)}
        databases.sort(key=lambda database: rank.get(database.source.id, len(rank)))
        databases = [
            replace(database, entry=entries.get(database.source.id)) for database in databases
        ]

        record = manifests[0] if len(manifests) == 1 else None
        if name is not None:
            version = 1
        elif record is not None:
            name, version = record.template, record.version
        else:
            name, version = key_of(title, "captured"), 1
        page = LivePage(name, version, title or UNTITLED, tuple(databases), tuple(self._losses))
        return PageContent(page, keys)

    def _lose(self, message: str) -> None:
        self._losses.append(Remark("", message))

    # --- the page

    def _read_blocks(self, page_id: NotionId) -> tuple[str, list[ChildBlock]]:
        """Return the title and all blocks of a page; for a database, the block that it would be."""
        try:
            page = self._client.get_page(page_id)
        except (NotShared, RequestRefused):  # the id of a database looks the same
            database = self._client.get_database(page_id)
            return database.title, [ChildBlock(database.id, "child_database", database.title)]
        check_alive(page)
        return page.title, list(self._read_inside(page_id))

    def _read_inside(self, block_id: NotionId) -> Iterator[ChildBlock]:
        for block in self._client.list_children(block_id):
            yield block
            if block.has_children and block.type in _CONTAINERS:
                yield from self._read_inside(block.id)

    def _read_manifests(
        self, page_id: NotionId, blocks: Sequence[ChildBlock]
    ) -> Iterator[Manifest]:
        """Yield the records on the page: their keys are used again.

        Raises RecordCopied for a copied record.
        """
        for block in record_blocks(blocks):
            try:
                yield open_record(self._client, block, page_id, blocks).manifest
            except RecordUnreadable as error:
                self._lose(f"the keys in {block.title!r} are not used again: {error}")

    # --- its databases

    def _read_databases(self, ids: Sequence[NotionId]) -> list[LiveDatabase]:
        databases: list[LiveDatabase] = []
        read = map_concurrently(self._read_database, ids, self._jobs)
        for done, sources in enumerate(read, start=1):
            self._progress("databases", done, len(ids))
            databases += sources
        return self._with_views(databases)

    def _read_database(self, database_id: NotionId) -> list[LiveDatabase]:
        """Read the data sources of a database."""
        try:
            database = self._client.get_database(database_id)
        except (NotShared, RequestRefused) as error:
            # The API shows a linked view like a database, but does not give its database.
            self._lose(f"a database on the page is left out ({error}): it may be a linked view.")
            return []
        if not database.data_source_ids:
            self._lose(f"{database.title!r} is left out: it may be a linked view.")
        if len(database.data_source_ids) > 1:
            self._lose(f"{database.title!r} has several data sources: each becomes a database.")
        return [self._read_source(database, source_id) for source_id in database.data_source_ids]

    def _read_source(self, database: Database, source_id: NotionId) -> LiveDatabase:
        source = self._client.get_data_source(source_id)
        rows = tuple(self._client.query(source_id)) if self._with_rows else None
        return LiveDatabase(database, source, body=self._read_body(source), rows=rows)

    def _read_body(self, source: DataSource) -> str:
        """Return the text of the default page template, else of the first one."""
        page_templates = list(self._client.page_templates(source.id))
        if not page_templates:
            return ""
        defaults = [template for template in page_templates if template.is_default]
        chosen = defaults[0] if defaults else page_templates[0]
        for template in page_templates:
            if template is not chosen:
                self._lose(f"the page template {template.name!r} of {source.title!r} is not kept.")
        return self._read_page_template(source, chosen)

    def _read_page_template(self, source: DataSource, template: PageTemplate) -> str:
        subject = f"the page template {template.name!r} of {source.title!r}"
        try:
            body = self._client.page_markdown(template.id)
        except (NotShared, RequestRefused) as error:
            self._lose(f"{subject} cannot be read: {error}")
            return ""
        if body.truncated or body.unknown_block_ids:
            self._lose(f"{subject} is kept in part: some of its blocks cannot be Markdown.")
        return body.markdown

    def _with_views(self, databases: Sequence[LiveDatabase]) -> list[LiveDatabase]:
        """Return the databases with their tabs, and the widgets on any dashboard that show them."""
        ids = dict.fromkeys(database.database.id for database in databases)
        views: list[View] = []
        for tabs in map_concurrently(self._read_tabs, ids, self._jobs):
            views += tabs
        widget_ids: dict[NotionId, None] = {}
        for view in views:
            for row in view.rows:
                widget_ids.update(dict.fromkeys(row))
        views += map_concurrently(self._client.get_view, widget_ids, self._jobs)
        result = []
        for database in databases:
            own_views = [view for view in views if _belongs_to(view, database)]
            result.append(replace(database, views=tuple(own_views)))
        return result

    def _read_tabs(self, database_id: NotionId) -> list[View]:
        views = [
            self._client.get_view(view_id) for view_id in self._client.list_view_ids(database_id)
        ]
        return [replace(view, database_id=database_id) for view in views]

    def _with_related(self, databases: list[LiveDatabase]) -> list[LiveDatabase]:
        """Return the databases, and as bound those elsewhere that their relations link to."""
        known = {database.source.id for database in databases}
        related: dict[NotionId, None] = {}
        for database in databases:
            for prop in database.source.properties.values():
                if isinstance(prop.config, RelationConfig):
                    related[prop.config.data_source_id] = None
        result = list(databases)
        for source_id in related:
            if source_id not in known:
                bound = self._read_bound(source_id)
                if bound is not None:
                    result.append(bound)
        return result

    def _read_bound(self, source_id: NotionId) -> LiveDatabase | None:
        try:
            source = self._client.get_data_source(source_id)
            database = self._client.get_database(source.database_id)
        except NotionError:
            return None
        return LiveDatabase(database, source, bound=True)


def _belongs_to(view: View, database: LiveDatabase) -> bool:
    """Return whether a view belongs to a database: by what it shows, a dashboard by its place."""
    if view.data_source_id is not None:
        return view.data_source_id == database.source.id
    return view.database_id == database.database.id and database.is_first_source
