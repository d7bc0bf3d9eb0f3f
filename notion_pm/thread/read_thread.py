"""Reading the thread of a workspace: each database once, 100 pages a request, joined in memory.

Always read anew: the cache of sync holds only what rules need, which is none of the customers' words. Complete, or
refused: what cannot be seen is an `Unseen` page, never silently left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import NotShared, RequestRefused, UsageError
from notion_pm.model.ids import NotionId
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


def read_thread(
    place: SyncContext, template: str | None = None, *, asides: bool = False
) -> ReadThread:
    """Return the thread of a workspace; with `asides` also releases, experiments and decisions.

    Raises UsageError when no template was applied, or it lacks features; IncompleteRead when Notion gives only a part;
    NotShared when a whole database is not shared.
    """
    opened = load_workspace(place, template)
    try:
        return _Reader(place, opened.loaded, opened.manifest).read(asides=asides)
    except (NotShared, RequestRefused):
        # the manifest as it is remembered does not fit any more, or people deleted properties
        anew = opened if opened.fresh else load_workspace(place, template, fresh=True)
        return _Reader(place, anew.loaded, anew.manifest, look_closely=True).read(asides=asides)


@dataclass(slots=True)
class _Pages:
    """What is gathered while reading."""

    snapshots: dict[str, dict[NotionId, SnapshotPage]]
    created: dict[NotionId, datetime] = field(default_factory=dict)
    option_names: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Reads by one manifest. `look_closely` asks each database first which of its properties are still there."""

    def __init__(
        self,
        place: SyncContext,
        loaded: LoadedTemplate,
        manifest: Manifest,
        *,
        look_closely: bool = False,
    ) -> None:
        self._place = place
        self._loaded = loaded
        self._manifest = manifest
        self._vocabulary = TemplateSchema(loaded.template)
        there = {
            key: tuple(each.properties)
            for key, each in manifest.databases.items()
            if key in loaded.template.databases
        }
        self.chain = Chain(self._vocabulary, there)
        if look_closely:
            self.chain = Chain(self._vocabulary, self._still_there(there))
        if self.chain.database("features") is None:
            raise UsageError(
                f"The template {manifest.template!r} has no database of features.",
                "Give it the key `features`, or say  role: features  in it (docs/pm.md).",
            )

    def read(self, *, asides: bool) -> ReadThread:
        needs = self.chain.needs([*self.chain.databases, *(self.chain.asides if asides else ())])
        codecs = {
            key: PageCodec(self._vocabulary, key, self._manifest.databases[key], keys)
            for key, keys in needs.items()
        }
        pages = _Pages({key: {} for key in needs})
        self._query(pages, codecs)
        gone = self._ask_for_missing(pages, codecs)
        snapshot = Snapshot(
            {key: without_links_to_gone(those, gone) for key, those in pages.snapshots.items()}
        )
        wording = Wording(self._vocabulary, self._manifest, pages.option_names, pages.people)
        thread = Thread(self.chain, snapshot, pages.created, wording, self._place.now.date())
        return ReadThread(thread, self._loaded, self._manifest, codecs)

    def _still_there(self, there: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Return the properties that people have not deleted. Raises UsageError when the thread itself is cut."""
        needs = self.chain.needs(there)
        gone = {
            key: set(deleted_properties(self._place.gateway, self._manifest, key, keys))
            for key, keys in needs.items()
        }
        cut = [
            f"{database}.{key} was deleted"
            for database, keys in gone.items()
            for key in self._tying(database, keys)
        ]
        if cut:
            raise schema_mismatch(cut)
        return {
            key: tuple(each for each in keys if each not in gone[key])
            for key, keys in there.items()
        }

    def _tying(self, database: str, keys: Iterable[str]) -> Iterator[str]:
        """The relations and the status among some properties: without them nothing can be said of the thread."""
        kinds = ((key, self._vocabulary.type(database, key)) for key in sorted(keys))
        return (key for key, kind in kinds if kind in {"relation", "status"})

    def _query(self, pages: _Pages, codecs: Mapping[str, PageCodec]) -> None:
        def rows(key: str) -> tuple[str, list[Page]]:
            source = self._manifest.databases[key].data_source_id
            return key, list(
                self._place.gateway.query(source, property_ids=codecs[key].property_ids)
            )

        results = map_concurrently(rows, codecs, self._place.jobs)
        for done, (key, found) in enumerate(results, start=1):
            self._take(pages, codecs[key], key, found)
            self._place.progress("Reading", done, len(codecs))

    def _take(self, pages: _Pages, codec: PageCodec, database: str, rows: Iterable[Page]) -> None:
        for row in rows:
            if removal_reason(row):
                continue
            require_types(codec, row)
            pages.snapshots[database][row.id] = codec.decode(row)
            pages.created[row.id] = row.created_time
            pages.option_names.update(names_of_options([row]))
            pages.people.update(names_of_people([row]))

    def _ask_for_missing(
        self, pages: _Pages, codecs: Mapping[str, PageCodec]
    ) -> dict[NotionId, str]:
        """Ask once for each page that relations name and no query gave; return those that are not to be had."""
        needs = {key: each.keys for key, each in codecs.items()}
        named = list(missing_pages(self._vocabulary, needs, pages.snapshots))

        def ask(pair: tuple[str, NotionId]) -> Page | str:
            return fetch_row(
                self._place.gateway, self._manifest.databases[pair[0]].data_source_id, pair[1]
            )

        absent: dict[NotionId, str] = {}
        answers = map_concurrently(ask, named, self._place.jobs)
        for (database, page_id), answer in zip(named, answers, strict=True):
            if isinstance(answer, str):
                absent[page_id] = answer
            else:
                self._take(pages, codecs[database], database, [answer])
        return absent
