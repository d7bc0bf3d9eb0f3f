"""Read what the rules of a template need from Notion.

A sync reads everything the first time and once a day, otherwise only what was edited since the last
sync, or the pages that webhooks have named. While it writes, it reads pages again that people have
edited since.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from notion_pm.concurrency import map_concurrently, merge_concurrently
from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.snapshot import RelatedPages, Snapshot, SnapshotPage
from notion_pm.notion.client import NotionClient
from notion_pm.notion.paging import PAGE_SIZE
from notion_pm.rules import RuleSet
from notion_pm.rules.mirrors import reconcile_relations
from notion_pm.rules.page_codec import PageCodec, names_of_options
from notion_pm.state.cache import Cache, Part
from notion_pm.sync.interrupted_read import InterruptedRead
from notion_pm.workspace.fresh_updates import OVERLAP, created_range
from notion_pm.workspace.missing_pages import (
    MOVED,
    GonePage,
    fetch_page,
    fetch_row,
    missing_pages,
    removal_reason,
    without_links_to_gone,
)
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.schema_check import require_types

MOST_LOST_PAGES_FETCHED = 100
"""Lost pages that are fetched one by one to learn why; if more are lost, the reason is left open.
"""

PART_ROWS = PAGE_SIZE
"""Rows of a full read that are kept at a time: those of one response."""

PagesByDatabase = Mapping[str, Mapping[NotionId, SnapshotPage]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The pages that were read, merged with those that were known.

    `pages`: as Notion holds them. `snapshot`: the same for the rules, without relations to deleted
    or moved pages. `changed`: pages that differ from what was known. `marks`: up to when the edits
    of each database were read. `absent`: pages that relations name and that cannot be read, with
    the reasons. `began`: when the first page was read, by Notion's clock; before this run where it
    resumed a full read. `at`: when this run began to read, by Notion's clock.
    """

    pages: PagesByDatabase
    changed: tuple[SnapshotPage, ...]
    marks: Mapping[str, datetime]
    absent: Mapping[NotionId, str]
    option_names: Mapping[str, str]
    is_full: bool
    began: datetime
    at: datetime
    snapshot: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        databases = {
            database: without_links_to_gone(pages, self.absent)
            for database, pages in self.pages.items()
        }
        object.__setattr__(self, "snapshot", Snapshot(databases))

    def has(self, page_id: NotionId) -> bool:
        """Whether a page is among them."""
        return any(page_id in pages for pages in self.pages.values())

    def with_pages(self, written: Iterable[SnapshotPage]) -> Reading:
        """Return the reading with these pages in place of what they held before."""
        all_pages = {database: dict(pages) for database, pages in self.pages.items()}
        for page in written:
            all_pages[page.database][page.id] = page
        return replace(self, pages=all_pages)

    def without_pages(self, gone: Mapping[NotionId, str]) -> Reading:
        """Return the reading without pages that are no longer there, given with the reasons."""
        remaining = {database: dict(pages) for database, pages in self.pages.items()}
        for pages in remaining.values():
            for page_id in gone.keys() & pages.keys():
                del pages[page_id]
        return replace(self, pages=remaining, absent={**self.absent, **gone})


