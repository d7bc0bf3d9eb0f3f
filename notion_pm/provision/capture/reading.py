"""Reading a page with databases whole: what a capture restates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

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
from notion_pm.provision.capture.keys import key_of
from notion_pm.provision.capture.live import Live, LiveDatabase, Loss
from notion_pm.text import UNTITLED
from notion_pm.workspace.parent_page import check_alive
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.record import open_record, record_blocks

_CONTAINERS = frozenset(
    {"column_list", "column", "toggle", "callout", "synced_block", "tab", "quote"}
)
"""Blocks in which people keep databases on one page. Pages below it are other pages."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page as it lives, and the keys that manifests record, by data source."""

    live: Live
    keys: Mapping[NotionId, str]


class Reader:
    """Reads one page."""

    def __init__(
        self, gateway: NotionClient, *, with_rows: bool, jobs: int, progress: Progress
    ) -> None:
        self._gateway = gateway
        self._with_rows = with_rows
        self._jobs = jobs
        self._progress = progress
        self._losses: list[Loss] = []

    def read(self, page_id: NotionId, name: str | None) -> Found:
        """Read a page, or the single database of that id. Raises NotShared when there is neither."""
        title, blocks = self._blocks(page_id)
        manifests = list(self._manifests(page_id, blocks))
        entries = {
            entry.data_source_id: (key, entry)
            for each in manifests
            for key, entry in each.databases.items()
        }
        ids = [each.id for each in blocks if each.type == "child_database" and not each.in_trash]
        databases = self._with_related(self._databases(ids))
        order = {source: place for place, source in enumerate(entries)}
        databases.sort(key=lambda each: order.get(each.source.id, len(order)))
        databases = [replace(each, entry=_entry(entries, each)) for each in databases]
        only = manifests[0] if len(manifests) == 1 else None
        live = Live(
            name or (only.template if only else key_of(title, "captured")),
            only.version if only and not name else 1,
            title or UNTITLED,
            tuple(databases),
            tuple(self._losses),
        )
        return Found(live, {source: key for source, (key, _) in entries.items()})

    def _blocks(self, page_id: NotionId) -> tuple[str, list[ChildBlock]]:
        try:
            page = self._gateway.get_page(page_id)
        except (NotShared, RequestRefused):  # the id of a database looks the same
            database = self._gateway.get_database(page_id)
            return database.title, [ChildBlock(database.id, "child_database", database.title)]
        check_alive(page)
        return page.title, list(self._inside(page_id))

    def _inside(self, block_id: NotionId) -> Iterator[ChildBlock]:
        for each in self._gateway.list_children(block_id):
            yield each
            if each.has_children and each.type in _CONTAINERS:
                yield from self._inside(each.id)

    def _manifests(self, page_id: NotionId, blocks: Sequence[ChildBlock]) -> Iterator[Manifest]:
        """Yield the manifests on the page: their keys are used again. Raises RecordCopied for a copy."""
        for block in record_blocks(blocks):
            try:
                yield open_record(self._gateway, block, page_id, blocks).manifest
            except RecordUnreadable as error:
                self._losses.append(
                    Loss("", f"the keys of {block.title!r} are not used again: {error}")
                )

    def _databases(self, ids: Sequence[NotionId]) -> list[LiveDatabase]:
        found: list[LiveDatabase] = []
        read = map_concurrently(self._database, ids, self._jobs)
        for done, databases in enumerate(read, start=1):
            self._progress("databases", done, len(ids))
            found += databases
        return self._with_views(found)

    def _database(self, database_id: NotionId) -> list[LiveDatabase]:
        """Read a database's data sources; one that is linked from elsewhere cannot be read."""
        try:
            database = self._gateway.get_database(database_id)
        except (NotShared, RequestRefused) as error:
            self._losses.append(
                Loss("", f"a database on the page is left out ({error}): it may be a linked view.")
            )
            return []
        if not database.data_source_ids:
            self._losses.append(
                Loss("", f"{database.title!r} is left out: it may be a linked view.")
            )
        if len(database.data_source_ids) > 1:
            many = f"{database.title!r} has several data sources: each becomes a database."
            self._losses.append(Loss("", many))
        return [self._source(database, each) for each in database.data_source_ids]

    def _source(self, database: Database, source_id: NotionId) -> LiveDatabase:
        source = self._gateway.get_data_source(source_id)
        rows = tuple(self._gateway.query(source_id)) if self._with_rows else None
        return LiveDatabase(database, source, body=self._body(source), rows=rows)

    def _body(self, source: DataSource) -> str:
        """Return the text of the default page template; the others, and what of it is no text, are told."""
        templates = self._gateway.page_templates(source.id)
        chosen = next((each for each in templates if each.is_default), None) or next(
            iter(templates), None
        )
        for each in templates:
            if each is not chosen:
                self._losses.append(
                    Loss("", f"the page template {each.name!r} of {source.title!r} is not kept.")
                )
        return self._template_body(source, chosen) if chosen else ""

    def _template_body(self, source: DataSource, template: PageTemplate) -> str:
        told = f"the page template {template.name!r} of {source.title!r}"
        try:
            body = self._gateway.page_markdown(template.id)
        except (NotShared, RequestRefused) as error:
            self._losses.append(Loss("", f"{told} cannot be read: {error}"))
            return ""
        if body.truncated or body.unknown_block_ids:
            self._losses.append(
                Loss("", f"{told} is kept in part: some of its blocks are no Markdown.")
            )
        return body.markdown

    def _with_views(self, databases: Sequence[LiveDatabase]) -> list[LiveDatabase]:
        """Return the databases with their tabs, and with the widgets on any dashboard that show them."""
        ids = dict.fromkeys(each.database.id for each in databases)
        tabs = list(chain.from_iterable(map_concurrently(self._tabs, ids, self._jobs)))
        widget_ids = dict.fromkeys(widget for each in tabs for row in each.rows for widget in row)
        views = [*tabs, *map_concurrently(self._gateway.get_view, widget_ids, self._jobs)]
        return [
            replace(each, views=tuple(view for view in views if _shows(view, each)))
            for each in databases
        ]

    def _tabs(self, database_id: NotionId) -> list[View]:
        found = [self._gateway.get_view(each) for each in self._gateway.list_view_ids(database_id)]
        return [replace(each, database_id=database_id) for each in found]

    def _with_related(self, databases: list[LiveDatabase]) -> list[LiveDatabase]:
        """Return the databases with those that they are related to and that live elsewhere, to be bound."""
        known = {each.source.id for each in databases}
        wanted = dict.fromkeys(
            prop.config.data_source_id
            for each in databases
            for prop in each.source.properties.values()
            if isinstance(prop.config, RelationConfig) and prop.config.data_source_id not in known
        )
        return databases + [found for each in wanted if (found := self._elsewhere(each))]

    def _elsewhere(self, source_id: NotionId) -> LiveDatabase | None:
        try:
            source = self._gateway.get_data_source(source_id)
            return LiveDatabase(self._gateway.get_database(source.database_id), source, bound=True)
        except NotionError:
            return None


def _shows(view: View, database: LiveDatabase) -> bool:
    """Whether a view is one of the database's: by what it shows, a dashboard by where it is."""
    if view.data_source_id is not None:
        return view.data_source_id == database.source.id
    return (
        view.database_id == database.database.id
        and database.source.id in database.database.data_source_ids[:1]
    )


def _entry(
    entries: Mapping[NotionId, tuple[str, DatabaseEntry]], database: LiveDatabase
) -> DatabaseEntry | None:
    return entries[database.source.id][1] if database.source.id in entries else None
