"""Reading for a sync: everything the first time and once a day, otherwise what was edited since, or what is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notion_pm.errors import NotShared, UnsafeChange, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.gateway.paging import PAGE_SIZE
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.rules import RuleSet
from notion_pm.rules.exchange import Exchange, names_of_options
from notion_pm.rules.mirrors import reconciled
from notion_pm.rules.values import Links, Snapshot, SnapshotPage
from notion_pm.rules.vocabulary import Vocabulary
from notion_pm.storage.state_cache import Cache
from notion_pm.workflows.progress import Progress
from notion_pm.workflows.sync_fitness import require_types

OVERLAP = timedelta(minutes=2)
"""Notion floors the time of an edit to the minute and may show it late (notion-api.md 6, points 1 and 6)."""
FULL_AFTER = timedelta(days=1)
"""Pages that vanished are found by a full read only."""
LOST_SHARE, LOST_FROM = 0.3, 10
GONE, UNSHARED = "gone", "unshared"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, merged with what was known. `changed`: pages that differ from the cache."""

    snapshot: Snapshot
    changed: tuple[SnapshotPage, ...]
    marks: Mapping[str, datetime]
    absent: Mapping[NotionId, str]
    option_names: Mapping[str, str]
    full: bool


@dataclass(slots=True)
class _Pages:
    """Pages while they are gathered: all of them by database, and which of them are fresh."""

    all: dict[str, dict[NotionId, SnapshotPage]]
    fresh: set[NotionId] = field(default_factory=set)
    option_names: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads what rules need of the databases that a manifest names."""

    def __init__(self, gateway: Gateway, rules: RuleSet, manifest: Manifest, *, jobs: int, progress: Progress) -> None:
        """Make ready to read. Raises UsageError when the workspace lacks what the rules need."""
        self._gateway = gateway
        self._rules = rules
        self._jobs = jobs
        self._progress = progress
        self._answers: dict[NotionId, Page | str] = {}
        self._sources = {key: _entry(manifest, rules, key).data_source_id for key in rules.needs}
        self.exchanges = {
            key: Exchange(rules.vocabulary, key, manifest.databases[key], keys) for key, keys in rules.needs.items()
        }

    @property
    def scope(self) -> str:
        """A fingerprint of what is read and how it is understood: a cache of another scope is of no use."""
        told = {key: [self._sources[key], each.meaning] for key, each in self.exchanges.items()}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def read(self, cache: Cache | None, *, now: datetime, only: Collection[NotionId] | None = None) -> Reading:
        """Return all pages: everything read anew without a cache, else what was edited since it was filled.

        `only`: pages that somebody has said were edited; beside a cache nothing else is read.
        """
        known = {key: dict(cache.pages.get(key, {})) if cache else {} for key in self._sources}
        pages = _Pages(known)
        absent = dict(cache.absent) if cache else {}
        if cache and only is not None:
            marks: Mapping[str, datetime] = cache.marks
            self._read_named(pages, absent, only)
        else:
            marks = self._query(pages, cache.marks if cache else {}, now)
        if cache:
            pages.all = {key: dict(those) for key, those in self._reconciled(pages).items()}
        self._ask_for_missing(pages, absent)
        before = {id: page for those in cache.pages.values() for id, page in those.items()} if cache else {}
        return Reading(
            snapshot=Snapshot({key: without_gone(those, absent) for key, those in pages.all.items()}),
            changed=tuple(
                page for those in pages.all.values() for page in those.values() if before.get(page.id) != page
            ),
            marks=marks,
            absent=absent,
            option_names=pages.option_names,
            full=cache is None,
        )

    def _reconciled(self, pages: _Pages) -> Mapping[str, Mapping[NotionId, SnapshotPage]]:
        return reconciled(self._rules.vocabulary, pages.all, pages.fresh)

    def _query(self, pages: _Pages, marks: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
        """Query all databases side by side, put what comes over what is known, and return the new marks."""
        read_to = dict(marks)
        with ThreadPoolExecutor(self._jobs) as pool:
            answers = pool.map(lambda key: (key, self._rows(key, pages.all[key], marks.get(key), now)), self._sources)
            for done, (key, (rows, to_the_end)) in enumerate(answers, start=1):
                if to_the_end:
                    read_to[key] = now
                self._take(pages, key, rows)
                self._progress("Reading", done, len(self._sources))
        return read_to

    def _read_named(self, pages: _Pages, absent: dict[NotionId, str], named: Collection[NotionId]) -> None:
        """Put pages where they are now: in one of the databases, or nowhere."""
        homes = {source: key for key, source in self._sources.items()}
        for page_id, answer in self._asked_for(named):
            was_known = any(page_id in those for those in pages.all.values())
            for those in pages.all.values():
                those.pop(page_id, None)
            home = None if isinstance(answer, str) else homes.get(answer.data_source_id or NotionId(""))
            if home and not isinstance(answer, str):
                self._take(pages, home, [answer])
            elif was_known:
                absent[page_id] = answer if isinstance(answer, str) else GONE

    def _asked_for(self, named: Collection[NotionId]) -> list[tuple[NotionId, Page | str]]:
        """Ask for each page by its id, once in a run."""
        unasked = [page_id for page_id in named if page_id not in self._answers]
        with ThreadPoolExecutor(self._jobs) as pool:
            answers = pool.map(lambda page_id: (page_id, found(self._gateway, page_id)), unasked)
            for done, (page_id, answer) in enumerate(answers, start=1):
                self._answers[page_id] = answer
                self._progress("Reading", done, len(unasked))
        return [(page_id, self._answers[page_id]) for page_id in named]

    def _rows(
        self, database: str, known: Mapping[NotionId, SnapshotPage], mark: datetime | None, now: datetime
    ) -> tuple[list[Page], bool]:
        """Return the rows edited since the mark, latest first, and whether they were read to the end.

        Edits fall on whole minutes, so that right after many edits (an apply, a sync) all of them come again. Shortly
        after a read to the end it is therefore enough to read until a request brings nothing new; the mark stays, and
        a later sync reads the rest.
        """
        source, ids = self._sources[database], self.exchanges[database].property_ids
        if mark is None:
            return list(self._gateway.query(source, property_ids=ids)), True
        rows: list[Page] = []
        unchanged = 0
        for row in self._gateway.edited_since(source, mark - OVERLAP, property_ids=ids):
            rows.append(row)
            same = self.exchanges[database].read(row) == known.get(row.id)
            unchanged = unchanged + 1 if same else 0
            if unchanged == PAGE_SIZE and now - mark < OVERLAP:
                return rows, False
        return rows, True

    def _take(self, pages: _Pages, database: str, rows: Iterable[Page]) -> None:
        for row in rows:
            if row.in_trash or row.is_archived:
                pages.all[database].pop(row.id, None)
                continue
            require_types(self.exchanges[database], row)
            pages.all[database][row.id] = self.exchanges[database].read(row)
            pages.fresh.add(row.id)
            pages.option_names.update(names_of_options([row]))

    def _ask_for_missing(self, pages: _Pages, absent: dict[NotionId, str]) -> None:
        """Ask once for each page that relations name and no query gave: in the trash, moved, not shared, or late."""
        for those in pages.all.values():
            for page_id in those.keys() & absent.keys():
                del absent[page_id]
        named = missing_pages(self._rules.vocabulary, self._rules.needs, pages.all)
        missing = [pair for pair in named if pair[1] not in absent]
        with ThreadPoolExecutor(self._jobs) as pool:
            for database, page_id, answer in pool.map(lambda pair: (*pair, self._look(*pair)), missing):
                if isinstance(answer, str):
                    absent[page_id] = answer
                else:
                    self._take(pages, database, [answer])

    def _look(self, database: str, page_id: NotionId) -> Page | str:
        return look(self._gateway, self._sources[database], page_id)


def look(gateway: Gateway, data_source_id: NotionId, page_id: NotionId) -> Page | str:
    """Return a row that some relation names, or why it is not to be had: GONE or UNSHARED."""
    page = found(gateway, page_id)
    return GONE if not isinstance(page, str) and page.data_source_id != data_source_id else page


def found(gateway: Gateway, page_id: NotionId) -> Page | str:
    """Return a page, wherever it is, or why it is not to be had: GONE or UNSHARED."""
    try:
        page = gateway.get_page(page_id)
    except NotShared:
        return UNSHARED
    return GONE if page.in_trash or page.is_archived else page


def vanished_pages(cached: Cache, reading: Reading, *, force: bool) -> tuple[SnapshotPage, ...]:
    """Return the pages that were known and that a read no longer gave.

    Raises UnsafeChange when they are so many that the connection has rather lost its access, unless forced.
    """
    vanished: list[SnapshotPage] = []
    for database, pages in cached.pages.items():
        there = reading.snapshot.databases.get(database)
        lost = [page for id, page in pages.items() if there is not None and id not in there]
        if not force and len(pages) >= LOST_FROM and len(lost) > LOST_SHARE * len(pages):
            raise UnsafeChange(
                f"{len(lost)} of {len(pages)} pages of {database} are no longer to be seen. Nothing was changed.",
                "Look whether the database is still shared with the connection (notion-pm doctor). "
                "If they were deleted on purpose, run again with --full --force.",
            )
        vanished += lost
    return tuple(vanished)


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


def missing_pages(
    vocabulary: Vocabulary, needs: Mapping[str, Sequence[str]], pages: Mapping[str, Mapping[NotionId, SnapshotPage]]
) -> Iterable[tuple[str, NotionId]]:
    """Return pairs of a database and a page of it that some relation names, but that is not among its pages."""
    missing: dict[tuple[str, NotionId], None] = {}
    for database, keys in needs.items():
        targets = {key: target for key in keys if (target := vocabulary.target(database, key)) in pages}
        for page in pages[database].values():
            for key, target in targets.items():
                links = page.values.get(key)
                ids = links.ids if isinstance(links, Links) else ()
                missing.update(((target, id), None) for id in ids if target and id not in pages[target])
    return missing


def without_gone(
    pages: Mapping[NotionId, SnapshotPage], absent: Mapping[NotionId, str]
) -> dict[NotionId, SnapshotPage]:
    """Return the pages, their relations without what is in the trash or moved away; the unshared stays unknown."""
    gone = {id for id, reason in absent.items() if reason == GONE}
    return {id: _unlinked(page, gone) for id, page in pages.items()} if gone else dict(pages)


def _unlinked(page: SnapshotPage, gone: set[NotionId]) -> SnapshotPage:
    values = {
        key: Links(tuple(id for id in held.ids if id not in gone), held.complete)
        if isinstance(held, Links) and not gone.isdisjoint(held.ids)
        else held
        for key, held in page.values.items()
    }
    return replace(page, values=values)
