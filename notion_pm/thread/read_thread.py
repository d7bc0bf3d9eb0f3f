"""Read the thread of a workspace: each database once, 100 pages per request, joined in memory.

The workspace is always read in full: the cache of sync holds only what rules need, not the
customers' words. A result is complete or an error: what the connection cannot see becomes an
`UnsharedPage` and is never silently left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import NotShared, RequestRefused, UsageError
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.model.snapshot import Snapshot, SnapshotPage
from notion_pm.model.template import LoadedTemplate
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.page_codec import PageCodec, names_of_options, names_of_people
from notion_pm.rules.wording import Wording
from notion_pm.thread import Chain, Thread
from notion_pm.workspace.missing_pages import (
    fetch_row,
    missing_pages,
    removal_reason,
    without_links_to_gone,
)
from notion_pm.workspace.schema_check import deleted_properties, require_types, schema_mismatch
from notion_pm.workspace.sync_context import SyncContext, load_workspace


@dataclass(frozen=True, slots=True)
class ReadThread:
    """The thread with what it was read by. `codecs` write values back, by database."""

    thread: Thread
    loaded: LoadedTemplate
    manifest: Manifest
    codecs: Mapping[str, PageCodec]

    def database_urls(self) -> dict[str, str]:
        """Return the links of the databases in Notion, by their keys."""
        databases = self.manifest.databases
        return {key: page_url(entry.database_id) for key, entry in databases.items()}


def read_thread(
    place: SyncContext, template: str | None = None, *, asides: bool = False
) -> ReadThread:
    """Return the thread of a workspace; with `asides` also releases, experiments and decisions.

    Raises UsageError if no template was applied or it has no features, IncompleteRead if Notion
    returns only a part, NotShared if a whole database is not shared.
    """
    opened = load_workspace(place, template)
    try:
        return _Reader(place, opened.loaded, opened.manifest).read(asides=asides)
    except (NotShared, RequestRefused):
        # Either the remembered manifest is out of date, or people have deleted properties. Read the
        # manifest again, and ask each database for its properties before it is queried.
        fresh = opened if opened.is_fresh else load_workspace(place, template, fresh=True)
        reader = _Reader(place, fresh.loaded, fresh.manifest)
        reader.leave_out_deleted_properties()
        return reader.read(asides=asides)


@dataclass(slots=True)
class _Pages:
    """What has been read so far. `snapshots`: pages by database and id."""

    snapshots: dict[str, dict[NotionId, SnapshotPage]]
    created: dict[NotionId, datetime] = field(default_factory=dict)
    option_names: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Reads the databases that a manifest records."""

    def __init__(self, place: SyncContext, loaded: LoadedTemplate, manifest: Manifest) -> None:
        self._place = place
        self._loaded = loaded
        self._manifest = manifest
        self._schema = TemplateSchema(loaded.template)
        self._existing: dict[str, tuple[str, ...]] = {}
        for key, entry in manifest.databases.items():
            if key in loaded.template.databases:
                self._existing[key] = tuple(entry.properties)
        self.chain = Chain(self._schema, self._existing)
        if self.chain.database("features") is None:
            raise UsageError(
                f"The template {manifest.template!r} has no database of features.",
                "Give it the key `features`, or write  role: features  in it (docs/pm.md).",
            )

    def leave_out_deleted_properties(self) -> None:
        """Continue without the properties that people have deleted.

        Raises UsageError if relations or a status are among them: without these the thread itself
        is broken.
        """
        broken = []
        for database, keys in self.chain.needs(self._existing).items():
            gone = set(deleted_properties(self._place.notion, self._manifest, database, keys))
            for key in sorted(gone):
                if self._schema.type(database, key) in {"relation", "status"}:
                    broken.append(f"{database}.{key} was deleted")
            self._existing[database] = tuple(
                key for key in self._existing[database] if key not in gone
            )
        if broken:
            raise schema_mismatch(broken)
        self.chain = Chain(self._schema, self._existing)

    def read(self, *, asides: bool) -> ReadThread:
        databases = list(self.chain.databases)
        if asides:
            databases += self.chain.asides
        needs = self.chain.needs(databases)
        codecs = {
            key: PageCodec(self._schema, key, self._manifest.databases[key], keys)
            for key, keys in needs.items()
        }
        pages = _Pages({key: {} for key in needs})
        self._query_databases(pages, codecs)
        gone = self._fetch_missing_pages(pages, codecs)
        snapshot = Snapshot(
            {key: without_links_to_gone(found, gone) for key, found in pages.snapshots.items()}
        )
        wording = Wording(self._schema, self._manifest, pages.option_names, pages.people)
        thread = Thread(self.chain, snapshot, pages.created, wording, self._place.now.date())
        return ReadThread(thread, self._loaded, self._manifest, codecs)

    def _query_databases(self, pages: _Pages, codecs: Mapping[str, PageCodec]) -> None:
        def query(database: str) -> tuple[str, list[Page]]:
            source = self._manifest.databases[database].data_source_id
            property_ids = codecs[database].property_ids
            return database, list(self._place.notion.query(source, property_ids=property_ids))

        # The pages of one database come one request after the other: read several at once.
        results = map_concurrently(query, codecs, self._place.jobs)
        for done, (database, rows) in enumerate(results, start=1):
            self._add(pages, codecs[database], database, rows)
            self._place.progress("Reading", done, len(codecs))

    def _add(self, pages: _Pages, codec: PageCodec, database: str, rows: Iterable[Page]) -> None:
        for row in rows:
            # A query may return pages that were moved to the trash while it ran.
            if removal_reason(row):
                continue
            require_types(codec, row)
            pages.snapshots[database][row.id] = codec.decode(row)
            pages.created[row.id] = row.created_time
            pages.option_names.update(names_of_options([row]))
            pages.people.update(names_of_people([row]))

    def _fetch_missing_pages(
        self, pages: _Pages, codecs: Mapping[str, PageCodec]
    ) -> dict[NotionId, str]:
        """Fetch each page that a relation names and no query returned.

        A query leaves out a page that was made or changed while it ran. Return the pages that are
        gone for another reason, with that reason.
        """
        needs = {key: codec.keys for key, codec in codecs.items()}
        missing = list(missing_pages(self._schema, needs, pages.snapshots))

        def fetch(ref: tuple[str, NotionId]) -> Page | str:
            database, page_id = ref
            source = self._manifest.databases[database].data_source_id
            return fetch_row(self._place.notion, source, page_id)

        gone: dict[NotionId, str] = {}
        answers = map_concurrently(fetch, missing, self._place.jobs)
        for (database, page_id), answer in zip(missing, answers, strict=True):
            if isinstance(answer, str):
                gone[page_id] = answer
            else:
                self._add(pages, codecs[database], database, [answer])
        return gone
