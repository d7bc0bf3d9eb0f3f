"""Reading for a sync: everything the first time and once a day, otherwise what was edited since, or what is named."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notion_pm.concurrency import map_concurrently, merge_concurrently
from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.snapshot import RelatedPages, Snapshot, SnapshotPage
from notion_pm.notion.client import NotionClient
from notion_pm.rules import RuleSet
from notion_pm.rules.history import HistoryChange, Moment, changes_between_readings
from notion_pm.rules.intents import Intents
from notion_pm.rules.mirrors import reconcile_relations
from notion_pm.rules.page_codec import PageCodec, names_of_options
from notion_pm.state.cache import Cache
from notion_pm.sync.queries import Queries
from notion_pm.sync.unfinished_read import Unfinished
from notion_pm.workspace.fresh_updates import created_range
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

ASK_AT_MOST = 100
"""So many pages that are gone are asked for by their ids, to tell why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, merged with what was known. `changed`: pages that differ from what was known.

    `pages` is what Notion holds; in `snapshot`, which rules look at, relations have lost the pages
    that are in the trash or were moved. `began`: when the first of it was read, by Notion's clock;
    earlier than this run where an unfinished read went on. `at`: when this run began to read, by
    the server's clock.
    """

    pages: Mapping[str, Mapping[NotionId, SnapshotPage]]
    changed: tuple[SnapshotPage, ...]
    marks: Mapping[str, datetime]
    absent: Mapping[NotionId, str]
    option_names: Mapping[str, str]
    full: bool
    began: datetime
    at: datetime
    snapshot: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        databases = {
            key: without_links_to_gone(those, self.absent) for key, those in self.pages.items()
        }
        object.__setattr__(self, "snapshot", Snapshot(databases))

    def has(self, page_id: NotionId) -> bool:
        """Return whether a page is among them."""
        return any(page_id in those for those in self.pages.values())

    def with_pages(self, written: Iterable[SnapshotPage]) -> Reading:
        """Return the reading with these pages in place of what they held before."""
        pages = {key: dict(those) for key, those in self.pages.items()}
        for page in written:
            pages[page.database][page.id] = page
        return replace(self, pages=pages)

    def without_pages(self, gone: Mapping[NotionId, str]) -> Reading:
        """Return the reading without pages that are no longer there, given with the reasons."""
        pages = {
            key: {id: page for id, page in those.items() if id not in gone}
            for key, those in self.pages.items()
        }
        return replace(self, pages=pages, absent={**self.absent, **gone})


@dataclass(slots=True)
class _Pages:
    """Pages while they are gathered: all of them by database, and which of them are fresh."""

    all: dict[str, dict[NotionId, SnapshotPage]]
    fresh: set[NotionId] = field(default_factory=set)
    option_names: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads what rules need of the databases that a manifest names."""

    def __init__(
        self,
        gateway: NotionClient,
        rules: RuleSet,
        manifest: Manifest,
        *,
        jobs: int,
        progress: Progress,
    ) -> None:
        """Make ready to read. Raises UsageError when the workspace lacks what the rules need."""
        self._gateway = gateway
        self._rules = rules
        self._jobs = jobs
        self._progress = progress
        self._answers: dict[NotionId, Page | str] = {}
        self._sources = {key: _entry(manifest, rules, key).data_source_id for key in rules.needs}
        self.codecs = {
            key: PageCodec(rules.schema, key, manifest.databases[key], keys)
            for key, keys in rules.needs.items()
        }
        self._queries = Queries(gateway, self._sources, self.codecs)

    @property
    def scope(self) -> str:
        """A fingerprint of what is read and how it is understood: a cache of another scope is of no use."""
        told = {key: [self._sources[key], codec.fingerprint] for key, codec in self.codecs.items()}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def read(
        self,
        cache: Cache | None,
        *,
        now: datetime,
        only: Collection[NotionId] | None = None,
        unfinished: Unfinished | None = None,
        earlier: Cache | None = None,
    ) -> Reading:
        """Return all pages: everything read anew without a cache, else what was edited since it was filled.

        `only`: pages that somebody has said were edited; beside a cache nothing else is read. `unfinished`: where a
        full read goes on that was broken off, and where it is kept while it is on its way. `earlier`: what is known
        before a full read. Rows that look older than that are read by their ids.
        """
        started = time.monotonic()
        before = cache.pages if cache else unfinished.pages if unfinished else {}
        pages = _Pages({key: dict(before.get(key, {})) for key in self._sources})
        absent = dict(cache.absent) if cache else {}
        if cache and only is not None:
            marks: Mapping[str, datetime] = cache.marks
            self._read_named(pages, absent, only)
        else:
            trusted = cache or earlier
            known_pages = trusted.pages if trusted else {}
            marks = self._query(pages, cache.marks if cache else {}, now, unfinished, known_pages)
        if before:
            pages.all = {key: dict(those) for key, those in self._reconciled(pages).items()}
        self._ask_for_missing(pages, absent)
        known = (
            {id: page for those in cache.pages.values() for id, page in those.items()}
            if cache
            else {}
        )
        return Reading(
            pages=pages.all,
            changed=tuple(
                page
                for those in pages.all.values()
                for page in those.values()
                if known.get(page.id) != page
            ),
            marks=marks,
            absent=absent,
            option_names=pages.option_names,
            full=cache is None,
            began=unfinished.began if unfinished else now,
            at=self._gateway.server_time(now) - timedelta(seconds=time.monotonic() - started),
        )

    def read_again(self, reading: Reading, stale: Sequence[SnapshotPage]) -> tuple[Reading, int]:
        """Read pages of one database again where they were edited since a reading began.

        Return the reading with these pages as they are now, and how many rows Notion returned; it
        is one request where they are at most 100.
        """
        database = stale[0].database
        known = reading.pages[database]
        rows = list(
            self._queries.edited_since(
                database, reading.at, created_range(page.created for page in stale)
            )
        )
        codec = self.codecs[database]
        rows = self._up_to_date(database, known, rows)
        edited = [row for row in rows if codec.decode(row) != known.get(row.id)]
        if not edited:
            return replace(reading, changed=()), len(rows)
        pages = _Pages({key: dict(those) for key, those in reading.pages.items()})
        absent = dict(reading.absent)
        self._take(pages, database, edited)
        pages.all = {key: dict(those) for key, those in self._reconciled(pages).items()}
        self._ask_for_missing(pages, absent)
        before = {id: page for those in reading.pages.values() for id, page in those.items()}
        fresh = replace(
            reading,
            pages=pages.all,
            changed=tuple(
                page
                for those in pages.all.values()
                for page in those.values()
                if before.get(page.id) != page
            ),
            absent=absent,
            option_names={**reading.option_names, **pages.option_names},
        )
        return fresh, len(rows)

    def told_apart(
        self, reading: Reading, lost: Sequence[SnapshotPage]
    ) -> tuple[Reading, tuple[GonePage, ...]]:
        """Ask for each page that was lost why it is gone. What is there after all is put back."""
        gone: list[GonePage] = []
        back: dict[NotionId, SnapshotPage] = {}
        absent = dict(reading.absent)
        for page, (_, answer) in zip(
            lost, self._asked_for([each.id for each in lost]), strict=True
        ):
            home = self._home(answer)
            if not isinstance(answer, str) and home == page.database:
                back[page.id] = self.codecs[home].decode(answer)
                continue
            gone.append(GonePage(page, answer if isinstance(answer, str) else MOVED))
            if home is None:
                absent[page.id] = gone[-1].reason
        return _with(replace(reading, absent=absent), back), tuple(gone)

    def _reconciled(self, pages: _Pages) -> Mapping[str, Mapping[NotionId, SnapshotPage]]:
        return reconcile_relations(self._rules.schema, pages.all, pages.fresh)

    def _query(
        self,
        pages: _Pages,
        marks: Mapping[str, datetime],
        now: datetime,
        unfinished: Unfinished | None,
        known: Mapping[str, Mapping[NotionId, SnapshotPage]],
    ) -> dict[str, datetime]:
        """Query all databases side by side, put what comes over what is known, and return the new marks."""
        read_to, done = dict(marks), 0
        queries = {
            key: self._queries.edited(key, pages.all[key], marks[key], now)
            if key in marks
            else self._queries.everything(key, unfinished.part(key) if unfinished else None)
            for key in self._sources
        }
        with closing(merge_concurrently(queries, self._jobs)) as batches:
            for key, batch in batches:
                taken = self._take(
                    pages, key, self._up_to_date(key, known.get(key, {}), batch.rows)
                )
                if unfinished and batch.created_until:
                    unfinished.keep(key, taken, batch.created_until, names_of_options(batch.rows))
                if batch.to_the_end:
                    read_to[key] = now
                done += batch.to_the_end or key in marks  # what was edited comes at once
                self._progress("Reading", done, len(self._sources))
        return read_to

    def _up_to_date(
        self, database: str, known: Mapping[NotionId, SnapshotPage], rows: Sequence[Page]
    ) -> list[Page]:
        """Return rows, with those read by their ids that a query may have shown as they were before.

        Queries know of an edit up to 20 seconds late, also of our own (reported; pages that are read
        by their ids are right). Without this, the value before our write would look like a person's.
        """
        doubtful = [row.id for row in rows if self._may_be_old(database, known.get(row.id), row)]
        if not doubtful:
            return list(rows)
        answers = dict(zip(doubtful, self._get_pages(doubtful), strict=True))
        now = {
            id: page
            for id, page in answers.items()
            if isinstance(page, Page) and self._home(page) == database
        }
        return [now.get(row.id, row) for row in rows]

    def _may_be_old(self, database: str, known: SnapshotPage | None, row: Page) -> bool:
        """Whether a row differs from what is known although it was not edited since, as far as minutes tell.

        Relations do not count: they change with the page at their other end.
        """
        if known is None or row.last_edited_time > known.last_edited or removal_reason(row):
            return False
        read = self.codecs[database].decode(row)
        return any(
            value != known.values.get(key)
            for key, value in read.values.items()
            if not isinstance(value, RelatedPages)
        )

    def _read_named(
        self, pages: _Pages, absent: dict[NotionId, str], named: Collection[NotionId]
    ) -> None:
        """Put pages where they are now: in one of the databases, or nowhere."""
        for page_id, answer in self._asked_for(named):
            was_known = any(page_id in those for those in pages.all.values())
            for those in pages.all.values():
                those.pop(page_id, None)
            home = self._home(answer)
            if home and not isinstance(answer, str):
                self._take(pages, home, [answer])
            elif was_known:
                absent[page_id] = answer if isinstance(answer, str) else MOVED

    def _home(self, answer: Page | str) -> str | None:
        """The database that a page is in, None where it is in none of them."""
        source = None if isinstance(answer, str) else answer.data_source_id
        return next((key for key, each in self._sources.items() if each == source), None)

    def _asked_for(self, named: Collection[NotionId]) -> list[tuple[NotionId, Page | str]]:
        """Ask for each page by its id, once in a run."""
        unasked = [page_id for page_id in named if page_id not in self._answers]
        for done, answer in enumerate(self._get_pages(unasked), start=1):
            self._answers[unasked[done - 1]] = answer
            self._progress("Reading", done, len(unasked))
        return [(page_id, self._answers[page_id]) for page_id in named]

    def _get_pages(self, page_ids: Sequence[NotionId]) -> Iterator[Page | str]:
        return map_concurrently(
            lambda page_id: fetch_page(self._gateway, page_id), page_ids, self._jobs
        )

    def _take(self, pages: _Pages, database: str, rows: Iterable[Page]) -> list[SnapshotPage]:
        """Put rows where they belong, and return them as rules see them, without what is thrown away."""
        taken: list[SnapshotPage] = []
        for row in rows:
            if removal_reason(row):
                pages.all[database].pop(row.id, None)
                continue
            require_types(self.codecs[database], row)
            taken.append(self.codecs[database].decode(row))
            pages.all[database][row.id] = taken[-1]
            pages.fresh.add(row.id)
            pages.option_names.update(names_of_options([row]))
        return taken

    def _ask_for_missing(self, pages: _Pages, absent: dict[NotionId, str]) -> None:
        """Ask once for each page that relations name and no query gave: in the trash, moved, not shared, or late."""
        for those in pages.all.values():
            for page_id in those.keys() & absent.keys():
                del absent[page_id]
        named = missing_pages(self._rules.schema, self._rules.needs, pages.all)
        missing = [pair for pair in named if pair[1] not in absent]
        answers = map_concurrently(lambda pair: self._look(*pair), missing, self._jobs)
        for (database, page_id), answer in zip(missing, answers, strict=True):
            if isinstance(answer, str):
                absent[page_id] = answer
            else:
                self._take(pages, database, [answer])

    def _look(self, database: str, page_id: NotionId) -> Page | str:
        return fetch_row(self._gateway, self._sources[database], page_id)


def _with(reading: Reading, back: Mapping[NotionId, SnapshotPage]) -> Reading:
    """The reading with pages besides that no query gave."""
    whole = reading.with_pages(back.values())
    return replace(whole, changed=(*reading.changed, *back.values()))


def _entry(manifest: Manifest, rules: RuleSet, database: str) -> DatabaseEntry:
    entry = manifest.databases.get(database)
    lacking = [key for key in rules.needs[database] if entry is None or key not in entry.properties]
    if entry is None or lacking:
        what = f"{database}.{lacking[0]}" if entry and lacking else database
        raise UsageError(
            f"The workspace has no {what} yet, which the template's rules need.",
            "Bring it up to date first:  notion-pm apply",
        )
    return entry


def changes_read(
    moment: Moment,
    known: Cache,
    reading: Reading,
    vanished: Iterable[SnapshotPage],
    intents: Intents,
) -> Iterator[HistoryChange]:
    """Return what a reading tells that has happened since the last one."""
    before = {database: known.pages.get(database, {}) for database in known.marks}
    return changes_between_readings(moment, before, reading.changed, vanished, intents)