@dataclass(slots=True)
class _Collected:
    """Pages while they are read. `fresh`: those that Notion has just returned."""

    pages: dict[str, dict[NotionId, SnapshotPage]]
    absent: dict[NotionId, str]
    fresh: set[NotionId] = field(default_factory=set)
    option_names: dict[str, str] = field(default_factory=dict)

    def changed_since(self, known: PagesByDatabase) -> tuple[SnapshotPage, ...]:
        """Return the pages that differ from those that were known."""
        changed: list[SnapshotPage] = []
        known_by_id = _by_id(known)
        for pages in self.pages.values():
            changed += [page for page in pages.values() if known_by_id.get(page.id) != page]
        return tuple(changed)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that a query returned.

    `is_last`: the query of the database has ended. `is_complete`: all rows that were asked for have
    come. `created_until`: all rows that were created before are read, where that is known.
    """

    rows: Sequence[Page]
    is_last: bool = False
    is_complete: bool = False
    created_until: datetime | None = None


class Reader:
    """Reads what rules need of the databases in a record."""

    def __init__(
        self,
        notion: NotionClient,
        rules: RuleSet,
        manifest: Manifest,
        *,
        jobs: int,
        progress: Progress,
    ) -> None:
        """Prepare to read. Raises UsageError when the workspace lacks what the rules need."""
        self._notion = notion
        self._rules = rules
        self._jobs = jobs
        self._progress = progress
        self._fetched: dict[NotionId, Page | str] = {}
        self._sources: dict[str, NotionId] = {}
        self.codecs: dict[str, PageCodec] = {}
        for database, keys in rules.needs.items():
            entry = _require_entry(manifest, rules, database)
            self._sources[database] = entry.data_source_id
            self.codecs[database] = PageCodec(rules.schema, database, entry, keys)

    @property
    def scope(self) -> str:
        """A fingerprint of what is read and how it is decoded.

        A cache of another scope cannot be used.
        """
        fingerprints = {
            database: [self._sources[database], codec.fingerprint]
            for database, codec in self.codecs.items()
        }
        return hashlib.sha256(json.dumps(fingerprints, sort_keys=True).encode()).hexdigest()

    # --- four ways to read

    def read_all(
        self,
        now: datetime,
        *,
        interrupted: InterruptedRead | None = None,
        earlier: Cache | None = None,
    ) -> Reading:
        """Read all pages.

        `now`: by Notion's clock. `interrupted`: where to resume, and where to keep what is read.
        `earlier`: what was known before; rows that look older than that are fetched by their ids.
        """
        started = time.monotonic()
        known_parts = interrupted.pages if interrupted else {}
        collected = self._collect(known_parts, absent={})
        queries = {}
        for database in self._sources:
            part = interrupted.part(database) if interrupted else None
            queries[database] = self._query_all(database, part)
        known = earlier.pages if earlier else {}
        completed = self._run_queries(collected, queries, known, interrupted)
        self._complete(collected, has_known_pages=bool(known_parts))
        return Reading(
            pages=collected.pages,
            changed=collected.changed_since({}),
            marks=dict.fromkeys(completed, now),
            absent=collected.absent,
            option_names=collected.option_names,
            is_full=True,
            began=interrupted.began if interrupted else now,
            at=self._server_time_of(started, now),
        )

    def read_edited(self, cache: Cache, now: datetime) -> Reading:
        """Read what was edited since the cache was filled. `now`: by Notion's clock."""
        started = time.monotonic()
        collected = self._collect(cache.pages, cache.absent)
        queries = {}
        for database in self._sources:
            mark = cache.marks.get(database)
            if mark is None:
                queries[database] = self._query_all(database, None)
            else:
                known = collected.pages[database]
                queries[database] = self._query_edited(database, known, mark, now)
        completed = self._run_queries(collected, queries, cache.pages, None)
        self._complete(collected, has_known_pages=True)
        marks = {**cache.marks, **dict.fromkeys(completed, now)}
        return self._incremental(cache, collected, marks, now, started)

    def read_named(self, cache: Cache, page_ids: Collection[NotionId], now: datetime) -> Reading:
        """Read only these pages, which are known to have been edited; the cache has all others."""
        started = time.monotonic()
        collected = self._collect(cache.pages, cache.absent)
        for page_id, answer in self._fetch_pages(page_ids).items():
            was_known = False
            for pages in collected.pages.values():
                was_known = pages.pop(page_id, None) is not None or was_known
            database = self._database_of(answer)
            if isinstance(answer, Page) and database is not None:
                self._add_rows(collected, database, [answer])
            elif was_known:
                collected.absent[page_id] = MOVED if isinstance(answer, Page) else answer
        self._complete(collected, has_known_pages=True)
        return self._incremental(cache, collected, cache.marks, now, started)

    def read_again(self, reading: Reading, pages: Sequence[SnapshotPage]) -> tuple[Reading, int]:
        """Read pages of one database again that were edited since a reading began.

        Return the reading with these pages as they are now, and how many rows Notion returned. It
        costs one request for up to 100 pages.
        """
        database = pages[0].database
        known = reading.pages[database]
        codec = self.codecs[database]
        rows = self._notion.edited_since(
            self._sources[database],
            reading.at - OVERLAP,
            property_ids=codec.property_ids,
            created=created_range(page.created for page in pages),
        )
        current_rows = self._replace_late_rows(database, known, list(rows))
        edited = [row for row in current_rows if codec.decode(row) != known.get(row.id)]
        if not edited:
            return replace(reading, changed=()), len(current_rows)

        collected = self._collect(reading.pages, reading.absent)
        self._add_rows(collected, database, edited)
        self._complete(collected, has_known_pages=True)
        fresh = replace(
            reading,
            pages=collected.pages,
            changed=collected.changed_since(reading.pages),
            absent=collected.absent,
            option_names={**reading.option_names, **collected.option_names},
        )
        return fresh, len(current_rows)

    def explain_lost_pages(
        self, reading: Reading, lost: Sequence[SnapshotPage]
    ) -> tuple[Reading, tuple[GonePage, ...]]:
        """Fetch each page that a full read no longer found, to learn why.

        Return the reading with those that are still there, because the query was late, and the
        pages that are gone.
        """
        gone: list[GonePage] = []
        found: list[SnapshotPage] = []
        absent = dict(reading.absent)
        answers = self._fetch_pages([page.id for page in lost])
        for page in lost:
            answer = answers[page.id]
            database = self._database_of(answer)
            if isinstance(answer, Page) and database == page.database:
                found.append(self.codecs[page.database].decode(answer))
                continue
            reason = MOVED if isinstance(answer, Page) else answer
            gone.append(GonePage(page, reason))
            if database is None:
                absent[page.id] = reason
        complete = replace(reading, absent=absent).with_pages(found)
        return replace(complete, changed=(*reading.changed, *found)), tuple(gone)

    # --- parts of all of them

    def _collect(self, known: PagesByDatabase, absent: Mapping[NotionId, str]) -> _Collected:
        pages = {database: dict(known.get(database, {})) for database in self._sources}
        return _Collected(pages, dict(absent))

    def _complete(self, collected: _Collected, *, has_known_pages: bool) -> None:
        """Make the pages agree with each other after all queries."""
        if has_known_pages:
            # A two-way relation changes on both sides, but Notion may mark only one side as edited
            # (notion-api.md 6, point 19). So known pages get the links that fresh pages name.
            reconciled = reconcile_relations(self._rules.schema, collected.pages, collected.fresh)
            collected.pages = {database: dict(pages) for database, pages in reconciled.items()}
        self._fetch_missing(collected)

    def _incremental(
        self,
        cache: Cache,
        collected: _Collected,
        marks: Mapping[str, datetime],
        now: datetime,
        started: float,
    ) -> Reading:
        return Reading(
            pages=collected.pages,
            changed=collected.changed_since(cache.pages),
            marks=marks,
            absent=collected.absent,
            option_names=collected.option_names,
            is_full=False,
            began=now,
            at=self._server_time_of(started, now),
        )

    def _server_time_of(self, started: float, now: datetime) -> datetime:
        """Return when this run began to read, by the server's clock."""
        # The server's clock is known only from answers, so we subtract the time since the start.
        elapsed = timedelta(seconds=time.monotonic() - started)
        return self._notion.server_time(now) - elapsed

    def _add_rows(
        self, collected: _Collected, database: str, rows: Iterable[Page]
    ) -> list[SnapshotPage]:
        """Add rows to the collected pages, and return them decoded, without deleted ones."""
        codec = self.codecs[database]
        added: list[SnapshotPage] = []
        for row in rows:
            if removal_reason(row):
                collected.pages[database].pop(row.id, None)
                continue
            # People may have changed the type of a property. Better stop than decode "5" as 5.
            require_types(codec, row)
            page = codec.decode(row)
            added.append(page)
            collected.pages[database][row.id] = page
            collected.fresh.add(row.id)
            collected.option_names.update(names_of_options([row]))
        return added

    # --- queries

    def _run_queries(
        self,
        collected: _Collected,
        queries: Mapping[str, Iterator[_Batch]],
        known: PagesByDatabase,
        interrupted: InterruptedRead | None,
    ) -> list[str]:
        """Run the queries of all databases at the same time, and add what they return.

        Return the databases that were read to the end.
        """
        completed: list[str] = []
        ended = 0
        with closing(merge_concurrently(queries, self._jobs)) as batches:
            for database, batch in batches:
                rows = self._replace_late_rows(database, known.get(database, {}), batch.rows)
                pages = self._add_rows(collected, database, rows)
                if interrupted is not None and batch.created_until is not None:
                    names = names_of_options(batch.rows)
                    interrupted.save(database, pages, batch.created_until, names)
                if batch.is_complete:
                    completed.append(database)
                if batch.is_last:
                    ended += 1
                self._progress("Reading", ended, len(queries))
        return completed

    def _query_all(self, database: str, part: Part | None) -> Iterator[_Batch]:
        """Yield all rows of a database, oldest first.

        With a part that was read before: the rows that were created later, then those that were
        edited since.
        """
        source_id = self._sources[database]
        property_ids = self.codecs[database].property_ids
        created_since = part.created_until if part else None
        rows = self._notion.query(source_id, property_ids=property_ids, created_since=created_since)
        while batch := list(islice(rows, PART_ROWS)):
            # A shorter batch is the last one. It is not worth keeping: reading it again is one
            # request.
            is_whole = len(batch) == PART_ROWS
            yield _Batch(batch, created_until=batch[-1].created_time if is_whole else None)

        edited: Iterable[Page] = ()
        if part is not None:
            edited = self._notion.edited_since(
                source_id, part.began - OVERLAP, property_ids=property_ids
            )
        yield _Batch(tuple(edited), is_last=True, is_complete=True)

    def _query_edited(
        self,
        database: str,
        known: Mapping[NotionId, SnapshotPage],
        mark: datetime,
        now: datetime,
    ) -> Iterator[_Batch]:
        """Yield the rows edited since the mark, latest first.

        Times of edits are whole minutes, so right after many edits (an apply, a sync) all of these
        rows come again. Shortly after a complete read it is enough to read until one response has
        nothing new. The mark stays then, and a later sync reads the rest.
        """
        codec = self.codecs[database]
        rows: list[Page] = []
        unchanged_in_a_row = 0
        for row in self._notion.edited_since(
            self._sources[database], mark - OVERLAP, property_ids=codec.property_ids
        ):
            rows.append(row)
            is_known = codec.decode(row) == known.get(row.id)
            unchanged_in_a_row = unchanged_in_a_row + 1 if is_known else 0
            if unchanged_in_a_row == PAGE_SIZE and now - mark < OVERLAP:
                yield _Batch(rows, is_last=True)
                return
        yield _Batch(rows, is_last=True, is_complete=True)

    def _replace_late_rows(
        self, database: str, known: Mapping[NotionId, SnapshotPage], rows: Sequence[Page]
    ) -> list[Page]:
        """Return rows, with those fetched by their ids that a query may have shown as they were.

        Queries show an edit up to 20 seconds late, also our own; pages fetched by their ids are
        right (reported by users of the API). Without this, the value before our own write would
        look like the edit of a person.
        """
        doubtful = [row.id for row in rows if self._may_be_late(database, known.get(row.id), row)]
        if not doubtful:
            return list(rows)
        current: dict[NotionId, Page] = {}
        for page_id, answer in zip(doubtful, self._fetch_concurrently(doubtful), strict=True):
            if isinstance(answer, Page) and self._database_of(answer) == database:
                current[page_id] = answer
        return [current.get(row.id, row) for row in rows]

    def _may_be_late(self, database: str, known: SnapshotPage | None, row: Page) -> bool:
        """Whether a row differs from the known page although it was not edited since.

        Relations do not count: they change with the page at their other end.
        """
        if known is None or row.last_edited_time > known.last_edited or removal_reason(row):
            return False
        for key, value in self.codecs[database].decode(row).values.items():
            if not isinstance(value, RelatedPages) and value != known.values.get(key):
                return True
        return False

    # --- single pages

    def _fetch_pages(self, page_ids: Collection[NotionId]) -> dict[NotionId, Page | str]:
        """Return pages by their ids, or reasons why they cannot be read; fetch each once a run."""
        new_ids = [page_id for page_id in page_ids if page_id not in self._fetched]
        answers = zip(new_ids, self._fetch_concurrently(new_ids), strict=True)
        for done, (page_id, answer) in enumerate(answers, start=1):
            self._fetched[page_id] = answer
            self._progress("Reading", done, len(new_ids))
        return {page_id: self._fetched[page_id] for page_id in page_ids}

    def _fetch_concurrently(self, page_ids: Sequence[NotionId]) -> Iterator[Page | str]:
        return map_concurrently(
            lambda page_id: fetch_page(self._notion, page_id), page_ids, self._jobs
        )

    def _fetch_missing(self, collected: _Collected) -> None:
        """Fetch each page that relations name and no query returned.

        It is in the trash, moved, not shared, or the query was late. Pages that are known to be
        absent are not fetched again.
        """
        # A page that was absent can come back: restored from the trash, or shared again.
        for pages in collected.pages.values():
            for page_id in pages.keys() & collected.absent.keys():
                del collected.absent[page_id]
        linked = missing_pages(self._rules.schema, self._rules.needs, collected.pages)
        missing = [
            (database, page_id) for database, page_id in linked if page_id not in collected.absent
        ]
        answers = map_concurrently(
            lambda pair: fetch_row(self._notion, self._sources[pair[0]], pair[1]),
            missing,
            self._jobs,
        )
        for (database, page_id), answer in zip(missing, answers, strict=True):
            if isinstance(answer, Page):
                self._add_rows(collected, database, [answer])
            else:
                collected.absent[page_id] = answer

    def _database_of(self, answer: Page | str) -> str | None:
        """Return the database that a page is in; None when it is in none of them, or gone."""
        if isinstance(answer, Page):
            for database, source_id in self._sources.items():
                if answer.data_source_id == source_id:
                    return database
        return None


def _by_id(pages_by_database: PagesByDatabase) -> dict[NotionId, SnapshotPage]:
    pages: dict[NotionId, SnapshotPage] = {}
    for of_database in pages_by_database.values():
        pages.update(of_database)
    return pages


def _require_entry(manifest: Manifest, rules: RuleSet, database: str) -> DatabaseEntry:
    entry = manifest.databases.get(database)
    if entry is None:
        raise _outdated_workspace(database)
    for key in rules.needs[database]:
        if key not in entry.properties:
            raise _outdated_workspace(f"{database}.{key}")
    return entry


def _outdated_workspace(missing: str) -> UsageError:
    return UsageError(
        f"The workspace does not have {missing} yet, which the template's rules need.",
        "Update it first:  notion-pm apply",
    )
